//! A disk that is full inside a sandbox: it stays so, and what to do is told.

use super::super::super::{ArtifactRef, EnvSpec, ExecError, Fault, SandboxExtras};
use super::super::subject::{Subject, context, write_tar};
use super::extras::with;

/// A subject whose jobs have one megabyte for their project.
fn small() -> Subject {
    let at = with(SandboxExtras::default())
        .spec("job")
        .layout
        .project_dir;
    with(SandboxExtras {
        tmpfs: vec![(at, "size=1m".to_owned())],
        ..SandboxExtras::default()
    })
}

/// A file of two megabytes.
fn large() -> [(&'static str, u32, &'static str); 1] {
    [("large", 0o644, "x".repeat(2 << 20).leak())]
}

fn artifacts(subject: &Subject) -> ArtifactRef {
    let tar = subject.archive("artifacts.tar");
    write_tar(&tar, &large());
    ArtifactRef {
        tar,
        entries: 1,
        notes: Vec::new(),
        digest: None,
        lasts: false,
    }
}

async fn refused(subject: &Subject, spec: EnvSpec) -> ExecError {
    let (cx, _live) = context();
    let opened = subject.executor.open(spec, &cx).await;
    opened.err().expect("there is no room")
}

#[track_caller]
fn is_told(error: &ExecError, what: &str) {
    let told = format!(
        "{what} can't be unpacked: `large`: no space left on device: make room, or name other places with `XDG_"
    );
    assert!(error.in_one_line().contains(&told), "{error:?}");
    assert_eq!(error.fault, Fault::Lasting, "{error}");
    assert!(error.is_full_disk(), "{error}");
}

#[tokio::test]
async fn it_is_told_of_artifacts_that_come_with_the_job_and_behind_it() {
    let subject = small();
    let artifacts = artifacts(&subject);
    let mut spec = subject.spec("job");
    spec.workspace.artifacts = vec![artifacts.clone()];
    is_told(&refused(&subject, spec).await, "the artifacts");

    let mut session = subject.open("job", &[]).await;
    let (cx, _live) = context();
    let added = session.add(&[artifacts], &cx).await;
    is_told(&added.expect_err("there is no room"), "the artifacts");
    session.close(super::BUDGET).await.expect("closes");
    subject.release().await;
}

#[tokio::test]
async fn it_is_told_of_the_project_where_that_is_the_users_as_root() {
    let subject = small();
    let mut spec = subject.spec("job");
    spec.workspace = subject.tree(&large()).await;
    spec.owned_files = true;
    is_told(&refused(&subject, spec).await, "the project files");
    subject.release().await;
}
