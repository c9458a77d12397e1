//! `pipe shell`: a person where a job's script would be, on every executor.

use std::io::Read;
use std::process::Stdio;

use rustix::process::Signal;

use crate::engine;
use crate::env::{On, PIPE, TestEnv};
use crate::pty::Session;

const JOBS: &str = r#"
stages: [build, test]
variables:
  WORD: "it's $CI_JOB_NAME"
build:
  stage: build
  script: [mkdir out, echo made >out/result]
  artifacts: {paths: [out]}
test:
  stage: test
  needs: [build]
  environment: staging
  retry: 2
  allow_failure: true
  script: [exit 1]
many:
  stage: test
  parallel: 2
  script: [exit 1]
child:
  stage: test
  trigger: {include: child.yml}
tagged:
  stage: test
  script: [exit 1]
  rules: [{if: $CI_COMMIT_TAG}]
"#;

fn env() -> TestEnv {
    let env = TestEnv::new(JOBS);
    env.write("child.yml", "below: {script: [exit 0]}\n");
    env.commit();
    env
}

/// Opens a shell and waits for it.
fn open(env: &TestEnv, on: On) -> Session {
    let mut session = env
        .terminal(100, 40)
        .spawn(PIPE, &["shell", "test", "--executor", on.name()]);
    session.wait_for("shell in job test");
    // Where the shell is not there yet, the terminal keeps it.
    session.type_keys("echo up $((40 + 2))\r");
    session.wait_for("up 42");
    session
}

/// What is left of shells, records and all.
fn traces(env: &TestEnv) -> Vec<String> {
    [env.leftovers(), env.records()].concat()
}

/// Whether a process has that among its words.
fn runs_somewhere(word: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let words = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let mut words = words.map(|words| String::from_utf8_lossy(&words).into_owned());
    words.any(|words| words.contains(word))
}

#[test]
fn a_person_looks_around_where_the_job_would_run() {
    for on in On::here() {
        let env = env();
        let output = env.output(&["run", "build", "--executor", on.name()]);
        assert!(output.status.success(), "{on:?}");
        let records = env.records();
        let mut session = open(&env, on);
        session.type_keys("echo $CI_JOB_NAME: $WORD, $TERM\r");
        session.wait_for("test: it's test, xterm-256color");
        session.type_keys("echo $(cat out/result) and $(ls .gitlab-ci.yml)\r");
        session.wait_for("made and .gitlab-ci.yml");
        session.type_keys("[ \"$PWD\" = \"$CI_PROJECT_DIR\" ] && echo at $((40 + 1))\r");
        session.wait_for("at 41");
        session.type_keys("stty size | tr ' ' x\r");
        session.wait_for("40x100");
        session.resize(90, 30);
        session.type_keys("until stty size | grep -q 90; do :; done; stty size | tr ' ' x\r");
        session.wait_for("30x90");
        session.type_keys("exit 3\r");
        assert_eq!(session.wait(), 3, "{on:?}: {}", session.screen());
        let left = traces(&env);
        assert_eq!(left, records, "{on:?}: a shell is no run");
    }
}

/// A service that talks without end, more than anything on the way to us holds back, is heard by nobody
/// meanwhile and goes on all the same.
#[test]
fn services_run_beside_it_in_docker() {
    let talks = "until [ -e /builds/go ]; do sleep 0.1; done; while :; do seq 20000; echo >>/builds/talked; done";
    let jobs = format!(
        "test:\n  variables: {{CI_DEBUG_SERVICES: 'true'}}\n  services:\n    - name: {}\n      \
         command: [sh, -c, '{talks}']\n  script: [exit 1]\n",
        engine::IMAGE
    );
    for on in On::CONTAINERS {
        let env = TestEnv::new(&jobs);
        env.user_settings("docker.wait_for_services_timeout = 0\n");
        let mut session = open(&env, on);
        session.type_keys("touch /builds/go /builds/talked\r");
        let heard = "until [ $(wc -l </builds/talked) -gt 50 ]; do :; done; echo $((40 + 3))\r";
        session.type_keys(heard);
        session.wait_for("\n43");
        let screen = session.screen();
        assert!(!screen.contains("[service:"), "{on:?}: {screen}");
        session.type_keys("exit 6\r");
        assert_eq!(session.wait(), 6, "{on:?}: {}", session.screen());
        assert_eq!(traces(&env), Vec::<String>::new(), "{on:?}");
    }
}

/// The terminal is asked before and after, in the same session of a person's own shell.
#[test]
fn the_terminal_is_as_it_was() {
    let env = env();
    let script = format!(
        "before=$(stty -g); {PIPE} shell test --executor shell; echo status $?; \
         [ \"$before\" = \"$(stty -g)\" ] && echo the same"
    );
    for (name, ends, status) in [
        ("exit", "exit 0\r", 0),
        ("a status", "exit 130\r", 130),
        ("a signal", "kill -TERM $PPID\r", 143),
    ] {
        let mut session = env.terminal(100, 30).spawn("sh", &["-c", &script]);
        session.wait_for("shell in job test");
        session.type_keys("stty -echo; echo raw $((40 + 2))\r");
        session.wait_for("raw 42");
        session.type_keys(ends);
        session.wait_for("the same");
        assert_eq!(session.wait(), 0, "{name}: {}", session.screen());
        let wanted = format!("status {status}");
        assert!(
            session.screen().contains(&wanted),
            "{name}: {}",
            session.screen()
        );
        assert_eq!(traces(&env), Vec::<String>::new(), "{name}");
    }
}

/// A shell that reads a script leaves the terminal as it finds it.
#[test]
fn the_terminal_is_as_it_was_behind_one_that_was_killed() {
    let env = env();
    let script = format!(
        "before=$(stty -g); {PIPE} shell test --executor shell; echo status $?; \
         until [ \"$before\" = \"$(stty -g)\" ]; do :; done; echo the same"
    );
    let mut session = env.terminal(100, 30).spawn("sh", &["-c", &script]);
    session.wait_for("shell in job test");
    session.type_keys("echo raw $((40 + 2))\r");
    session.wait_for("raw 42");
    session.type_keys("kill -KILL $PPID\r");
    session.wait_for("the same");
    assert_eq!(session.wait(), 0, "{}", session.screen());
    let screen = session.screen();
    // Whoever tidies the screen may begin a new line anywhere in it.
    let words: String = screen.split_whitespace().collect();
    assert!(words.contains("status137"), "{screen}");
    let mut session = open(&env, On::Shell);
    session.type_keys("exit\r");
    assert_eq!(session.wait(), 0, "{}", session.screen());
    assert_eq!(traces(&env), Vec::<String>::new());
}

#[test]
fn signals_end_it_and_nothing_stays() {
    for on in On::here() {
        let env = env();
        for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
            let mut session = open(&env, on);
            session.type_keys("sleep 300\r");
            session.signal(signal);
            assert_eq!(session.wait(), status, "{on:?}: {}", session.screen());
            assert_eq!(traces(&env), Vec::<String>::new(), "{on:?} {status}");
        }
    }
}

#[test]
fn what_a_killed_one_leaves_goes_with_the_next() {
    for on in On::here() {
        let env = env();
        let mut session = open(&env, on);
        session.type_keys("sleep 300.4712\r");
        session.signal(Signal::KILL);
        assert_eq!(session.wait(), 137, "{on:?}");
        assert_ne!(traces(&env), Vec::<String>::new(), "{on:?}: proves nothing");
        let mut session = open(&env, on);
        session.type_keys("exit\r");
        assert_eq!(session.wait(), 0, "{on:?}: {}", session.screen());
        assert_eq!(traces(&env), Vec::<String>::new(), "{on:?}");
        let runs = env.output(&["runs"]);
        let said = String::from_utf8_lossy(&runs.stdout).into_owned();
        assert!(said.contains("no run of this checkout"), "{on:?}: {said}");
        assert!(!runs_somewhere("300.4712"), "{on:?}");
    }
}

#[test]
fn what_can_not_have_one_is_told() {
    let env = env();
    for (arguments, wanted) in [
        (&["tset"][..], "did you mean `test`?"),
        (&["many"], "name one: `pipe shell 'many 1/2'`"),
        (
            &["child"],
            "job `child` has no script: it starts a pipeline",
        ),
        (
            &["tagged"],
            "another ref has it: `pipe shell --tag v1.0.0 tagged`",
        ),
    ] {
        let words = [&["shell", "--executor", "shell"], arguments].concat();
        let mut session = env.terminal(100, 30).spawn(PIPE, &words);
        let status = session.wait();
        let screen = session.screen();
        let usage = if arguments[0] == "tagged" { 5 } else { 2 };
        assert_eq!(status, usage, "{arguments:?}: {screen}");
        assert!(screen.contains(wanted), "{arguments:?}: {screen}");
    }
    let mut session =
        (env.terminal(100, 30)).spawn(PIPE, &["shell", "many 2/2", "--executor", "shell"]);
    session.wait_for("shell in job many 2/2");
    session.type_keys("exit 4\r");
    assert_eq!(session.wait(), 4, "{}", session.screen());
}

/// What does not come up is no shell's end.
#[test]
fn why_no_shell_came_is_told() {
    let env = TestEnv::empty();
    let jobs = "test:\n  environment: {name: $NOWHERE}\n  allow_failure: true\n  script: [exit 0]\n\
                path:\n  variables: {PATH: /nowhere}\n  script: [exit 0]\n";
    env.write(".gitlab-ci.yml", jobs);
    env.commit();
    for (job, why) in [
        ("test", "error: no shell in job `test`: "),
        ("path", "error: no shell in job `path`: the variable `PATH`"),
    ] {
        let words = ["shell", job, "--executor", "shell"];
        let mut session = env.terminal(100, 30).spawn(PIPE, &words);
        assert_eq!(session.wait(), 1, "{job}: {}", session.screen());
        assert!(
            session.screen().contains(why),
            "{job}: {}",
            session.screen()
        );
        assert_eq!(traces(&env), Vec::<String>::new(), "{job}");
    }
}

#[test]
fn it_needs_a_terminal() {
    let env = env();
    let mut command = env.pipe(&["shell", "test", "--executor", "shell"]);
    let mut child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut said = String::new();
    let mut stderr = child.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut said).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(2));
    assert_eq!(
        said,
        "error[terminal-missing]: a shell needs a terminal to read from and to write to\n\
         help: start it in a terminal; `pipe run --job test` needs none\n"
    );
}
