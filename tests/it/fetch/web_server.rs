//! A server for http and https that says what a test wants, also what no server should.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A question as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// Path and query; the whole address where a proxy is asked.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What a server does with a question.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers.
    Text(u16, String),
    /// Answers with these headers and bytes.
    Bytes(u16, Vec<(String, String)>, Vec<u8>),
    /// Leads to another address.
    Redirect(String),
    /// Says nothing, until the test is over.
    Hang,
    /// Says that there are so many bytes, and closes after these.
    Lie(u64, String),
    /// Sends bytes for ever, without a word on how many.
    Endless,
}

type Handler = dyn Fn(&Ask) -> Reply + Send + Sync;

/// A server; it ends with its test.
pub(crate) struct WebServer {
    address: SocketAddr,
    secure: bool,
    asked: Arc<Mutex<Vec<Ask>>>,
    over: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

/// An authority that only one test trusts, and a certificate of it for this machine.
pub(crate) struct Authority {
    pem: String,
    config: Arc<ServerConfig>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let ca = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(names).expect("parameters");
        let certificate = params.signed_by(&key, &ca).expect("a certificate");
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        pipe::tested::web::install_provider();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], secret);
        Self {
            pem: ca.pem(),
            config: Arc::new(config.expect("a configuration")),
        }
    }

    /// Its own certificate.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }
}

impl WebServer {
    /// A server without TLS.
    pub(crate) fn http(handler: impl Fn(&Ask) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(handler))
    }

    /// A server with a certificate of that authority.
    pub(crate) fn https(
        authority: &Authority,
        handler: impl Fn(&Ask) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(Arc::clone(&authority.config)), Arc::new(handler))
    }

    fn start(tls: Option<Arc<ServerConfig>>, handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let secure = tls.is_some();
        let (seen, done) = (Arc::clone(&asked), Arc::clone(&over));
        let listener = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                let (tls, handler) = (tls.clone(), Arc::clone(&handler));
                let (seen, done) = (Arc::clone(&seen), Arc::clone(&done));
                // A client that goes away is no mistake of the server.
                std::thread::spawn(move || match tls {
                    Some(config) => {
                        let tls = ServerConnection::new(config).expect("a connection");
                        let _ = serve(StreamOwned::new(tls, stream), &*handler, &seen, &done);
                    }
                    None => {
                        let _ = serve(stream, &*handler, &seen, &done);
                    }
                });
            }
        });
        Self {
            address,
            secure,
            asked,
            over,
            listener: Some(listener),
        }
    }

    /// `http://127.0.0.1:1234` and the path.
    pub(crate) fn address(&self, path: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// All questions so far.
    pub(crate) fn asked(&self) -> Vec<Ask> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it sees that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn serve(
    stream: impl Read + Write,
    handler: &Handler,
    seen: &Mutex<Vec<Ask>>,
    over: &AtomicBool,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let ask = read(&mut stream)?;
    seen.lock()
        .expect("nobody panics with it")
        .push(ask.clone());
    let reply = handler(&ask);
    let mut stream = stream.into_inner();
    match reply {
        Reply::Text(status, text) => answer(&mut stream, status, &[], text.as_bytes()),
        Reply::Bytes(status, headers, bytes) => answer(&mut stream, status, &headers, &bytes),
        Reply::Redirect(to) => {
            let headers = [("Location".to_owned(), to)];
            answer(&mut stream, 302, &headers, b"")
        }
        Reply::Hang => {
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
        Reply::Lie(length, text) => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}"
            )?;
            stream.flush()
        }
        Reply::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            let piece = vec![b'#'; 64 * 1024];
            while !over.load(Ordering::Relaxed) {
                stream.write_all(&piece)?;
            }
            Ok(())
        }
    }
}

fn answer(
    stream: &mut impl Write,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status} Said\r\nConnection: close\r\n")?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "Content-Length: {}\r\n\r\n", body.len())?;
    stream.write_all(body)?;
    stream.flush()
}

fn read(stream: &mut impl BufRead) -> std::io::Result<Ask> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut ask = Ask {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        ..Ask::default()
    };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        ask.headers
            .push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = ask
        .header("content-length")
        .and_then(|length| length.parse().ok());
    ask.body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut ask.body)?;
    Ok(ask)
}
