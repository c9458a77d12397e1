//! What a job was brought as a layer and has left as it was need not be packed again.

use std::time::Duration;

use super::super::super::{ArtifactRef, Cx, EnvSpec, Exit, SandboxExtras, ServiceSpec, Workspace};
use super::super::subject::{BUDGET, Step, Subject, globs};
use super::left::{LARGE, made};
use super::services::service;
use super::{extras, sandbox};

#[tokio::test]
async fn what_a_job_has_left_as_it_was_brought() {
    let subject = sandbox().await;
    let tree = [("README", 0o666, "tree\n")];
    let into = subject.archive("kept.tar");
    let (out, cx) = (globs(&["out"]), Cx::unstoppable());
    let workspace = subject.tree(&tree).await;
    let (mut session, kept) = made(&subject, workspace, ("out", LARGE), &into).await;
    let said = session.as_brought(&out, &cx).await.expect("looked at");
    assert_eq!(said, None, "it was brought nothing");
    session.close(BUDGET).await.expect("closes");
    for (change, is_as_brought) in [
        ("cat out/* README | wc -c", true),
        ("echo new >new; echo two >README", true),
        ("echo two >out/a", false),
        ("echo one >out/new", false),
        ("chmod 600 out/a", false),
        ("rm out/a", false),
        ("rm -r out", false),
        ("mv out of; mkdir out; cp of/* out", false),
        ("cd ..; mv $OLDPWD old; mkdir $OLDPWD", false),
        (
            "cd ..; cp -r $OLDPWD old; rm -r $OLDPWD; mv old $OLDPWD",
            false,
        ),
    ] {
        let mut spec = subject.spec("use");
        spec.workspace = subject.tree(&tree).await;
        spec.workspace.artifacts = vec![kept.clone()];
        let project = spec.layout.project_dir.clone();
        let mut session = subject.open_spec(spec).await;
        let script = format!("cd /; cd {project}; {change}\n");
        let (exit, output) = Step::real(&script).run(session.as_mut()).await;
        assert_eq!(exit, Exit::Code(0), "{change}: {output}");
        let said = session.as_brought(&out, &cx).await.expect("looked at");
        // Others than root may have to copy layers, which shows no changes.
        if said.is_some() || rustix::process::geteuid().is_root() {
            let wanted = is_as_brought.then(|| kept.notes.clone());
            assert_eq!(said, wanted, "{change}");
        }
        session.close(BUDGET).await.expect("closes");
    }
    assert_eq!(subject.leftovers().await, [] as [String; 0]);
}

/// A job that was brought these in an empty workspace; what it takes of its folder `out` is not just
/// what one archive has.
async fn is_packed(subject: &Subject, spec: EnvSpec, later: &[ArtifactRef], situation: &str) {
    let (out, cx) = (globs(&["out"]), Cx::unstoppable());
    let mut session = subject.open_spec(spec).await;
    session.add(later, &cx).await.expect("added");
    let said = session.as_brought(&out, &cx).await.expect("looked at");
    assert_eq!(said, None, "{situation}");
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, [] as [String; 0]);
}

#[tokio::test]
async fn what_is_not_of_one_archive_alone_is_packed() {
    let subject = sandbox().await;
    let empty = || subject.spec("use").workspace;
    let mut kept = Vec::new();
    for (name, made_of) in [
        ("large.tar", ("out", LARGE)),
        ("small.tar", ("out", "echo one >a")),
        ("other.tar", ("other", "echo one >a")),
    ] {
        let into = subject.archive(name);
        let (mut session, of_job) = made(&subject, empty(), made_of, &into).await;
        session.close(BUDGET).await.expect("closes");
        kept.push(of_job);
    }
    let [large, small, other] = <[_; 3]>::try_from(kept).expect("three");
    let tree = subject.tree(&[("out/a", 0o666, "tree\n")]).await;
    let spec = |mut workspace: Workspace, brought: &[&ArtifactRef]| {
        workspace.artifacts = brought.iter().map(|&kept| kept.clone()).collect();
        EnvSpec {
            workspace,
            ..subject.spec("use")
        }
    };
    for (situation, spec, later) in [
        ("another over it", spec(empty(), &[&large, &small]), None),
        ("another later", spec(empty(), &[&large]), Some(&small)),
        ("another below it", spec(empty(), &[&other, &large]), None),
        ("of the tree alone", spec(tree, &[&other]), None),
        (
            "a service that may write there",
            EnvSpec {
                services: vec![sleeping()],
                ..spec(empty(), &[&large])
            },
            None,
        ),
    ] {
        is_packed(
            &subject,
            spec,
            &later.cloned().into_iter().collect::<Vec<_>>(),
            situation,
        )
        .await;
    }
    let project = subject.spec("use").layout.project_dir;
    let mounted = extras::with(SandboxExtras {
        tmpfs: vec![(format!("{project}/out"), String::new())],
        ..SandboxExtras::default()
    });
    let situation = "something is mounted over it";
    is_packed(&mounted, spec(empty(), &[&large]), &[], situation).await;
}

fn sleeping() -> ServiceSpec {
    ServiceSpec {
        wait: Duration::ZERO,
        ..service("beside", 80, "exec sleep 100")
    }
}
