//! The contract over the sandbox, and what only it must do.

use std::sync::Arc;

use super::super::{Exit, SandboxExecutor, SandboxSettings};
use super::contract;
use super::subject::{BUDGET, RUN, Step, Subject, scratch};

#[expect(clippy::unused_async, reason = "made like the other subjects")]
async fn sandbox() -> Subject {
    let scratch = scratch();
    let executor = SandboxExecutor::new(SandboxSettings {
        base: scratch.path().join("sandbox"),
        run: RUN.to_owned(),
    });
    Subject::in_folder(scratch, Arc::new(executor), None)
}

contract!(sandbox:
    cases::exit_codes
    cases::output_keeps_its_order
    cases::all_output_comes_before_the_end
    cases::graceful_cancel_stops_the_script_only
    cases::force_ends_what_ignores_a_graceful_cancel
    cases::closing_twice_is_fine_and_leaves_nothing
    cases::a_tree_that_was_not_published_is_an_error
    cases::a_cancel_before_the_start_leaves_nothing
    cases::a_cancel_ends_every_call
    real::a_second_script_has_the_same_root_and_a_new_shell
    real::a_long_script_arrives_whole
    real::a_script_that_is_not_read_does_not_block
    real::layers_of_a_tree_lie_over_each_other
    real::the_tree_is_there_and_artifacts_lie_over_it
    real::artifacts_come_to_an_environment_that_waits
    real::artifacts_keep_modes_times_and_links
    real::a_link_to_a_file_left_out_brings_its_content
    real::nothing_to_collect_gives_an_empty_archive
    real::a_failed_open_is_undone
    real::a_terminal_that_an_executor_lacks_is_told
    real::only_dead_runs_of_the_owner_are_reaped
);

/// Runs one script in a sandbox of its own.
async fn runs(script: &str) -> (Exit, String) {
    let subject = sandbox().await;
    let mut session = subject.open("one", &[]).await;
    let ended = Step::real(script).run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
    ended
}

/// Where root runs the tests, all of them are run once more as a user who has no rights.
#[test]
fn all_of_it_as_a_plain_user() {
    use std::os::unix::process::CommandExt;

    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = scratch();
    let user = 61_234;
    std::os::unix::fs::chown(home.path(), Some(user), Some(user)).expect("given away");
    // The program may lie where only root gets.
    let program = home.path().join("tests");
    std::fs::copy("/proc/self/exe", &program).expect("copied");
    let done = std::process::Command::new(&program)
        .args(["suite::sandbox", "--skip", "as_a_plain_user"])
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .current_dir("/")
        .uid(user)
        .gid(user)
        .output()
        .expect("started");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}");
    assert!(said.contains(" passed"), "{said}");
}

#[tokio::test]
async fn a_background_child_that_holds_the_output_does_not_delay_the_end() {
    let ended = runs("(sleep 60; echo late) &\necho end\nexit 3\n").await;
    assert_eq!(ended, (Exit::Code(3), "end\n".to_owned()));
}

#[tokio::test]
async fn a_shell_that_a_signal_ends_has_128_and_its_number() {
    assert_eq!(runs("kill -9 $$\n").await.0, Exit::Code(137));
}
