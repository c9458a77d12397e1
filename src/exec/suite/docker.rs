//! The contract over Docker, and what only it must do.

use std::sync::Arc;

use super::super::{DockerExecutor, Endpoint, Executor, Reach};
use super::contract;
use super::subject::Subject;

const IMAGE: &str = "pipe-test-busybox:1";

/// The daemon of this machine; `None` only where Docker is to be left out.
async fn docker() -> Option<Subject> {
    if std::env::var_os("PIPE_TEST_NO_DOCKER").is_some_and(|value| value == "1") {
        return None;
    }
    let host = std::env::var("DOCKER_HOST").ok();
    let endpoint = Endpoint::find(host.as_deref(), None, Reach::Local).expect("a Docker daemon");
    let subject = Subject::new(Arc::new(DockerExecutor::new(endpoint)), Some(IMAGE));
    let images: Vec<_> = subject.image.iter().cloned().collect();
    let missing = subject.executor.missing(&images).await.expect("asks");
    assert!(missing.is_empty(), "make {IMAGE} with tests/scripts first");
    Some(subject)
}

contract!(docker:
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
