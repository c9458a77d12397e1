//! What every executor that runs real shells must do.

use std::io::Read;
use std::time::Duration;

use super::super::{ArtifactRef, Brief, Cx, Exit, Fault, Image, ServiceSpec, Workspace};
use super::cases::refused;
use super::subject::{BUDGET, RUN, Step, Subject, context, globs, variables, write_tar};

/// Each script is a new shell in the same root (runtime reference 1.3).
pub(super) async fn a_second_script_has_the_same_root_and_a_new_shell(subject: &Subject) {
    let project = subject.spec("second").layout.project_dir;
    let mut session = subject.open("second", &[]).await;
    let first = Step::real(&format!("A=1; cd {project}; echo kept >file\n"));
    assert_eq!(first.run(session.as_mut()).await.0, Exit::Code(0));
    let second = Step::real(&format!("echo \"[$A] $(cat {project}/file)\"\n"));
    let (_, output) = second.run(session.as_mut()).await;
    assert_eq!(output, "[] kept\n");
    session.close(BUDGET).await.expect("closes");
}

/// A script may be told in brief where its shell begins with the variables that it relies on, and nothing
/// can have changed them: no entrypoint, no file of commands that a variable names (runtime reference
/// 2.1).
pub(super) async fn a_script_in_brief_finds_its_variables(subject: &Subject) {
    let step = Step {
        brief: Some(Brief {
            text: "echo \"$A\"\n".to_owned(),
            relies_on: vec![("A".to_owned(), "asked".to_owned())],
        }),
        ..Step::real("export A=asked; echo \"$A\"\n")
    };
    for (entrypoint, names_file, value) in [
        (None, false, "asked"),
        (None, false, "of another time"),
        (Some("env A=other"), false, "asked"),
        (None, true, "asked"),
    ] {
        let mut spec = subject.spec("brief");
        spec.workspace = subject.tree(&[("first.sh", 0o644, "A=other\n")]).await;
        let file = format!("{}/first.sh", spec.layout.project_dir);
        spec.variables = variables(&[("A", value)]);
        if names_file {
            spec.variables.extend(variables(&[("BASH_ENV", &file)]));
        }
        if let Some(image) = &mut spec.image {
            image.entrypoint =
                entrypoint.map(|words| words.split(' ').map(str::to_owned).collect());
        }
        let mut session = subject.open_spec(spec).await;
        let ended = step.run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        let wanted = (Exit::Code(0), "asked\n".to_owned());
        assert_eq!(ended, wanted, "{entrypoint:?} {names_file} {value}");
    }
}

/// The text comes through standard input, however long it is (runtime reference 7.1).
pub(super) async fn a_long_script_arrives_whole(subject: &Subject) {
    let step = Step::real(&format!("{}echo end\n", ": padding\n".repeat(30_000)));
    let mut session = subject.open("long", &[]).await;
    let (exit, output) = step.run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!((exit, output.as_str()), (Exit::Code(0), "end\n"));
}

/// A shell may end before it has read its text (runtime reference 7.1).
pub(super) async fn a_script_that_is_not_read_does_not_block(subject: &Subject) {
    let step = Step::real(&format!("exit 3\n{}", ": padding\n".repeat(100_000)));
    let mut session = subject.open("unread", &[]).await;
    let (exit, _) = step.run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(exit, Exit::Code(3));
}

/// A layer replaces and takes away what lies below it, and a job may move folders of any (design
/// chapter 6).
pub(super) async fn layers_of_a_tree_lie_over_each_other(subject: &Subject) {
    let (lower, upper) = (subject.archive("lower.tar"), subject.archive("upper.tar"));
    write_tar(
        &lower,
        &[
            ("./", 0o777, ""),
            ("gone", 0o666, "x"),
            ("kept", 0o666, "kept\n"),
            ("edited", 0o666, "old\n"),
            ("d/", 0o777, ""),
            ("d/file", 0o666, "x"),
            ("sub/", 0o777, ""),
            ("sub/file", 0o666, "below\n"),
        ],
    );
    write_tar(
        &upper,
        &[
            ("./", 0o777, ""),
            ("edited", 0o666, "new\n"),
            ("gone", 0, "gone"),
            ("d", 0, "gone"),
        ],
    );
    let mut spec = subject.spec("layers");
    spec.workspace = subject.layers(&[lower, upper]).await;
    let project = spec.layout.project_dir.clone();
    let mut session = subject.open_spec(spec).await;
    let look = Step::real(&format!(
        "cd {project} && ls && cat edited kept && mv sub moved && cat moved/file && echo x >new\n"
    ));
    let (exit, output) = look.run(session.as_mut()).await;
    assert_eq!(output, "edited\nkept\nsub\nnew\nkept\nbelow\n");
    assert_eq!(exit, Exit::Code(0));
    // What a job changes is the next one's of it, and nobody else's.
    let again = Step::real(&format!("cd {project} && ls\n"));
    let (_, output) = again.run(session.as_mut()).await;
    assert_eq!(output, "edited\nkept\nmoved\nnew\n");
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, [] as [String; 0]);
}

/// Artifacts replace what the sources have (runtime reference 16.3).
pub(super) async fn the_tree_is_there_and_artifacts_lie_over_it(subject: &Subject) {
    let workspace = subject
        .tree(&[
            ("./", 0o777, ""),
            ("plain", 0o666, "tree\n"),
            ("exec", 0o777, "#!/bin/sh\necho ran\n"),
            ("sub/", 0o777, ""),
            ("sub/file", 0o666, "below\n"),
            ("link", 0o777, "-> sub/file"),
            (&"d/".repeat(60), 0o777, ""),
        ])
        .await;
    let over = subject.archive("over.tar");
    write_tar(
        &over,
        &[("plain", 0o640, "artifact\n"), ("sub/new", 0o600, "new\n")],
    );
    let mut spec = subject.spec("tree");
    spec.workspace = Workspace {
        artifacts: vec![ArtifactRef {
            tar: over,
            entries: 2,
            notes: Vec::new(),
            digest: None,
            lasts: false,
        }],
        ..workspace
    };
    let project = spec.layout.project_dir.clone();
    let mut session = subject.open_spec(spec).await;
    let look = Step::real(&format!(
        "cd {project} && cat plain sub/file sub/new link && ./exec && readlink link && \
         stat -c '%n %a' plain exec sub/new && stat -c %Y sub/file && [ -d {} ] && echo deep\n",
        "d/".repeat(60)
    ));
    let (exit, output) = look.run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(
        output,
        "artifact\nbelow\nnew\nbelow\nran\nsub/file\n\
         plain 640\nexec 777\nsub/new 600\n1600000000\ndeep\n"
    );
    assert_eq!(exit, Exit::Code(0));
}

/// An environment made ahead: its shell waits while the artifacts come.
pub(super) async fn artifacts_come_to_an_environment_that_waits(subject: &Subject) {
    for started in [false, true] {
        let workspace = subject
            .tree(&[("plain", 0o666, "tree\n"), ("kept", 0o666, "kept\n")])
            .await;
        let over = subject.archive("over.tar");
        write_tar(&over, &[("plain", 0o640, "artifact\n")]);
        let mut spec = subject.spec(&format!("ahead-{started}"));
        spec.workspace = workspace;
        let project = spec.layout.project_dir.clone();
        let mut session = subject.open_spec(spec).await;
        let (cx, _live) = context();
        if started {
            session.start(&cx).await.expect("starts");
            session.start(&cx).await.expect("is up already");
        }
        let kept = ArtifactRef {
            tar: over,
            entries: 1,
            notes: Vec::new(),
            digest: None,
            lasts: false,
        };
        session.add(&[kept], &cx).await.expect("adds");
        let look = Step::real(&format!("cd {project} && cat plain kept\n"));
        let (exit, output) = look.run(session.as_mut()).await;
        assert_eq!(
            (exit, output.as_str()),
            (Exit::Code(0), "artifact\nkept\n"),
            "{started}"
        );
        let (exit, output) = look.run(session.as_mut()).await;
        assert_eq!(
            (exit, output.as_str()),
            (Exit::Code(0), "artifact\nkept\n"),
            "{started}"
        );
        session.close(BUDGET).await.expect("closes");
    }
    assert_eq!(subject.leftovers().await, [""; 0]);
}

/// An archive has modes, times and links, and nothing of `.git` (runtime reference 16.2).
pub(super) async fn artifacts_keep_modes_times_and_links(subject: &Subject) {
    let mut spec = subject.spec("producer");
    let project = spec.layout.project_dir.clone();
    spec.workspace = subject.tree(&[("tracked", 0o666, "t")]).await;
    let mut producer = subject.open_spec(spec).await;
    let make = Step::real(&format!(
        "cd {project}; mkdir -p out/deep out/empty .git; echo r >out/r; chmod 400 out/r; \
         echo x >out/deep/x; chmod 755 out/deep/x; ln -s nowhere out/broken; ln -s out dl; \
         ln -s nowhere named; ln out/deep/x hard; mkfifo out/pipe; echo h >.git/HEAD; touch -t 202001020304.05 out/r out/deep; \
         chmod 500 out/deep; echo no >note.txt\n"
    ));
    assert_eq!(make.run(producer.as_mut()).await.0, Exit::Code(0));
    let tar = subject.archive("artifacts.tar");
    let wanted = globs(&[
        "out",
        "dl",
        "dl/r",
        "named",
        "hard",
        ".git",
        "*.none",
        "/etc/passwd",
    ]);
    let packed = producer
        .collect(&wanted, &tar, &Cx::unstoppable())
        .await
        .expect("collects");
    producer.close(BUDGET).await.expect("closes");
    assert_eq!(
        names(&tar),
        [
            "dl",
            "hard",
            "out",
            "out/broken",
            "out/deep",
            "out/deep/x",
            "out/empty",
            "out/r"
        ]
    );
    assert_eq!(packed.entries, 8);
    let nothing = |path: &str| {
        format!(
            "WARNING: {path}: no matching files. Ensure that the artifact path is relative to the \
             working directory ({project})"
        )
    };
    let found = |path: &str, count: u32| {
        format!("{path}: found {count} matching artifact files and directories")
    };
    assert_eq!(
        packed.notes,
        [
            "WARNING: processPath: artifact path is not a subpath of project directory: /etc/passwd"
                .to_owned(),
            found("out", 6),
            found("dl", 1),
            nothing("dl/r"),
            nothing("named"),
            found("hard", 1),
            nothing(".git"),
            nothing("*.none"),
            "WARNING: `.git` was left out".to_owned(),
        ]
    );
    let mut spec = subject.spec("consumer");
    let project = spec.layout.project_dir.clone();
    spec.workspace.artifacts = vec![packed];
    let mut consumer = subject.open_spec(spec).await;
    let look = Step::real(&format!(
        "cd {project}; stat -c '%n %a' out/r out/deep out/deep/x hard; readlink out/broken; readlink dl; \
         cat hard; stat -c %Y out/r out/deep | cut -c1-5; [ -d out/empty ] && echo empty\n"
    ));
    let (_, output) = look.run(consumer.as_mut()).await;
    consumer.close(BUDGET).await.expect("closes");
    assert_eq!(
        output,
        "out/r 400\nout/deep 500\nout/deep/x 755\nhard 755\nnowhere\nout\nx\n15779\n15779\nempty\n"
    );
}

fn names(tar: &std::path::Path) -> Vec<String> {
    let mut archive = tar::Archive::new(std::fs::File::open(tar).expect("opens"));
    let mut names: Vec<String> = archive
        .entries()
        .expect("is a tar")
        .map(|entry| {
            let mut entry = entry.expect("entry");
            entry.read_to_end(&mut Vec::new()).expect("content");
            let path = entry.path().expect("path").display().to_string();
            path.trim_end_matches('/').to_owned()
        })
        .collect();
    names.sort();
    names
}

/// A hard link to what is not collected is a file (runtime reference 16.2).
pub(super) async fn a_link_to_a_file_left_out_brings_its_content(subject: &Subject) {
    let project = subject.spec("hard").layout.project_dir;
    let mut session = subject.open("hard", &[]).await;
    let make = Step::real(&format!(
        "cd {project}; mkdir a z; echo content >a/f; ln a/f z/g; ln a/f z/h\n"
    ));
    assert_eq!(make.run(session.as_mut()).await.0, Exit::Code(0));
    let tar = subject.archive("hard.tar");
    let packed = session
        .collect(&globs(&["*/[gh]"]), &tar, &Cx::unstoppable())
        .await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(packed.expect("collects").entries, 2);
    let to = subject.archive("unpacked");
    tar::Archive::new(std::fs::File::open(&tar).expect("opens"))
        .unpack(&to)
        .expect("unpacks");
    for name in ["z/g", "z/h"] {
        let content = std::fs::read_to_string(to.join(name));
        assert_eq!(content.expect(name), "content\n");
    }
}

/// No match is no failure (`Session::collect`).
pub(super) async fn nothing_to_collect_gives_an_empty_archive(subject: &Subject) {
    let mut session = subject.open("nothing", &[]).await;
    let tar = subject.archive("nothing.tar");
    let packed = session
        .collect(&globs(&["dist/**/*.js"]), &tar, &Cx::unstoppable())
        .await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(packed.expect("collects").entries, 0);
    assert_eq!(names(&tar), Vec::<String>::new());
}

/// Told before anything is made.
pub(super) async fn services_that_an_executor_lacks_are_told(subject: &Subject) {
    let mut spec = subject.spec("services");
    spec.services.push(ServiceSpec {
        image: Image {
            name: "postgres:16".to_owned(),
            ..Image::default()
        },
        command: None,
        aliases: vec!["postgres".to_owned()],
        variables: Vec::new(),
        wait: Duration::ZERO,
        shows_output: false,
    });
    let cx = Cx::unstoppable();
    let error = refused(subject.executor.open(spec, &cx).await);
    assert_eq!(error.fault, Fault::Unsupported, "{error}");
    assert!(error.message.contains("`postgres:16`"), "{error}");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// A failed `open` has undone what it began (`Executor::open`).
pub(super) async fn a_failed_open_is_undone(subject: &Subject) {
    let mut spec = subject.spec("broken");
    spec.workspace.artifacts = vec![ArtifactRef {
        tar: subject.archive("missing.tar"),
        entries: 0,
        notes: Vec::new(),
        digest: None,
        lasts: false,
    }];
    let (cx, _live) = context();
    refused(subject.executor.open(spec, &cx).await);
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// Reaping touches nobody else's and no living run (design chapter 6).
pub(super) async fn only_dead_runs_of_the_owner_are_reaped(subject: &Subject) {
    let session = subject.open("left", &[]).await;
    // As after `kill -9`: nobody closes it.
    std::mem::forget(session);
    let executor = &subject.executor;
    let cx = Cx::unstoppable();
    let alive = executor.reap(&subject.owner, &|run| run == RUN, &cx).await;
    assert_eq!(alive.expect("reaps").removed, Vec::<String>::new());
    let foreign = executor.reap("somebody else", &|_| false, &cx).await;
    assert_eq!(foreign.expect("reaps").removed, Vec::<String>::new());
    assert_eq!(subject.leftovers().await.len(), 1);
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}
