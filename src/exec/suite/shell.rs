//! The contract over the shell executor, and what only it must do.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Exit, ShellExecutor, ShellSettings};
use super::contract;
use super::subject::{BUDGET, RUN, Step, Subject};

#[expect(clippy::unused_async, reason = "made like the other subjects")]
async fn shell() -> Option<Subject> {
    let base = tempfile::tempdir().expect("a folder").keep();
    let executor = ShellExecutor::new(ShellSettings {
        base,
        run: RUN.to_owned(),
        grace: Duration::from_secs(3),
    });
    Some(Subject::new(Arc::new(executor), None))
}

contract!(shell:
    cases::exit_codes
    cases::output_keeps_its_order
    cases::all_output_comes_before_the_end
    cases::graceful_cancel_stops_the_script_only
    cases::force_ends_what_ignores_a_graceful_cancel
    cases::closing_twice_is_fine_and_leaves_nothing
    cases::a_tree_that_was_not_published_is_an_error
    cases::a_cancel_before_the_start_leaves_nothing
    real::a_second_script_has_the_same_root_and_a_new_shell
    real::a_long_script_arrives_whole
    real::a_script_that_is_not_read_does_not_block
    real::the_tree_is_there_and_artifacts_lie_over_it
    real::artifacts_keep_modes_times_and_links
    real::nothing_to_collect_gives_an_empty_archive
    real::a_failed_open_is_undone
    real::only_dead_runs_of_the_owner_are_reaped
);
