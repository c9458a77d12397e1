//! The contract over the fake: what the tests of the run loop rely on is what executors do.

use std::sync::Arc;

use super::super::fake::FakeExecutor;
use super::contract;
use super::subject::Subject;

#[expect(clippy::unused_async, reason = "made like the other subjects")]
async fn fake() -> Subject {
    let fake = Arc::new(FakeExecutor::default());
    let mut subject = Subject::new(fake.clone(), Some("any:1"));
    subject.fake = Some(fake);
    subject
}

contract!(fake:
    cases::exit_codes
    cases::output_keeps_its_order
    cases::all_output_comes_before_the_end
    cases::graceful_cancel_stops_the_script_only
    cases::force_ends_what_ignores_a_graceful_cancel
    cases::closing_twice_is_fine_and_leaves_nothing
    cases::a_tree_that_was_not_published_is_an_error
    cases::a_cancel_before_the_start_leaves_nothing
    cases::a_cancel_ends_every_call
);
