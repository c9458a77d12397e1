//! On a terminal, `list` and `run` offer to fetch what is missing.

use super::web_server::{Reply, WebServer};
use crate::env::{PIPE, TestEnv};

#[test]
fn a_person_is_asked_and_the_answer_counts() {
    let server = WebServer::http(|_| Reply::Text(200, "a: {script: echo done}\n".to_owned()));
    for (answer, expected, exit) in [("\r", "1 job", 0), ("n\r", "is not on this machine", 4)] {
        let env = TestEnv::empty();
        env.write(
            ".gitlab-ci.yml",
            &format!("include: '{}'\n", server.address("/a.yml")),
        );
        env.commit();
        let terminal = env.terminal(100, 30).env("PIPE_LOCAL_HOSTS", "127.0.0.1");
        let mut session = terminal.spawn(PIPE, &["list"]);
        session.wait_for("[Y/n]");
        session.type_keys(answer);
        assert_eq!(session.wait(), exit, "{answer:?}");
        let screen = session.screen();
        assert!(screen.contains(expected), "{answer:?}\n{screen}");
    }
}

#[test]
fn whoever_asks_for_json_is_not_asked() {
    let env = TestEnv::empty();
    env.write(".gitlab-ci.yml", "include: 'http://127.0.0.1:1/a.yml'\n");
    env.commit();
    let mut session = env
        .terminal(100, 30)
        .spawn(PIPE, &["list", "--format", "json"]);
    assert_eq!(session.wait(), 4);
}
