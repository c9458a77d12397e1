//! The contract over the shell executor, and what only it must do.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Exit, ShellExecutor, ShellSettings};
use super::cases::refused;
use super::contract;
use super::subject::{BUDGET, RUN, Step, Subject, context, scratch};

#[expect(clippy::unused_async, reason = "made like the other subjects")]
async fn shell() -> Subject {
    let scratch = scratch();
    let executor = ShellExecutor::new(ShellSettings {
        base: scratch.path().join("jobs"),
        run: RUN.to_owned(),
        grace: Duration::from_secs(3),
    });
    Subject::in_folder(scratch, Arc::new(executor), None)
}

contract!(shell, shells);
contract!(shell: real::services_that_an_executor_lacks_are_told);

#[tokio::test]
async fn a_background_job_that_holds_the_output_holds_the_job() {
    let subject = shell().await;
    let mut session = subject.open("background", &[]).await;
    let step = Step::real("(sleep 1; echo late) &\necho end\n");
    let (exit, output) = step.run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!((exit, output.as_str()), (Exit::Code(0), "end\nlate\n"));
}

#[tokio::test]
async fn a_shell_that_a_signal_ends_has_minus_one() {
    let subject = shell().await;
    let mut session = subject.open("killed", &[]).await;
    let (exit, _) = Step::real("kill -9 $$\n").run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(exit, Exit::Code(-1));
}

/// Runs `script`, which prints the number of a process, and closes; that process must be gone.
async fn ends_with_its_session(script: &str) {
    let subject = shell().await;
    let mut session = subject.open("daemon", &[]).await;
    let (_, pid) = Step::real(script).run(session.as_mut()).await;
    let process = std::path::PathBuf::from("/proc").join(pid.trim());
    assert!(process.exists(), "{script}: {}", process.display());
    session.close(BUDGET).await.expect("closes");
    let state = || std::fs::read_to_string(process.join("stat")).unwrap_or_default();
    let is_gone = || {
        let state = state();
        state.is_empty() || state.contains(") Z ")
    };
    for _ in 0..50 {
        if is_gone() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{script}: still runs: {}", state());
}

#[tokio::test]
async fn what_left_the_group_ends_when_the_session_is_closed() {
    ends_with_its_session("setsid sleep 300 >/dev/null 2>&1 </dev/null &\necho $!\n").await;
}

#[tokio::test]
async fn so_does_what_shed_its_environment_too() {
    ends_with_its_session(
        "env -i PATH=\"$PATH\" setsid sh -c 'sleep 300 >/dev/null & echo $!' 2>/dev/null </dev/null\n",
    )
    .await;
}

#[tokio::test]
async fn a_hostile_tree_stays_inside() {
    let subject = shell().await;
    let outside = subject.scratch.path().join("outside");
    std::fs::create_dir(&outside).expect("a folder");
    let link = format!("-> {}", outside.display());
    for (name, entries) in [
        (
            "through a link",
            vec![("way", 0o777, link.as_str()), ("way/file", 0o666, "x")],
        ),
        (
            "through a link that was a folder",
            vec![
                ("way/a", 0o666, "x"),
                ("way", 0o777, &link),
                ("way/b", 0o666, "x"),
            ],
        ),
    ] {
        let mut spec = subject.spec("hostile");
        spec.workspace = subject.tree(&entries).await;
        let (cx, _live) = context();
        let error = refused(subject.executor.open(spec, &cx).await);
        assert!(
            error.message.contains("can't be unpacked"),
            "{name}: {error}"
        );
        assert_eq!(
            std::fs::read_dir(&outside).expect("folder").count(),
            0,
            "{name}"
        );
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_job_has_no_terminal() {
    let subject = shell().await;
    let mut session = subject.open("terminal", &[]).await;
    let step = Step::real(
        "read -r _ _ _ _ group sid _ </proc/$$/stat; [ $group = $$ ] && [ $sid = $$ ] && echo own\n",
    );
    let (_, output) = step.run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(output, "own\n");
}
