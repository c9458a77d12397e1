//! Projects of other people, and servers that have them.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::web_server::{Ask, Reply, WebServer};

/// Bare repositories below one folder.
pub(super) struct Projects {
    folder: TempDir,
}

impl Projects {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// A project of one commit.
    pub(super) fn with(self, path: &str, files: &[(&str, &str)]) -> Self {
        let bare = self.bare(path);
        git(
            self.folder.path(),
            &["init", "-q", "--bare", "-b", "main", &text(&bare)],
        );
        git(&bare, &["config", "uploadpack.allowFilter", "true"]);
        git(&bare, &["config", "http.receivepack", "false"]);
        self.commit(path, files);
        self
    }

    /// Another commit on `main` of a project.
    pub(super) fn commit(&self, path: &str, files: &[(&str, &str)]) {
        let work = self.folder.path().join("work");
        fs::create_dir(&work).expect("a folder");
        let bare = self.bare(path);
        for (name, content) in files {
            let file = work.join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, content).expect("a file");
        }
        let (dir, tree) = (
            format!("--git-dir={}", text(&bare)),
            format!("--work-tree={}", text(&work)),
        );
        git(&work, &[&dir, &tree, "add", "-A"]);
        git(
            &work,
            &[&dir, &tree, "commit", "-q", "--allow-empty", "-m", "x"],
        );
        fs::remove_dir_all(work).expect("it goes");
    }

    /// A tag on the newest commit of a project; it moves where it is there.
    pub(super) fn tag(&self, path: &str, name: &str) {
        git(
            &self.bare(path),
            &["tag", "-f", "-a", "-m", "x", name, "main"],
        );
    }

    /// The id of the newest commit of a project.
    pub(super) fn head(&self, path: &str) -> String {
        let output = Command::new("git")
            .args(["rev-parse", "main"])
            .current_dir(self.bare(path))
            .output()
            .expect("git runs");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    /// The repository of a project.
    pub(super) fn bare(&self, path: &str) -> PathBuf {
        self.folder.path().join(format!("{path}.git"))
    }

    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "Ada");
        git.env(format!("GIT_{who}_EMAIL"), "ada@example.com");
    }
    let git = git
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null());
    let status = git.stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{arguments:?}");
}

/// Where git keeps its programs.
fn program(name: &str) -> PathBuf {
    let output = Command::new("git").arg("--exec-path").output();
    let output = output.expect("git runs").stdout;
    Path::new(String::from_utf8(output).expect("text").trim()).join(name)
}

/// A process that ends with its test.
pub(super) struct Server {
    process: Child,
    pub(super) port: u16,
}

impl Server {
    /// Starts what listens at a port of loopback, and waits until it does.
    pub(super) fn start(command: impl FnOnce(u16) -> Command) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = free.local_addr().expect("its address").port();
        drop(free);
        let mut command = command(port);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().expect("the server starts");
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, port }
    }

    /// Git's own server.
    pub(super) fn of_git(projects: &Projects) -> Self {
        Self::start(|port| {
            let mut daemon = Command::new(program("git-daemon"));
            daemon
                .arg(format!("--base-path={}", text(projects.root())))
                .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1"])
                .arg(format!("--port={port}"));
            daemon
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Git by http, for who knows the password of `ada`; without one for everybody.
pub(super) fn by_http(projects: &Projects, password: Option<&str>) -> WebServer {
    let root = projects.root().to_owned();
    // `ada:s3cret` in base64, as a browser would send it.
    let expected = password.map(|password| format!("Basic {}", base64(&format!("ada:{password}"))));
    WebServer::http(move |ask| {
        let known = ask.header("authorization");
        if expected.is_some() && known != expected.as_deref() {
            let header = (
                "WWW-Authenticate".to_owned(),
                "Basic realm=\"x\"".to_owned(),
            );
            return Reply::Bytes(401, vec![header], Vec::new());
        }
        backend(&root, ask)
    })
}

/// What git's own program answers.
fn backend(root: &Path, ask: &Ask) -> Reply {
    let (path, query) = ask.target.split_once('?').unwrap_or((&ask.target, ""));
    let mut process = Command::new(program("git-http-backend"))
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", &ask.method)
        .env(
            "CONTENT_TYPE",
            ask.header("content-type").unwrap_or_default(),
        )
        .env("CONTENT_LENGTH", ask.body.len().to_string())
        .env(
            "HTTP_CONTENT_ENCODING",
            ask.header("content-encoding").unwrap_or_default(),
        )
        .env(
            "GIT_PROTOCOL",
            ask.header("git-protocol").unwrap_or_default(),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("git's server starts");
    let mut stdin = process.stdin.take().expect("a pipe");
    stdin.write_all(&ask.body).expect("it reads");
    drop(stdin);
    let output = process.wait_with_output().expect("it ends").stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.expect("headers and a body");
    let head = String::from_utf8_lossy(&output[..end]);
    let mut status = 200;
    let mut headers = Vec::new();
    for line in head.lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        match name {
            "Status" => status = value[..3].parse().expect("a number"),
            name => headers.push((name.to_owned(), value.to_owned())),
        }
    }
    Reply::Bytes(status, headers, output[end + 4..].to_vec())
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in text.as_bytes().chunks(3) {
        let mut bits = 0_u32;
        for at in 0..3 {
            bits = bits << 8 | u32::from(part.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at > part.len() {
                '='
            } else {
                char::from(digit)
            });
        }
    }
    out
}
