//! HTTP, as far as the tests ask their servers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The status and the body of what a server answers.
fn ask(place: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(place).expect("a server");
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).expect("a limit");
    stream.write_all(request.as_bytes()).expect("a server");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    (
        status.expect("a status"),
        body.unwrap_or_default().to_owned(),
    )
}

/// The kind of manifest that does not change from one answer to the next.
const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// GET.
pub(super) fn get(place: &str, path: &str) -> (u16, String) {
    let head = format!("GET {path} HTTP/1.0\r\nHost: test\r\nAccept: {MANIFEST}, */*\r\n\r\n");
    ask(place, &head)
}

/// POST of a form that needs no encoding.
pub(super) fn post(place: &str, path: &str, form: &str) -> u16 {
    let length = form.len();
    let head = format!("POST {path} HTTP/1.0\r\nHost: test\r\nContent-Length: {length}\r\n\r\n");
    ask(place, &(head + form)).0
}
