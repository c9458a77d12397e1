//! What a person, a file or a program sees of a run.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Seek, Write};
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::env::{PIPE, TestEnv};

/// `slow` waits for a sign of the test, so that the test decides what is on the screen.
const JOBS: &str = r#"
stages: [test, deploy, verify]
broken:
  stage: test
  script:
    - echo "1 of 2 tests failed"
    - exit 3
slow:
  stage: test
  script:
    - echo "collecting"
    - until [ -e SIGN ]; do sleep 0.1; done
staging:
  stage: deploy
  when: always
  environment: staging
  script: [echo deploy]
smoke:
  stage: verify
  when: always
  script: [echo smoke]
"#;

const FINE: &str = "
quick:
  script: [echo hello]
";

fn env() -> TestEnv {
    // The name of the sign is not known before its folder is.
    let env = TestEnv::new(JOBS);
    let file = env.project().join(".gitlab-ci.yml");
    let text = fs::read_to_string(&file).expect("the pipeline");
    let sign = env.sign("sign").display().to_string();
    fs::write(file, text.replace("SIGN", &sign)).expect("the pipeline");
    env
}

fn go_on(env: &TestEnv) {
    File::create(env.sign("sign")).expect("a sign");
}

const RUN: [&str; 3] = ["run", "--executor", "shell"];

fn run(env: &TestEnv, more: &[&str]) -> Output {
    let arguments: Vec<&str> = RUN.iter().chain(more).copied().collect();
    env.output(&arguments)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The lines of a screen from the first that contains `from`.
fn below(screen: &str, from: &str) -> String {
    let lines = screen.lines().skip_while(|line| !line.contains(from));
    lines.collect::<Vec<_>>().join("\n")
}

/// Ids, times and paths are different each time.
fn steady(screen: &str) -> String {
    let rules = [
        (r"[0-9a-f]{8} · run [0-9-]+", "SHA · run ID"),
        (r"runs/[0-9-]+/", "runs/ID/"),
        (r"local\.project-[0-9a-f]+", "PROJECT"),
        (r" +([0-9]+m )?[0-9.]+s", "  0.0s"),
    ];
    rules
        .iter()
        .fold(screen.to_owned(), |text, (pattern, with)| {
            let pattern = regex::Regex::new(pattern).expect("a pattern");
            pattern.replace_all(&text, *with).into_owned()
        })
}

#[test]
fn the_board_and_what_takes_its_place() {
    let env = env();
    let mut session = env.terminal(110, 40).spawn(PIPE, &RUN);
    session.wait_for("Run it now? [y/N]");
    session.type_keys("\r");
    session.wait_for("✗ broken failed: exit code 3");
    let board = session.wait_for("━━");
    for row in [
        " main  branch · push · ",
        " held: `staging` deploys to staging; pipe run --deploy=staging",
        " test    ✗ failed    broken ",
        "         ● running   slow ",
        " verify  ○ waiting   smoke",
    ] {
        assert!(board.contains(row), "{row}\n{board}");
    }
    session.resize(50, 30);
    session.wait_for("\n  ● running   slow");
    session.resize(110, 40);
    session.wait_for("\n         ● running   slow");
    go_on(&env);
    assert_eq!(session.wait(), 1, "{}", session.screen());
    let screen = session.screen();
    assert!(!screen.contains("running"), "the board is gone:\n{screen}");
    insta::assert_snapshot!(steady(&below(&screen, " test    ✗ failed")), @r#"
     test    ✗ failed    broken  0.0s
             ✓ passed    slow  0.0s
     deploy  ‖ held      staging
     verify  ✓ passed    smoke  0.0s

    ✗ broken failed: exit code 3, after  0.0s
        $ echo "1 of 2 tests failed"
        1 of 2 tests failed
        $ exit 3
        whole log: ~/state/pipe/PROJECT/runs/ID/logs/broken.1

    held: `staging` deploys to staging; pipe run --deploy=staging
          `smoke` ran after it, without what it would have done

    4 jobs: 1 failed, 2 passed, 1 held;  0.0s
    pipeline failed: 1 of 4 jobs failed
    "#);
    assert!(!session.cursor().2, "the cursor shows");

    let path = screen
        .split("whole log: ~/")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let log = fs::read_to_string(env.home().join(path.expect("a path")));
    assert!(log.is_ok_and(|log| log.contains("1 of 2 tests failed")));
}

#[test]
fn a_terminal_without_colour_or_a_movable_cursor() {
    let env = TestEnv::new(FINE);
    let looks: [(&str, &str, &str, bool, bool); 3] = [
        ("usual", "A", "", true, true),
        ("NO_COLOR", "NO_COLOR", "1", false, true),
        ("dumb", "TERM", "dumb", false, false),
    ];
    for (name, variable, value, colored, moves) in looks {
        let terminal = env.terminal(80, 24).env(variable, value);
        let mut session = terminal.spawn(PIPE, &RUN);
        assert_eq!(session.wait(), 0, "{name}: {}", session.screen());
        let raw = session.raw();
        assert_eq!(raw.contains("\x1b[32m"), colored, "{name}: {raw:?}");
        assert_eq!(raw.contains("\x1b[?2026h"), moves, "{name}: {raw:?}");
        assert!(session.screen().ends_with("pipeline passed"), "{name}");
    }
}

#[test]
fn logs_and_progress_are_apart() {
    let env = TestEnv::new(FINE);
    let output = run(&env, &[]);
    assert_eq!(
        text(&output.stdout),
        "quick > $ echo hello\nquick > hello\n"
    );
    let told = text(&output.stderr);
    assert!(told.starts_with("main  branch · push · "), "{told}");
    assert!(
        told.contains("\n● quick: started, stage test\n✓ quick: passed, after "),
        "{told}"
    );
    assert!(told.ends_with("\npipeline passed\n"), "{told}");
}

#[test]
fn quiet_says_nothing_of_a_run_that_passed() {
    let output = run(&TestEnv::new(FINE), &["-q"]);
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        Default::default()
    );
    assert!(output.status.success());
}

#[test]
fn json_is_all_there_is_and_its_last_line_is_the_result() {
    let env = env();
    go_on(&env);
    let output = run(&env, &["--format", "json"]);
    assert_eq!(text(&output.stderr), "");
    let stdout = text(&output.stdout);
    let events: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(events[0]["kind"], "run-started");
    let last = events.last().expect("an event");
    assert_eq!(last["kind"], "run-finished");
    assert_eq!(last["exit"], 1);
    assert_eq!(last["complete"], false);
    assert_eq!(last["held"][0]["release"], "--deploy=staging");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let env = env();
    let mut command = env.pipe(&RUN);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut line).expect("a line");
    drop(out);
    go_on(&env);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(
        told.ends_with("\npipeline failed: 1 of 4 jobs failed\n"),
        "{told}"
    );
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn jobs_do_not_read_what_pipe_could_read() {
    let env = TestEnv::new("reader:\n  script: [cat, echo done]\n");
    let path = env.sign("input");
    let mut input = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .expect("a file");
    input.write_all(b"not for jobs\n").expect("writes");
    input.rewind().expect("rewinds");
    let ours = input.try_clone().expect("a second handle");
    let output = env.pipe(&RUN).stdin(ours).output().expect("it starts");
    let stdout = text(&output.stdout);
    assert!(stdout.ends_with("> done\n"), "{stdout}");
    assert!(!stdout.contains("not for jobs"), "{stdout}");
    assert_eq!(
        input.stream_position().expect("a place"),
        0,
        "nothing was read"
    );
}

#[test]
fn nothing_and_nonsense_as_arguments() {
    let env = TestEnv::new(FINE);
    let rows: [(&str, &[&str], i32, &str, &str); 5] = [
        ("none", &[], 0, "Usage: pipe", ""),
        ("help", &["--help"], 0, "Usage: pipe", ""),
        (
            "version",
            &["--version"],
            0,
            concat!("pipe ", env!("CARGO_PKG_VERSION"), "\n"),
            "",
        ),
        (
            "no such command",
            &["rnu"],
            2,
            "",
            "error: unrecognized subcommand 'rnu'",
        ),
        (
            "no such option",
            &["run", "--jbos", "1"],
            2,
            "",
            "error: unexpected argument '--jbos'",
        ),
    ];
    for (name, arguments, code, out, err) in rows {
        let output = env.output(arguments);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{name}: {stderr}");
        assert!(stdout.contains(out), "{name}: {stdout}");
        assert!(stderr.starts_with(err), "{name}: {stderr}");
        assert!(
            !stdout.contains('\x1b') && !stderr.contains('\x1b'),
            "{name}"
        );
    }
}
