//! Test support: a registry on loopback that does as each case wants.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::super::testing::layout;
use super::imports::layers;

/// How a registry behaves.
#[derive(Clone, Default)]
pub(super) struct Behaviour {
    /// Name and password that it wants.
    pub(super) password: Option<&'static str>,
    /// A token, which it gives for the password.
    pub(super) gives_token: bool,
    /// How many times it breaks off after half of a blob.
    pub(super) breaks: u32,
    /// Whether it can go on where it broke off.
    pub(super) goes_on: bool,
    /// What it does to the layers that it sends.
    pub(super) damage: Option<fn(&mut Vec<u8>)>,
    /// What it answers to everything, but to who it is.
    pub(super) status: Option<(u16, &'static str)>,
}

/// A registry with one image, `tool:1`, until it is dropped.
pub(super) struct Registry {
    pub(super) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

struct Answers {
    files: HashMap<String, Vec<u8>>,
    manifest: Vec<u8>,
    behaviour: Behaviour,
    breaks: Mutex<u32>,
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    pub(super) fn start(behaviour: Behaviour) -> Self {
        let files: HashMap<String, Vec<u8>> = layout(None, &layers()).into_iter().collect();
        let index = files["index.json"].clone();
        let index: serde_json::Value = serde_json::from_slice(&index).expect("JSON");
        let digest = index["manifests"][0]["digest"].as_str().expect("a digest");
        let manifest = files[&format!("blobs/sha256/{}", &digest[7..])].clone();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        let asked = Arc::default();
        let answers = Arc::new(Answers {
            files,
            manifest,
            breaks: Mutex::new(behaviour.breaks),
            behaviour,
            address: address.clone(),
            asked: Arc::clone(&asked),
        });
        // It ends with the process of the tests.
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let answers = Arc::clone(&answers);
                thread::spawn(move || answers.serve(connection));
            }
        });
        Self { address, asked }
    }

    pub(super) fn name(&self) -> String {
        format!("{}/tool:1", self.address)
    }

    /// The paths that it was asked for.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("whole").clone()
    }
}

struct Asked {
    path: String,
    authorization: Option<String>,
    from: Option<usize>,
}

fn read(connection: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(connection).lines();
    let first = lines.next()?.ok()?;
    let mut asked = Asked {
        path: first.split(' ').nth(1)?.to_owned(),
        authorization: None,
        from: None,
    };
    for line in lines.map_while(Result::ok) {
        let Some((name, value)) = line.split_once(": ") else {
            return Some(asked);
        };
        match name.to_lowercase().as_str() {
            "authorization" => asked.authorization = Some(value.to_owned()),
            "range" => {
                let from = value.trim_start_matches("bytes=").trim_end_matches('-');
                asked.from = from.parse().ok();
            }
            _ => {}
        }
    }
    None
}

impl Answers {
    fn serve(&self, mut connection: TcpStream) {
        let Some(asked) = read(&connection) else {
            return;
        };
        self.asked.lock().expect("whole").push(asked.path.clone());
        let (status, headers, body, length) = self.answer(&asked);
        let mut head = format!("HTTP/1.1 {status} Word\r\nConnection: close\r\n");
        let _ = write!(head, "Content-Length: {length}\r\n{headers}\r\n");
        let _ = connection.write_all(head.as_bytes());
        let _ = connection.write_all(&body);
    }

    /// Status, headers, body, and the length that it claims.
    fn answer(&self, asked: &Asked) -> (u16, String, Vec<u8>, usize) {
        let plain = |status, text: &str| {
            let body = text.as_bytes().to_vec();
            (status, String::new(), body.clone(), body.len())
        };
        let path = asked.path.split('?').next().unwrap_or_default();
        let behaviour = &self.behaviour;
        let basic = behaviour.password.map(|word| format!("Basic {word}"));
        if path == "/token" {
            return match basic {
                Some(basic) if asked.authorization.as_deref() != Some(&basic) => plain(401, "{}"),
                _ => plain(200, r#"{"token":"of-the-day"}"#),
            };
        }
        let wanted = match (&basic, behaviour.gives_token) {
            (_, true) => Some("Bearer of-the-day".to_owned()),
            (basic, false) => basic.clone(),
        };
        if wanted.is_some() && asked.authorization != wanted {
            let (status, _, body, length) = plain(401, r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#);
            let how = if behaviour.gives_token {
                let address = &self.address;
                format!("Bearer realm=\"http://{address}/token\",service=\"it\"")
            } else {
                "Basic realm=\"it\"".to_owned()
            };
            return (status, format!("WWW-Authenticate: {how}\r\n"), body, length);
        }
        if path == "/v2/" {
            return plain(200, "{}");
        }
        if let Some((status, text)) = behaviour.status {
            return plain(status, text);
        }
        if path == "/v2/tool/manifests/1" {
            return (
                200,
                String::new(),
                self.manifest.clone(),
                self.manifest.len(),
            );
        }
        let digest = path.strip_prefix("/v2/tool/blobs/sha256:");
        let blob = digest.and_then(|digits| self.files.get(&format!("blobs/sha256/{digits}")));
        match blob {
            Some(blob) => self.blob(blob.clone(), asked.from),
            None => plain(
                404,
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"none"}]}"#,
            ),
        }
    }

    fn blob(&self, mut blob: Vec<u8>, from: Option<usize>) -> (u16, String, Vec<u8>, usize) {
        let is_layer = !blob.starts_with(b"{");
        if is_layer && let Some(damage) = self.behaviour.damage {
            damage(&mut blob);
        }
        let (mut status, mut headers) = (200, String::new());
        if let Some(from) = from.filter(|from| *from > 0 && self.behaviour.goes_on) {
            headers = format!(
                "Content-Range: bytes {from}-{}/{}\r\n",
                blob.len() - 1,
                blob.len()
            );
            blob.drain(..from);
            status = 206;
        }
        let length = blob.len();
        let mut breaks = self.breaks.lock().expect("whole");
        if is_layer && *breaks > 0 {
            *breaks -= 1;
            blob.truncate(length / 2);
        }
        (status, headers, blob, length)
    }
}
