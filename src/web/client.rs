//! Questions to servers and their answers.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Url};

use super::address::LocalHosts;
use super::error::WebError;
use super::names::Names;
use super::provider::install_provider;

const MAX_REDIRECTS: usize = 5;

/// What the user's settings say.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Certificates of authorities, in PEM format, besides those of the system.
    pub certificates: Option<Vec<u8>>,
    /// Hosts that may be asked although they are this machine.
    pub local_hosts: Vec<String>,
    /// How long a whole answer may take.
    pub timeout: Duration,
}

/// A client for https and http. Proxies are those of the environment.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
    local: LocalHosts,
}

/// A question.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The address.
    pub address: &'a str,
    /// A token for that server; it follows no redirect to another one.
    pub token: Option<&'a str>,
    /// JSON to send; without it nothing is sent.
    pub body: Option<&'a str>,
    /// Bytes that the answer may have.
    pub limit: u64,
}

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, whatever it is.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
    /// The number of the next page, where the server has cut its answer into pages.
    pub next_page: Option<String>,
}

impl Client {
    /// A client as the user's settings say.
    pub fn new(options: ClientOptions) -> Result<Self, WebError> {
        install_provider();
        let local = LocalHosts(options.local_hosts);
        let redirect = redirects(local.clone());
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("pipe/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect)
            .dns_resolver(Names(local.clone()))
            .connect_timeout(options.timeout)
            .timeout(options.timeout)
            .referer(false);
        let own = options.certificates.as_deref();
        if let Some(pem) = own {
            builder = builder.tls_certs_merge(certificates(pem)?);
        }
        let built = builder.build();
        let inner = built.map_err(|error| WebError::of(error, "TLS"))?;
        Ok(Self { inner, local })
    }

    /// Whether a host may be asked at all: this machine itself only where the user allows it.
    pub fn check_host(&self, host: &str) -> Result<(), WebError> {
        let url = Url::parse(&format!("https://{host}/")).map_err(|_| WebError::Address)?;
        self.local.check(&url)
    }

    /// Asks, and reads the whole answer.
    pub async fn ask(&self, question: Question<'_>) -> Result<Answer, WebError> {
        let url = Url::parse(question.address).map_err(|_| WebError::Address)?;
        self.local.check(&url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let request = match question.body {
            Some(body) => {
                let request = self.inner.post(url).body(body.to_owned());
                request.header(CONTENT_TYPE, "application/json")
            }
            None => self.inner.get(url),
        };
        let mut request = request.header(ACCEPT, "*/*");
        if let Some(token) = question.token {
            request = request.header(AUTHORIZATION, bearer(token)?);
        }
        let sent = request.send().await;
        let mut response = sent.map_err(|error| WebError::of(error, &host))?;
        if response.status().is_redirection() {
            return Err(not_followed(&response));
        }
        let limit = question.limit;
        if response.content_length().is_some_and(|said| said > limit) {
            return Err(WebError::TooLarge(limit));
        }
        let mut body = Vec::new();
        while let Some(piece) =
            (response.chunk().await).map_err(|error| WebError::of(error, &host))?
        {
            if (body.len() + piece.len()) as u64 > limit {
                return Err(WebError::TooLarge(limit));
            }
            body.extend_from_slice(&piece);
        }
        let next_page = response.headers().get("x-next-page");
        let next_page = next_page.and_then(|page| page.to_str().ok());
        Ok(Answer {
            status: response.status().as_u16(),
            body,
            next_page: next_page.filter(|page| !page.is_empty()).map(str::to_owned),
        })
    }
}

impl Answer {
    /// The body of a success.
    pub fn success(self) -> Result<Vec<u8>, WebError> {
        match self.status {
            200..=299 => Ok(self.body),
            status => Err(WebError::Status(status)),
        }
    }
}

impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::foreign::without_secrets(self.address))
    }
}

/// A redirect that could not be followed: about some addresses no policy is asked.
fn not_followed(response: &reqwest::Response) -> WebError {
    let to = response.headers().get("location");
    let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default();
    let scheme = to.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |text: &&str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+');
    match scheme.filter(is_scheme) {
        Some(scheme) => not_of_the_web(scheme),
        None => WebError::Redirect("does not say which".to_owned()),
    }
}

fn not_of_the_web(scheme: &str) -> WebError {
    WebError::Redirect(format!(
        "that one begins with `{scheme}:`, which is not of the web"
    ))
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, WebError> {
    let read = Certificate::from_pem_bundle(pem);
    let read = read.map_err(|error| WebError::Certificates(error.to_string()))?;
    if read.is_empty() {
        return Err(WebError::Certificates("there is none in it".to_owned()));
    }
    Ok(read)
}

/// The header goes into no log.
fn bearer(token: &str) -> Result<HeaderValue, WebError> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value = value.map_err(|_| WebError::Other("the token is no plain text".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A server may lead to other addresses of the web, but not from TLS to plain text.
fn redirects(local: LocalHosts) -> Policy {
    Policy::custom(move |attempt: Attempt<'_>| {
        if attempt.previous().len() > MAX_REDIRECTS {
            let error = WebError::Redirect("from that to the next, without end".to_owned());
            return attempt.error(error);
        }
        let secure = |url: &Url| url.scheme() == "https";
        if attempt.previous().last().is_some_and(secure) && attempt.url().scheme() == "http" {
            let error = WebError::Redirect("that one is not encrypted".to_owned());
            return attempt.error(error);
        }
        match local.check(attempt.url()) {
            Ok(()) => attempt.follow(),
            Err(WebError::Address) => {
                let error = not_of_the_web(attempt.url().scheme());
                attempt.error(error)
            }
            Err(error) => attempt.error(error),
        }
    })
}
