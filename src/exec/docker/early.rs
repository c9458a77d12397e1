//! The daemon's greeting, asked for before anybody knows which jobs there are. A ping's answer says who
//! it is in its head; asked for its version, a daemon starts programs of its own first to ask for
//! theirs, which takes it longer than all else before a job.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use bollard::models::{SystemVersion, SystemVersionComponents};
use memchr::memmem;
use tokio::sync::oneshot;

use super::connect::{ENGINE, Endpoint, GREETING};

/// In words in which an answer is all head, and the line is closed behind it.
const QUESTION: &[u8] = b"HEAD /_ping HTTP/1.0\r\nHost: docker\r\n\r\n";

/// Behind the head of an answer.
const END: &[u8] = b"\r\n\r\n";

/// What Docker's own engine calls itself, before its version.
const DOCKER: &str = "Docker/";

/// Bytes of an answer that are read.
const LONGEST: usize = 64 << 10;

/// The daemon that was asked, and where its answer comes.
static ASKED: Mutex<Option<(PathBuf, oneshot::Receiver<Vec<u8>>)>> = Mutex::new(None);

/// Asks the daemon at `endpoint` who it is, in a thread of its own. Where no answer comes it is asked
/// again, by whoever tells what is wrong.
pub fn expect_docker(endpoint: &Endpoint) {
    let (to, answer) = oneshot::channel();
    let socket = endpoint.socket.clone();
    let asking = move || {
        if let Ok(said) = ask(&socket) {
            // Perhaps nobody wants to know any more.
            let _ = to.send(said);
        }
    };
    let thread = thread::Builder::new().name("greeting".to_owned());
    if thread.spawn(asking).is_ok() {
        let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
        *asked = Some((endpoint.socket.clone(), answer));
    }
}

/// What that daemon said, where it was asked and this is the first who wants to know.
pub(super) async fn greeting(socket: &Path) -> Option<SystemVersion> {
    let answer = {
        let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, answer) = asked.take_if(|(of, _)| of == socket)?;
        answer
    };
    version(&answer.await.ok()?)
}

fn ask(socket: &Path) -> io::Result<Vec<u8>> {
    let mut line = UnixStream::connect(socket)?;
    line.set_read_timeout(Some(GREETING))?;
    line.set_write_timeout(Some(GREETING))?;
    line.write_all(QUESTION)?;
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    // Not every daemon closes the line.
    while memmem::find(&said, END).is_none() && said.len() < LONGEST {
        match line.read(&mut piece)? {
            0 => break,
            some => said.extend_from_slice(&piece[..some]),
        }
    }
    Ok(said)
}

/// What the whole head of a good answer says of the daemon; `None` where it does not say it. PURE.
fn version(said: &[u8]) -> Option<SystemVersion> {
    let end = memmem::find(said, END)?;
    let head = str::from_utf8(&said[..end]).ok()?;
    if head.split(' ').nth(1)? != "200" {
        return None;
    }
    let value = |wanted: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim().to_owned())
    };
    let server = value("server")?;
    let version = server.strip_prefix(DOCKER);
    let version = version.and_then(|version| version.split(' ').next());
    let engine = version.map(|version| SystemVersionComponents {
        name: ENGINE.to_owned(),
        version: version.to_owned(),
        ..SystemVersionComponents::default()
    });
    Some(SystemVersion {
        version: version.map(str::to_owned),
        api_version: Some(value("api-version")?),
        os: value("ostype"),
        components: Some(engine.into_iter().collect()),
        ..SystemVersion::default()
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::thread;

    use super::super::connect::{Endpoint, is_dockers};
    use super::{QUESTION, expect_docker, greeting, version};

    #[test]
    fn only_the_head_of_a_good_answer_says_who_it_is() {
        for (said, wanted) in [
            (
                "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\n\r\n",
                Some((Some("20.10.24+dfsg1"), "1.41", true)),
            ),
            (
                "HTTP/1.1 200 OK\r\nAPI-VERSION:1.40\r\nserver:Libpod/4.3.1 (linux)\r\n\r\nOK",
                Some((None, "1.40", false)),
            ),
            ("HTTP/1.0 200 OK\r\nServer: Docker/1\r\n\r\n", None),
            ("HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\n\r\n", None),
            (
                "HTTP/1.0 500 Oh\r\nApi-Version: 1.41\r\nServer: Docker/1\r\n\r\n",
                None,
            ),
            (
                "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/1\r\n",
                None,
            ),
            ("", None),
        ] {
            let version = version(said.as_bytes());
            let found = version.as_ref().map(|it| {
                let api = it.api_version.as_deref().unwrap_or_default();
                (it.version.as_deref(), api, is_dockers(it))
            });
            assert_eq!(found, wanted, "{said}");
        }
    }

    #[tokio::test]
    async fn the_greeting_of_that_daemon_is_given_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("d.sock");
        let listener = UnixListener::bind(&socket).expect("bound");
        let daemon = thread::spawn(move || {
            let (mut line, _) = listener.accept().expect("asked");
            let mut asked = vec![0; QUESTION.len()];
            line.read_exact(&mut asked).expect("a question");
            let said = b"HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/7 (linux)\r\n\r\n";
            line.write_all(said).expect("said");
            asked
        });
        let endpoint = Endpoint {
            socket: socket.clone(),
        };
        expect_docker(&endpoint);
        assert_eq!(greeting(Path::new("/another")).await, None);
        let said = greeting(&socket).await.and_then(|it| it.version);
        assert_eq!(said.as_deref(), Some("7"));
        assert_eq!(greeting(&socket).await, None);
        assert_eq!(daemon.join().expect("no panic"), QUESTION);
    }
}
