//! What a job was brought as a layer and has left as it was need not be packed again.

use super::super::super::{Cx, Exit};
use super::super::subject::{BUDGET, Step, globs};
use super::sandbox;

#[tokio::test]
async fn what_a_job_has_left_as_it_was_brought() {
    let subject = sandbox().await;
    let tree = [("README", 0o666, "tree\n")];
    let into = subject.archive("kept.tar");
    let mut spec = subject.spec("make");
    let project = spec.layout.project_dir.clone();
    spec.workspace = subject.tree(&tree).await;
    let mut session = subject.open_spec(spec).await;
    let make = format!(
        "cd {project}; mkdir out; head -c 5000000 /dev/urandom >out/big; echo one >out/a\n"
    );
    let (exit, output) = Step::real(&make).run(session.as_mut()).await;
    assert_eq!(exit, Exit::Code(0), "{output}");
    let (out, cx) = (globs(&["out"]), Cx::unstoppable());
    let kept = session.collect(&out, &into, &cx).await.expect("collects");
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

#[tokio::test]
async fn what_lies_over_what_was_brought_is_packed_with_it() {
    let subject = sandbox().await;
    let (large, small) = (subject.archive("large.tar"), subject.archive("small.tar"));
    let (out, cx) = (globs(&["out"]), Cx::unstoppable());
    let mut kept = Vec::new();
    for (into, make) in [
        (&large, "head -c 5000000 /dev/urandom >out/big"),
        (&small, "echo one >out/a"),
    ] {
        let spec = subject.spec("make");
        let project = spec.layout.project_dir.clone();
        let mut session = subject.open_spec(spec).await;
        let make = format!("mkdir -p {project}/out; cd {project}; {make}\n");
        let (exit, output) = Step::real(&make).run(session.as_mut()).await;
        assert_eq!(exit, Exit::Code(0), "{output}");
        kept.push(session.collect(&out, into, &cx).await.expect("collects"));
        session.close(BUDGET).await.expect("closes");
    }
    for is_added in [false, true] {
        let mut spec = subject.spec("use");
        spec.workspace.artifacts.clone_from(&kept);
        if is_added {
            spec.workspace.artifacts.pop();
        }
        let mut session = subject.open_spec(spec).await;
        if is_added {
            session.add(&kept[1..], &cx).await.expect("added");
        }
        let said = session.as_brought(&out, &cx).await.expect("looked at");
        assert_eq!(said, None, "{is_added}");
        session.close(BUDGET).await.expect("closes");
    }
    assert_eq!(subject.leftovers().await, [] as [String; 0]);
}
