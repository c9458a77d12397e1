//! What a job leaves as a layer of those that get it (design chapter 6).

use super::super::super::{ArtifactRef, Cx, Exit, Globs, Session, Workspace};
use super::super::subject::{BUDGET, Step, Subject};
use super::in_docker;

/// Large enough for a layer.
const FILL: &str = "head -c 5000000 /dev/urandom";

/// A tree with a folder, a file and what all trees have.
async fn tree(subject: &Subject) -> Workspace {
    let entries = [
        (".git/", 0o777, ""),
        (".git/HEAD", 0o666, "x"),
        ("README", 0o666, "tree\n"),
        ("src/", 0o777, ""),
        ("src/x", 0o666, "of the tree\n"),
    ];
    subject.tree(&entries).await
}

async fn open(subject: &Subject, job: &str, artifacts: &[&ArtifactRef]) -> Box<dyn Session> {
    let mut spec = subject.spec(job);
    spec.workspace = tree(subject).await;
    spec.workspace.artifacts = artifacts.iter().map(|&kept| kept.clone()).collect();
    subject.open_spec(spec).await
}

/// Runs a script in the project directory of that job.
async fn run(subject: &Subject, job: &str, artifacts: &[&ArtifactRef], script: &str) -> String {
    let mut session = open(subject, job, artifacts).await;
    let project = subject.spec(job).layout.project_dir;
    let step = Step::real(&format!("cd {project}\n{script}\n"));
    let (exit, output) = step.run(session.as_mut()).await;
    assert_eq!(exit, Exit::Code(0), "{script}: {output}");
    session.close(BUDGET).await.expect("closes");
    output
}

/// What a job with that script leaves of these paths.
async fn left(subject: &Subject, job: &str, script: &str, globs: &Globs) -> ArtifactRef {
    let mut session = open(subject, job, &[]).await;
    let project = subject.spec(job).layout.project_dir;
    let step = Step::real(&format!("umask 0; cd {project}\n{script}\n"));
    let (exit, output) = step.run(session.as_mut()).await;
    assert_eq!(exit, Exit::Code(0), "{script}: {output}");
    let into = subject.archive(&format!("{job}.tar"));
    let kept = session.collect(globs, &into, &Cx::unstoppable()).await;
    session.close(BUDGET).await.expect("closes");
    kept.expect("collects")
}

fn globs(paths: &[&str], exclude: &[&str]) -> Globs {
    let owned = |globs: &[&str]| globs.iter().map(|&glob| glob.to_owned()).collect();
    Globs {
        paths: owned(paths),
        exclude: owned(exclude),
        ..Globs::default()
    }
}

/// Says which volume of another job is below, and what is there.
const LOOK: &str = "grep -o 'lowerdir[^,]*' /proc/mounts | tr : '\\n' | sed -n 's/.*suite-\\(.*\\)-1-.*-upper.*/\\1/p' | sort -u
for file in README src/x out/*; do [ -f $file ] && [ $(wc -c <$file) -lt 99 ] && echo $file: $(cat $file); done
ls -A . ..";

#[tokio::test]
async fn what_a_job_leaves_is_below_those_that_get_it_if_it_is_all_that_it_changed() {
    in_docker(async |subject: &Subject| {
        let make = format!("mkdir -p out; {FILL} >out/big; echo one >out/a");
        let moved =
            "cd ..; mv project q; mkdir project; mv q/src project/out; rm -rf q; cd project";
        for (number, (more, exclude, is_layer, wanted)) in [
            ("true", &[][..], true, "out/a: one"),
            ("echo x >w", &[], false, "out/a: one"),
            ("echo x >README", &[], false, "README: tree"),
            ("rm README", &[], false, "README: tree"),
            ("echo secret >../project.tmp/S", &[], false, "out/a: one"),
            ("rm out/a; mv src/x out/a", &[], false, "out/a: of the tree"),
            ("true", &["out/a"], false, ""),
            ("chmod 700 out; chown -R 1000 out", &[], true, "out/a: one"),
        ]
        .into_iter()
        .enumerate()
        {
            let job = format!("make{number}");
            let script = format!("{make}; {more}");
            let kept = left(subject, &job, &script, &globs(&["out"], exclude)).await;
            let user = format!("use{number}");
            let seen = run(subject, &user, &[&kept], LOOK).await;
            assert_eq!(
                seen.contains(&format!("{job}\n")),
                is_layer,
                "{more}: {seen}"
            );
            assert!(seen.contains(wanted), "{more}: {seen}");
            assert!(seen.contains("src/x: of the tree"), "{more}: {seen}");
            assert_eq!(seen.contains("out/a"), exclude.is_empty(), "{more}: {seen}");
            assert!(
                !seen.contains("\nw\n") && !seen.contains("S\n"),
                "{more}: {seen}"
            );
            assert!(seen.contains("project.tmp\n"), "{more}: {seen}");
        }
        let script = format!("{moved}; {FILL} >out/big");
        let kept = left(subject, "moved", &script, &globs(&["out"], &[])).await;
        let seen = run(subject, "use-moved", &[&kept], "cat out/x").await;
        assert_eq!(seen, "of the tree\n");
    })
    .await;
}

#[tokio::test]
async fn what_several_jobs_leave_lies_over_each_other_in_their_order() {
    in_docker(async |subject: &Subject| {
        let make = |word: &str| format!("mkdir out; {FILL} >out/{word}; echo {word} >out/last");
        let out = globs(&["out"], &[]);
        let one = left(subject, "one", &make("one"), &out).await;
        let two = left(subject, "two", &make("two"), &out).await;
        for (artifacts, last) in [([&one, &two], "two"), ([&two, &one], "one")] {
            let seen = run(subject, "both", &artifacts, "ls out; cat out/last").await;
            assert_eq!(seen, format!("last\none\ntwo\n{last}\n"));
        }
    })
    .await;
}

#[tokio::test]
async fn what_jobs_change_of_it_is_their_own_and_nothing_stays() {
    in_docker(async |subject: &Subject| {
        let make = format!("mkdir out; {FILL} >out/big; echo one >out/a");
        let kept = left(subject, "make", &make, &globs(&["out"], &[])).await;
        for _ in 0..2 {
            let change = format!("cat out/a; echo two >out/a; {LOOK}");
            let seen = run(subject, "change", &[&kept], &change).await;
            assert!(seen.starts_with("one\nmake\n"), "{seen}");
            assert!(seen.contains("out/a: two"), "{seen}");
        }
        // A tree that has something there lies below it.
        let mut spec = subject.spec("over");
        let readme = subject.archive("tree.tar");
        super::super::subject::write_tar(
            &readme,
            &[("out/", 0o777, ""), ("out/a", 0o666, "old\n")],
        );
        spec.workspace = subject.layers_called("other", &[readme]).await;
        spec.workspace.artifacts = vec![kept];
        let project = spec.layout.project_dir.clone();
        let mut session = subject.open_spec(spec).await;
        let step = Step::real(&format!("cat {project}/out/a\n"));
        let (_, output) = step.run(session.as_mut()).await;
        assert_eq!(output, "one\n");
        session.close(BUDGET).await.expect("closes");
        assert_eq!(subject.leftovers().await, [] as [String; 0]);
    })
    .await;
}
