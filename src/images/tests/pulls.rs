//! Images from a registry on loopback that does as each case wants.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::super::sha256::sha256;
use super::super::testing::{layout, listing};
use super::super::{Arrived, ImageError, ImageName, ImageStore, Login, PullOptions};
use super::imports::{all_files, layers, store};

/// How a registry behaves.
#[derive(Clone, Default)]
struct Behaviour {
    /// Name and password that it wants.
    password: Option<&'static str>,
    /// A token, which it gives for the password.
    gives_token: bool,
    /// How many times it breaks off after half of a blob.
    breaks: u32,
    /// Whether it can go on where it broke off.
    goes_on: bool,
    /// What it does to the layers that it sends.
    damage: Option<fn(&mut Vec<u8>)>,
    /// What it answers to everything, but to who it is.
    status: Option<(u16, &'static str)>,
}

/// A registry with one image, `tool:1`, until it is dropped.
struct Registry {
    address: String,
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
    fn start(behaviour: Behaviour) -> Self {
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

    fn name(&self) -> String {
        format!("{}/tool:1", self.address)
    }

    fn asked(&self) -> Vec<String> {
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

fn pull(store: &ImageStore, name: &str, options: &PullOptions) -> Result<Vec<Arrived>, ImageError> {
    let name = ImageName::parse(name).expect("a name");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("threads").block_on(async {
        let mut arrival = store.arrival()?;
        let arrived = arrival.pull(&name, options, &|_| {}).await?;
        arrival.finish()?;
        Ok(arrived)
    })
}

fn options(password: Option<&str>) -> PullOptions {
    PullOptions {
        login: password.map(|password| Login::Password {
            user: "ada".to_owned(),
            password: password.to_owned(),
        }),
        platform: Some("linux/amd64".parse().expect("a platform")),
        certificates: None,
    }
}

/// `ada:love`.
const ADA: &str = "YWRhOmxvdmU=";

#[test]
fn an_image_comes_from_its_registry() {
    for (case, behaviour, password) in [
        ("for all", Behaviour::default(), None),
        (
            "a token for all",
            Behaviour {
                gives_token: true,
                ..Behaviour::default()
            },
            None,
        ),
        (
            "with a password",
            Behaviour {
                password: Some(ADA),
                ..Behaviour::default()
            },
            Some("love"),
        ),
        (
            "a token for a password",
            Behaviour {
                password: Some(ADA),
                gives_token: true,
                ..Behaviour::default()
            },
            Some("love"),
        ),
        (
            "with breaks, going on",
            Behaviour {
                breaks: 2,
                goes_on: true,
                ..Behaviour::default()
            },
            None,
        ),
        (
            "with breaks, anew",
            Behaviour {
                breaks: 2,
                ..Behaviour::default()
            },
            None,
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, registry) = (store(folder.path()), Registry::start(behaviour));
        let arrived = pull(&store, &registry.name(), &options(password)).expect(case);
        assert_eq!((arrived[0].new_layers, arrived[0].layers), (2, 2), "{case}");
        let image = store.open(&registry.name(), None).expect(case);
        assert_eq!(listing(&image.layers()[1]), ["- gone"], "{case}");
        let digest = image.digest().expect("of its manifest");
        let by_digest = format!("{}/tool@{digest}", registry.address);
        assert_eq!(
            store.open(&by_digest, None).expect(case).id(),
            image.id(),
            "{case}"
        );
        assert!(all_files(&store.folder.join("tmp")).is_empty(), "{case}");
        // What is here is not brought again.
        let before = registry.asked().len();
        let again = pull(&store, &registry.name(), &options(password)).expect(case);
        assert_eq!(again[0].new_layers, 0, "{case}");
        let asked = registry.asked();
        let blobs = asked[before..]
            .iter()
            .filter(|path| path.contains("/blobs/"));
        assert_eq!(blobs.count(), 1, "{case}: the configuration alone");
    }
}

const NONE: &str = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"none"}]}"#;
const DENIED: &str = r#"{"errors":[{"code":"DENIED","message":"no"}]}"#;
const MANY: &str = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"wait"}]}"#;

#[test]
fn what_a_registry_refuses_or_spoils_leaves_nothing() {
    let refused = |status, text| Behaviour {
        status: Some((status, text)),
        ..Behaviour::default()
    };
    let damaged = |damage| Behaviour {
        damage: Some(damage),
        ..Behaviour::default()
    };
    let locked = |gives_token| Behaviour {
        password: Some(ADA),
        gives_token,
        ..Behaviour::default()
    };
    for (case, behaviour, password, expected, of_the_image) in [
        (
            "not there",
            refused(404, NONE),
            None,
            "the registry does not have it",
            true,
        ),
        (
            "not there, in plain words",
            refused(404, "no"),
            None,
            "the registry does not have it",
            true,
        ),
        (
            "denied",
            refused(403, DENIED),
            None,
            "does not give it to whoever asks",
            true,
        ),
        (
            "too often",
            refused(429, MANY),
            None,
            "fewer questions",
            false,
        ),
        ("broken", refused(503, ""), None, "it answers 503", false),
        (
            "nobody",
            locked(false),
            None,
            "does not give it to whoever asks",
            true,
        ),
        (
            "a wrong password",
            locked(false),
            Some("hate"),
            "does not give it to whoever asks",
            true,
        ),
        (
            "a wrong password for a token",
            locked(true),
            Some("hate"),
            "does not give it",
            true,
        ),
        (
            "another digest",
            damaged(|blob| blob[20] ^= 1),
            None,
            "a layer that the registry sent has another digest",
            true,
        ),
        (
            "more than it should be",
            damaged(|blob| blob.extend([0; 100])),
            None,
            "sends more than its manifest says",
            true,
        ),
        (
            "no image at all",
            refused(200, "<html>hello</html>"),
            None,
            "its manifest can't be read",
            true,
        ),
        (
            "the old kind",
            refused(200, r#"{"schemaVersion":1,"fsLayers":[]}"#),
            None,
            "its manifest is of the old kind",
            true,
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, registry) = (store(folder.path()), Registry::start(behaviour));
        let error = pull(&store, &registry.name(), &options(password)).expect_err(case);
        assert!(error.to_string().contains(expected), "{case}: {error}");
        assert_eq!(error.is_of_the_image(), of_the_image, "{case}: {error}");
        assert!(!error.to_string().contains("hate"), "{case}: {error}");
        let mut left = all_files(&store.folder);
        left.retain(|file| !file.ends_with("lock"));
        assert!(left.is_empty(), "{case}: {left:?}");
    }
}

#[test]
fn a_registry_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("bound");
    drop(free);
    let error = pull(&store, &format!("{address}/tool:1"), &options(None)).expect_err("nobody");
    let start = format!("registry `{address}` can't be reached: ");
    assert!(error.to_string().starts_with(&start), "{error}");
    assert!(!error.is_of_the_image());
}

#[test]
fn a_name_with_a_digest_gets_that_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, registry) = (store(folder.path()), Registry::start(Behaviour::default()));
    let other = sha256("other");
    let name = format!("{}/tool:1@{other}", registry.address);
    let error = pull(&store, &name, &options(None)).expect_err("another");
    assert!(error.to_string().contains("does not have it"), "{error}");
}

#[test]
fn a_login_does_not_show() {
    let login = Login::Password {
        user: "ada".to_owned(),
        password: "hush-hush".to_owned(),
    };
    assert!(!format!("{login:?}").contains("hush"));
}
