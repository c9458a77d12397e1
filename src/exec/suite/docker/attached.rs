//! The contract over a daemon that carries the logs of jobs itself.

use super::super::super::{DockerExecutor, DockerSettings};
use super::super::contract;
use super::super::subject::Subject;

async fn attached() -> Subject {
    let settings = DockerSettings::default();
    super::with(DockerExecutor::new(super::endpoint(), settings)).await
}

contract!(attached, images);
