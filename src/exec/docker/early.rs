//! The daemon's greeting, asked for before anybody knows which jobs there are: it asks its own parts
//! first, which takes it some milliseconds.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use bollard::models::SystemVersion;
use tokio::sync::oneshot;

use super::connect::{Endpoint, GREETING};

/// Of a version in which an answer is in one piece, and the line is closed behind it.
const QUESTION: &[u8] = b"GET /version HTTP/1.0\r\nHost: docker\r\n\r\n";

/// Behind the head of an answer.
const END: &[u8] = b"\r\n\r\n";

/// Bytes of an answer that are read.
const LONGEST: usize = 1 << 20;

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
    while !is_whole(&said) && said.len() < LONGEST {
        match line.read(&mut piece)? {
            0 => break,
            some => said.extend_from_slice(&piece[..some]),
        }
    }
    Ok(said)
}

/// Whether all of an answer has come that says how long it is. Not every daemon closes the line. PURE.
fn is_whole(said: &[u8]) -> bool {
    let Some((head, body)) = parts(said) else {
        return false;
    };
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length: Option<usize> = length.and_then(|length| length.trim().parse().ok());
    length.is_some_and(|length| body.len() >= length)
}

/// The head and the body of an answer. PURE.
fn parts(said: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memmem::find(said, END)?;
    Some((&said[..end], &said[end + END.len()..]))
}

/// The version in a whole answer that is a good one. PURE.
fn version(said: &[u8]) -> Option<SystemVersion> {
    let (head, body) = parts(said)?;
    let status = head.split(|byte| *byte == b' ').nth(1)?;
    if status != b"200" {
        return None;
    }
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::thread;

    use super::super::connect::Endpoint;
    use super::{QUESTION, expect_docker, greeting, is_whole, version};

    #[test]
    fn only_a_good_answer_says_a_version() {
        for (said, wanted) in [
            (
                "HTTP/1.0 200 OK\r\nA: b\r\n\r\n{\"Version\":\"1\"}",
                Some("1"),
            ),
            ("HTTP/1.0 500 Oh\r\n\r\n{\"Version\":\"1\"}", None),
            ("HTTP/1.0 200 OK\r\n\r\n{\"Version\":", None),
            ("HTTP/1.0 200 OK\r\n", None),
            ("", None),
        ] {
            let version = version(said.as_bytes()).and_then(|it| it.version);
            assert_eq!(version.as_deref(), wanted, "{said}");
        }
    }

    #[test]
    fn an_answer_is_whole_where_it_is_as_long_as_it_says() {
        for (said, wanted) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", true),
            ("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\n{", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", false),
            ("HTTP/1.0 200 OK\r\n\r\n{}", false),
            ("", false),
        ] {
            assert_eq!(is_whole(said.as_bytes()), wanted, "{said}");
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
            let said = b"HTTP/1.0 200 OK\r\n\r\n{\"Version\":\"7\"}";
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
