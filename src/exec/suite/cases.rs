//! What every executor must do, fakes included.

use std::time::{Duration, Instant};

use super::super::{ArtifactRef, Cancel, ExecError, Exit, Script};
use super::subject::{BUDGET, Step, Subject, context, globs};

/// A script's code is its shell's, and no failure (runtime reference 4.1).
pub(super) async fn exit_codes(subject: &Subject) {
    let codes = [0, 1, 42, 255];
    let steps = codes.map(|code| Step::real(&format!("exit {code}\n")));
    let mut session = subject.open("exit-codes", &steps).await;
    for (code, step) in codes.into_iter().zip(&steps) {
        let (exit, _) = step.run(session.as_mut()).await;
        assert_eq!(exit, Exit::Code(code));
    }
    session.close(BUDGET).await.expect("closes");
}

/// Both streams keep their order where the script makes them one (design chapter 6).
pub(super) async fn output_keeps_its_order(subject: &Subject) {
    let lines: Vec<String> = (1..=500).map(|n| format!("out {n}\nerr {n}\n")).collect();
    let wanted = lines.concat();
    let words: Vec<String> = wanted.lines().map(|line| format!("say {line}\n")).collect();
    let step = Step::new(
        "exec 2>&1\nn=1\nwhile [ $n -le 500 ]; do echo out $n; echo err $n >&2; n=$((n+1)); done\n",
        &words.concat(),
    );
    let mut session = subject.open("order", std::slice::from_ref(&step)).await;
    let (_, output) = step.run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    let differs = output
        .lines()
        .zip(wanted.lines())
        .find(|(it, wanted)| it != wanted);
    assert!(
        output == wanted,
        "{} bytes of {}, first {differs:?}, last {:?}",
        output.len(),
        wanted.len(),
        output.lines().last()
    );
}

/// `run` returns when all output has been handed over (`Session::run`).
pub(super) async fn all_output_comes_before_the_end(subject: &Subject) {
    let step = Step::new(
        "head -c 3000000 /dev/zero | tr '\\0' x; printf end\n",
        &format!("raw {}end", "x".repeat(3_000_000)),
    );
    let mut session = subject.open("much", std::slice::from_ref(&step)).await;
    let (_, output) = step.run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    let other: String = output.chars().filter(|it| *it != 'x').take(500).collect();
    assert_eq!(other, "end");
    assert_eq!(output.len(), 3_000_003);
}

/// A graceful stop leaves the environment to `after_script` (runtime reference 5).
pub(super) async fn graceful_cancel_stops_the_script_only(subject: &Subject) {
    let steps = [
        Step::new(
            // What says that it started is what has to end: a shell that is told so just before it
            // starts another program waits for that one first.
            "trap 'exit 1' TERM\nset -e\n(trap 'exit 1' TERM; sh -c 'echo started; exec sleep 120'; echo never) </dev/null\n",
            "say started\nsleep 120000",
        ),
        Step::new("echo after\n", "say after"),
    ];
    let mut session = subject.open("graceful", &steps).await;
    let begun = Instant::now();
    let (exit, output) = steps[0].with(session.as_mut(), cancel_when_started).await;
    assert_eq!(exit, Exit::Stopped);
    assert!(
        output.starts_with("started") && !output.contains("never"),
        "{output}"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    let (exit, output) = steps[1].run(session.as_mut()).await;
    assert_eq!((exit, output.as_str()), (Exit::Code(0), "after\n"));
    session.close(BUDGET).await.expect("closes");
}

fn cancel_when_started(output: &str, cancel: &tokio::sync::watch::Sender<Cancel>) {
    if output.contains("started") {
        cancel.send_replace(Cancel::Graceful);
    }
}

/// Force ends what no TERM ends (runtime reference 5).
pub(super) async fn force_ends_what_ignores_a_graceful_cancel(subject: &Subject) {
    let step = Step::new(
        "trap '' TERM\necho started\nn=0\nwhile [ $n -lt 600 ]; do sleep 0.2; echo still; n=$((n+1)); done\n",
        "stubborn\nsay started\nsleep 120000",
    );
    let mut session = subject.open("force", std::slice::from_ref(&step)).await;
    let begun = Instant::now();
    let (exit, _) = step
        .with(session.as_mut(), |output, cancel| {
            if output.contains("started") {
                cancel.send_replace(Cancel::Graceful);
                let cancel = cancel.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    cancel.send_replace(Cancel::Force);
                });
            }
        })
        .await;
    assert_eq!(exit, Exit::Stopped);
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    session.close(BUDGET).await.expect("closes");
}

/// `close` may be repeated (`Session::close`).
pub(super) async fn closing_twice_is_fine_and_leaves_nothing(subject: &Subject) {
    let mut session = subject.open("close", &[]).await;
    session.close(BUDGET).await.expect("closes");
    session.close(BUDGET).await.expect("closes again");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// A failed `open` has undone what it began (`Executor::open`).
pub(super) async fn a_tree_that_was_not_published_is_an_error(subject: &Subject) {
    let mut spec = subject.spec("unpublished");
    spec.workspace.tree = Some(super::super::TreeRef("nothing".to_owned()));
    let (cx, _live) = context();
    let error = refused(subject.executor.open(spec, &cx).await);
    assert!(error.message.contains("`nothing`"), "{error}");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// The same where it was stopped (`Executor::open`).
pub(super) async fn a_cancel_before_the_start_leaves_nothing(subject: &Subject) {
    let (cx, cancel) = context();
    cancel.send_replace(Cancel::Graceful);
    let error = refused(subject.executor.open(subject.spec("early"), &cx).await);
    assert!(error.message.contains("stopped"), "{error}");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// `close` alone has to work all the same.
pub(super) async fn a_cancel_ends_every_call(subject: &Subject) {
    let mut session = subject.open("canceled", &[]).await;
    let (cx, cancel) = context();
    cancel.send_replace(Cancel::Graceful);
    let artifacts = [ArtifactRef {
        tar: subject.archive("never-read.tar"),
        entries: 1,
        notes: Vec::new(),
        digest: None,
        lasts: false,
    }];
    let script = Script::whole("echo never\n");
    let into = subject.archive("never-made.tar");
    let path = format!("{}/file", subject.spec("canceled").layout.project_dir);
    let errors = [
        session.add(&artifacts, &cx).await.err(),
        session.read(&path, 1, &cx).await.err(),
        session.collect(&globs(&["**"]), &into, &cx).await.err(),
    ];
    for error in errors {
        let error = error.expect("it was stopped");
        assert!(error.message.contains("stopped"), "{error}");
    }
    let exit = session.run(&script, &cx).await;
    assert_eq!(exit.expect("no failure"), Exit::Stopped);
    assert!(!into.exists());
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// The error of an `open` that must fail.
pub(super) fn refused(opened: Result<Box<dyn super::super::Session>, ExecError>) -> ExecError {
    match opened {
        Ok(_) => panic!("must not open"),
        Err(error) => error,
    }
}
