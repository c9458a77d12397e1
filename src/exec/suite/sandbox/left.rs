//! What a job leaves is the layer of those that get it, and no copy of it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::super::{ArtifactRef, Cx, EnvSpec, Exit, Session, Workspace};
use super::super::subject::{BUDGET, Step, Subject, globs};
use super::sandbox;

/// Files of that name, with how many names each has.
fn named(folder: &Path, name: &str) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(about) = entry.metadata() else {
            continue;
        };
        if about.is_dir() {
            found.extend(named(&entry.path(), name));
        } else if entry.file_name() == name {
            found.push((entry.path(), about.nlink()));
        }
    }
    found
}

/// What a job makes of a large and a small file.
pub(super) const LARGE: &str = "head -c 5000000 /dev/urandom >big; echo one >a";

/// A job that has made artifacts of a folder, and these.
pub(super) async fn made(
    subject: &Subject,
    workspace: Workspace,
    (folder, make): (&str, &str),
    into: &Path,
) -> (Box<dyn Session>, ArtifactRef) {
    let spec = EnvSpec {
        workspace,
        ..subject.spec("make")
    };
    let project = spec.layout.project_dir.clone();
    let mut session = subject.open_spec(spec).await;
    let script = format!("mkdir -p {project}/{folder}; cd {project}/{folder}; {make}\n");
    let (exit, output) = Step::real(&script).run(session.as_mut()).await;
    assert_eq!(exit, Exit::Code(0), "{output}");
    let all = globs(&[folder]);
    let kept = session.collect(&all, into, &Cx::unstoppable()).await;
    (session, kept.expect("collects"))
}

#[tokio::test]
async fn what_a_job_leaves_is_not_copied_for_those_that_get_it() {
    let subject = sandbox().await;
    let tree = [("README", 0o666, "tree\n")];
    let into = subject.archive("kept.tar");
    let jobs = into.with_file_name("sandbox").join("jobs");
    let workspace = subject.tree(&tree).await;
    let (mut session, kept) = made(&subject, workspace, ("out", LARGE), &into).await;
    let names: Vec<u64> = named(&jobs, "big")
        .iter()
        .map(|(_, names)| *names)
        .collect();
    // Others may have to copy layers.
    if rustix::process::geteuid().is_root() {
        assert_eq!(names, [2, 2], "one file with two names");
    }
    session.close(BUDGET).await.expect("closes");
    for _ in 0..2 {
        let mut spec = subject.spec("use");
        spec.workspace = subject.tree(&tree).await;
        spec.workspace.artifacts = vec![kept.clone()];
        let project = spec.layout.project_dir.clone();
        let mut session = subject.open_spec(spec).await;
        let change = format!("cd {project}; cat README out/a; wc -c <out/big; echo two >out/a\n");
        let (_, output) = Step::real(&change).run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        assert_eq!(output, "tree\none\n5000000\n");
    }
    assert_eq!(named(&jobs, "big").len(), 1);
    assert_eq!(subject.leftovers().await, [] as [String; 0]);
}
