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

contract!(fake, words);
