//! Why a server gave no answer.

use std::error::Error;

/// What to do where a server does not prove who it is.
pub const TRUST: &str =
    "name the certificates of its authority with the setting `ca-file`, a file in PEM format";

/// What went wrong, in words that fit behind `can't be fetched: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// The text is no address of the web.
    #[error("it is no address that begins with `https://` or `http://`")]
    Address,
    /// The server is this machine, and only the user may name that.
    #[error("`{0}` is this machine or a neighbour of it, which only the user can allow")]
    Local(String),
    /// The certificates of the user can't be used.
    #[error("the certificates of the setting `ca-file` can't be used: {0}")]
    Certificates(String),
    /// No connection.
    #[error("`{host}` can't be reached: {why}")]
    Connect {
        /// The server.
        host: String,
        /// In the words of the system or of TLS.
        why: String,
    },
    /// The server does not prove who it is.
    #[error("the certificate of `{host}` is not trusted: {why}")]
    Untrusted {
        /// The server.
        host: String,
        /// In the words of TLS.
        why: String,
    },
    /// It took too long.
    #[error("`{0}` did not answer in time")]
    Slow(String),
    /// The answer is larger than anything that is wanted.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// The connection ended before the answer did.
    #[error("the connection ended before the answer was complete")]
    Incomplete,
    /// The server leads to an address that is none of the web, or in a circle.
    #[error("the server leads to another address, and {0}")]
    Redirect(String),
    /// The server refused.
    #[error("the server answers {0}")]
    Status(u16),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl WebError {
    /// What to do about it, where that can be said.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Local(host) => Some(format!(
                "if you want it, put `local-hosts = [\"{host}\"]` into `~/.config/pipe/config.toml`"
            )),
            Self::Untrusted { .. } => Some(TRUST.to_owned()),
            Self::Slow(_) => Some(
                "try again; the setting `fetch-timeout` gives it more seconds".to_owned(),
            ),
            Self::Status(401 | 403 | 404) => Some(
                "it may need a token: put the path of a file that holds yours into the setting `token-file`, and the server into `server-url`"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// What the client's error means; it never shows an address.
    pub(super) fn of(error: reqwest::Error, host: &str) -> Self {
        let error = error.without_url();
        let host = host.to_owned();
        if let Some(own) = source_of::<Self>(&error) {
            return own.clone();
        }
        if error.is_timeout() {
            return Self::Slow(host);
        }
        if error.is_redirect() {
            return Self::Redirect("does not end with that".to_owned());
        }
        let why = last(&error);
        if is_about_certificate(&error) {
            return Self::Untrusted { host, why };
        }
        if error.is_connect() {
            return Self::Connect { host, why };
        }
        if error.is_body() || error.is_decode() || error.is_request() {
            return Self::Incomplete;
        }
        Self::Other(why)
    }
}

/// The error of that type among the reasons of another.
fn source_of<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = reason_of(error);
    }
    None
}

/// The reason of an error. One of the system holds it inside and does not show it as its source.
fn reason_of<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let inner = error.downcast_ref::<std::io::Error>();
    match inner.and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// Whether a server did not prove who it is.
pub fn is_about_certificate(error: &(dyn Error + 'static)) -> bool {
    let tls: Option<&rustls::Error> = source_of(error);
    tls.is_some_and(|error| matches!(error, rustls::Error::InvalidCertificate(_)))
}

/// The innermost reason, which is the one that says something.
fn last(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut next = reason_of(error);
    while let Some(error) = next {
        words = error.to_string();
        next = reason_of(error);
    }
    crate::foreign::without_number(&words)
}
