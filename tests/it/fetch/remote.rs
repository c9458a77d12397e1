//! Files at addresses, from servers that behave and from those that do not.

use std::fs;
use std::time::{Duration, Instant};

use super::web_server::{Authority, Reply, WebServer};
use crate::cli::Project;

const JOB: &str = "a: {script: a}\n";

fn including(address: &str) -> Project {
    let project = Project::new(&format!("include: [{{remote: '{address}'}}]\n"));
    project
        .env("PIPE_LOCAL_HOSTS", "127.0.0.1")
        .env("PIPE_FETCH_TIMEOUT", "2")
}

#[test]
fn a_file_by_https_needs_an_authority_that_the_user_trusts() {
    let authority = Authority::new();
    let server = WebServer::https(&authority, |ask| match ask.target.as_str() {
        "/a.yml" => Reply::Text(
            200,
            "include: [{remote: 'B'}]\n"
                .replace('B', "https://SELF/b.yml")
                .replace("SELF", ask.header("host").expect("a host")),
        ),
        "/b.yml" => Reply::Text(200, JOB.to_owned()),
        _ => Reply::Text(404, String::new()),
    });
    let project = including(&server.address("/a.yml"));
    let shown = project.pipe(&["fetch"]);
    assert!(
        shown.contains("the certificate of `127.0.0.1` is not trusted"),
        "{shown}"
    );
    assert!(shown.contains("the setting `ca-file`"), "{shown}");

    let pem = project.home().join("ca.pem");
    fs::write(&pem, authority.pem()).expect("a file");
    let project = project.env("PIPE_CA_FILE", "~/ca.pem");
    let shown = project.pipe(&["fetch"]);
    assert!(shown.contains("2 files fetched"), "{shown}");
    drop(server);
    let shown = project.pipe(&["list"]);
    assert!(shown.contains("1 job\n"), "{shown}");
    let list = project.pipe(&["fetch", "--list"]);
    assert!(list.contains("/a.yml") && list.contains("/b.yml"), "{list}");
}

#[test]
fn a_file_with_another_digest_is_not_used() {
    let server = WebServer::http(|_| Reply::Text(200, JOB.to_owned()));
    let address = server.address("/a.yml");
    let project = Project::new(&format!(
        "include:\n  - remote: '{address}'\n    integrity: sha256-L3/GAoKaw0Arw6hDCKeKQlV1QPEgHYxGBHsH4zG1IY8=\n"
    ));
    let project = project.env("PIPE_LOCAL_HOSTS", "127.0.0.1");
    project.pipe(&["fetch"]);
    let shown = project.pipe(&["list"]);
    let digest = "sha256-jxDG2WIDM87kDghMA4fQ/csqz5JtO95wjNPxbo0rqLg=";
    for expected in [
        "error[include-integrity]",
        digest,
        ".gitlab-ci.yml:3:",
        "`pipe fetch --update`",
        "--- exit 3",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    project.write(
        ".gitlab-ci.yml",
        &format!("include: [{{remote: '{address}', integrity: '{digest}'}}]\n"),
    );
    assert!(project.pipe(&["list"]).contains("1 job\n"));
}

#[test]
fn certificates_that_cant_be_read_are_told() {
    let project = including("https://127.0.0.1:1/a.yml");
    fs::write(project.home().join("ca.pem"), "no certificate").expect("a file");
    for (file, expected) in [
        ("~/ca.pem", "`ca-file` can't be used"),
        ("~/none.pem", "does not exist"),
    ] {
        let mut command = project.command();
        let output = command
            .env("PIPE_CA_FILE", file)
            .arg("fetch")
            .output()
            .expect("pipe starts");
        let shown = project.shown("$ pipe fetch", &output);
        assert!(
            shown.contains(expected) && shown.contains("--- exit 4"),
            "{shown}"
        );
    }
}

#[test]
fn servers_that_misbehave_end_in_one_message() {
    let server = WebServer::http(|ask| match ask.target.as_str() {
        "/hangs" => Reply::Hang,
        "/half" => Reply::Lie(100, "a: {script".to_owned()),
        "/giant" => Reply::Lie(1 << 40, JOB.to_owned()),
        "/endless" => Reply::Endless,
        "/to-a-file" => Reply::Redirect("file:///etc/passwd".to_owned()),
        "/to-ftp" => Reply::Redirect("ftp://h.example/a.yml".to_owned()),
        "/in-circles" => Reply::Redirect("/in-circles".to_owned()),
        "/to-a-neighbour" => Reply::Redirect("http://169.254.169.254/latest".to_owned()),
        "/latin" => Reply::Bytes(200, Vec::new(), b"a: \xe9".to_vec()),
        "/refuses" => Reply::Text(403, "no".to_owned()),
        _ => Reply::Text(404, "none".to_owned()),
    });
    for (path, expected) in [
        ("/hangs", "`127.0.0.1` did not answer in time"),
        (
            "/half",
            "the connection ended before the answer was complete",
        ),
        ("/giant", "the answer has more than 4194304 bytes"),
        ("/endless", "the answer has more than 4194304 bytes"),
        (
            "/to-a-file",
            "that one begins with `file:`, which is not of the web",
        ),
        (
            "/to-ftp",
            "that one begins with `ftp:`, which is not of the web",
        ),
        (
            "/in-circles",
            "leads to another address, and from that to the next, without end",
        ),
        (
            "/to-a-neighbour",
            "`169.254.169.254` is this machine or a neighbour of it",
        ),
        ("/latin", "it is not UTF-8 text"),
        ("/refuses", "the server answers 403"),
        ("/none", "the server answers 404"),
    ] {
        let begun = Instant::now();
        let address = server.address(path);
        let shown = including(&address).pipe(&["fetch"]);
        let message = format!("error[fetch-failed]: `{address}` can't be fetched: ");
        assert!(
            shown.contains(&message) && shown.contains(expected),
            "{path}\n{shown}"
        );
        assert!(shown.contains(".gitlab-ci.yml:1:"), "{shown}");
        assert!(shown.contains("--- exit 4"), "{shown}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{path}");
    }
}

#[test]
fn redirects_within_the_web_are_followed_but_not_out_of_tls() {
    let plain = WebServer::http(|ask| match ask.target.as_str() {
        "/a.yml" => Reply::Redirect("/b.yml".to_owned()),
        _ => Reply::Text(200, JOB.to_owned()),
    });
    let shown = including(&plain.address("/a.yml")).pipe(&["fetch"]);
    assert!(shown.contains("1 file fetched"), "{shown}");

    let authority = Authority::new();
    let to = plain.address("/b.yml");
    let secure = WebServer::https(&authority, move |_| Reply::Redirect(to.clone()));
    let project = including(&secure.address("/a.yml"));
    fs::write(project.home().join("ca.pem"), authority.pem()).expect("a file");
    let shown = project.env("PIPE_CA_FILE", "~/ca.pem").pipe(&["fetch"]);
    assert!(shown.contains("that one is not encrypted"), "{shown}");
}

#[test]
fn a_repository_cant_make_pipe_ask_this_machine() {
    let server = WebServer::http(|_| Reply::Text(200, JOB.to_owned()));
    let local = format!("http://localhost:{}/a.yml", server.port());
    for address in [server.address("/a.yml"), local] {
        let project = Project::new(&format!("include: [{{remote: '{address}'}}]\n"));
        let shown = project.pipe(&["fetch"]);
        assert!(shown.contains("which only the user can allow"), "{shown}");
        assert!(
            shown.contains("help: if you want it, put `local-hosts = "),
            "{shown}"
        );
    }
    assert!(server.asked().is_empty());
}

#[test]
fn the_proxy_of_the_environment_is_asked() {
    let proxy = WebServer::http(|_| Reply::Text(200, JOB.to_owned()));
    let project = including("http://ci.invalid/a.yml").env("http_proxy", &proxy.address(""));
    let shown = project.pipe(&["fetch"]);
    assert!(shown.contains("1 file fetched"), "{shown}");
    assert_eq!(proxy.asked()[0].target, "http://ci.invalid/a.yml");
}

#[test]
fn secrets_of_an_address_are_shown_nowhere() {
    let server = WebServer::http(|ask| {
        if ask.target.contains("gone") {
            Reply::Text(404, String::new())
        } else {
            Reply::Text(200, "a: {script: a, stage: none}\n".to_owned())
        }
    });
    for path in ["/a.yml", "/gone.yml"] {
        let address = server.address(path).replace("http://", "http://me:s3cret@");
        let project = including("ADDRESS");
        // The address is a variable of the user, so that the file does not show it.
        project.write(".gitlab-ci.yml", "include: [{remote: $WHERE}]\n");
        project.commit();
        let variable = format!("WHERE={address}?private_token=s3cret");
        for command in ["fetch", "lint"] {
            let shown = project.pipe(&[command, "--var", &variable]);
            let said = shown.split_once('\n').map_or("", |(_, said)| said);
            assert!(!said.contains("s3cret"), "{shown}");
        }
        let list = project.pipe(&["fetch", "--list"]);
        assert!(!list.contains("s3cret"), "{list}");
    }
}
