//! What a registry's refusal means, and whose fault it is.

use std::error::Error;

use oci_client::errors::{OciDistributionError, OciEnvelope, OciErrorCode};

use crate::foreign::without_number;
use crate::web::is_about_certificate;

use super::super::{ImageError, ImageName};

/// What to do where a registry wants to know who asks.
const LOG_IN: &str = "is its name right? A registry that wants a login takes what `docker login` keeps in `~/.docker/config.json`";

/// Whether there was no connection at all, and not one to a server that can't be trusted.
pub(super) fn is_no_connection(error: &OciDistributionError) -> bool {
    matches!(error, OciDistributionError::RequestError(error)
        if error.is_connect() && !is_about_certificate(error))
}

/// The error as a person should see it.
pub(super) fn of(image: &ImageName, error: OciDistributionError) -> ImageError {
    use OciDistributionError as E;
    let refused = |message: &str, help: Option<&str>| ImageError::Refused {
        name: image.short(),
        message: message.to_owned(),
        help: help.map(str::to_owned),
    };
    let unreachable = |message: String| ImageError::Unreachable {
        registry: image.registry.clone(),
        message,
    };
    match error {
        E::RequestError(error) if error.is_timeout() => {
            unreachable("it does not answer in time".to_owned())
        }
        E::RequestError(error) if is_about_certificate(&error) => ImageError::Untrusted {
            registry: image.registry.clone(),
            message: innermost(&error.without_url()),
        },
        E::RequestError(error) => unreachable(innermost(&error.without_url())),
        E::IoError(error) => unreachable(innermost(&error)),
        E::AuthenticationFailure(_) | E::UnauthorizedError { .. } => refused(
            "the registry does not give it to whoever asks",
            Some(LOG_IN),
        ),
        E::RegistryError { envelope, .. } => of_envelope(image, &envelope),
        E::ImageManifestNotFoundError(_) => refused("the registry does not have it", Some(LOG_IN)),
        E::ServerError { code, .. } => match code {
            401 | 403 => refused(
                "the registry does not give it to whoever asks",
                Some(LOG_IN),
            ),
            404 => refused("the registry does not have it", Some(LOG_IN)),
            429 => unreachable("it asks for fewer questions; wait a while".to_owned()),
            500.. => unreachable(format!("it answers {code}")),
            _ => refused(&format!("the registry answers {code}"), None),
        },
        E::DigestError(_) => ImageError::unsound("what the registry sent has another digest"),
        other => refused(
            &format!("the registry says nothing that makes sense: {other}"),
            None,
        ),
    }
}

fn of_envelope(image: &ImageName, envelope: &OciEnvelope) -> ImageError {
    use OciErrorCode as C;
    let Some(first) = envelope.errors.first() else {
        return ImageError::Refused {
            name: image.short(),
            message: "the registry refuses it and does not say why".to_owned(),
            help: None,
        };
    };
    let (message, help) = match first.code {
        C::ManifestUnknown
        | C::NameUnknown
        | C::NotFound
        | C::BlobUnknown
        | C::ManifestBlobUnknown => ("the registry does not have it".to_owned(), Some(LOG_IN)),
        C::Unauthorized | C::Denied => (
            "the registry does not give it to whoever asks".to_owned(),
            Some(LOG_IN),
        ),
        C::Toomanyrequests => {
            return ImageError::Unreachable {
                registry: image.registry.clone(),
                message: "it asks for fewer questions; wait a while".to_owned(),
            };
        }
        _ => (format!("the registry says: {}", first.message), None),
    };
    ImageError::Refused {
        name: image.short(),
        message,
        help: help.map(str::to_owned),
    }
}

/// The innermost reason, which is the one that says something.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        words = error.to_string();
        next = error.source();
    }
    without_number(&words)
}
