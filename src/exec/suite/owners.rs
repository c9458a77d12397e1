//! Whose the files are that jobs hand on, and the bits that say as whom programs run.

use super::super::{ArtifactRef, Cx, Exit};
use super::subject::{BUDGET, Step, Subject, globs, variables, write_tar};

/// As GitLab's runner does it (runtime reference 16.2), whatever way the files take: few are unpacked in
/// the environment, many may be a layer below it, with or without being copied. `tools` stands before
/// commands that the image has only with it.
pub(super) async fn artifacts_keep_owners_and_set_ids(subject: &Subject, tools: &str) {
    for (way, much) in [
        ("few", ""),
        ("many", "head -c 5000000 /dev/zero | tr '\\0' x >out/big"),
        (
            "many that are copied",
            "head -c 5000000 /dev/zero | tr '\\0' x >out/big; ln out/big out/bag",
        ),
    ] {
        let project = subject.spec("makes").layout.project_dir;
        let mut makes = subject.open("makes", &[]).await;
        let script = format!(
            "cd {project}; mkdir out out/d; echo f >out/f; echo s >out/s; ln -s f out/l; echo m >out/m\n\
             {much}\n\
             chown 1000:1001 out/f out/d out/s out; chown -h 1000:1001 out/l\n\
             chmod 4755 out/s; chmod 2770 out/d; chmod 1777 out; chmod 755 out/m\n"
        );
        let script = with_tools(&script, tools);
        let made = Step::real(&script).run(makes.as_mut()).await;
        assert_eq!(made, (Exit::Code(0), String::new()), "{way}");
        let tar = subject.archive(&format!("{}.tar", way.len()));
        let (out, cx) = (globs(&["out"]), Cx::unstoppable());
        let kept = makes.collect(&out, &tar, &cx).await.expect("collects");
        makes.close(BUDGET).await.expect("closes");
        let mut spec = subject.spec("uses");
        spec.workspace.artifacts = vec![kept];
        if let Some(image) = &mut spec.image {
            image.user = Some("1000:1001".to_owned());
        }
        let mut uses = subject.open_spec(spec).await;
        let script = format!(
            "cd {project}/out; stat -c '%n %u:%g %a' . f s d m\n\
             stat -c %u:%g l; echo more >>f && echo new >d/n && echo written\n"
        );
        let (_, output) = Step::real(&with_tools(&script, tools))
            .run(uses.as_mut())
            .await;
        uses.close(BUDGET).await.expect("closes");
        assert_eq!(
            output,
            ". 1000:1001 1777\nf 1000:1001 644\ns 1000:1001 4755\nd 1000:1001 2770\nm 0:0 755\n\
             1000:1001\nwritten\n",
            "{way}"
        );
    }
    assert_eq!(subject.leftovers().await, [""; 0]);
}

/// With `FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR` (runtime reference 7.2): the project, its artifacts, and what
/// is made for it beside it.
pub(super) async fn files_belong_to_the_user_where_that_is_wanted(subject: &Subject) {
    let user = "1000:1001";
    for with_tree in [true, false] {
        let mut spec = subject.spec("owned");
        let project = spec.layout.project_dir.clone();
        let tree = [
            ("./", 0o777, ""),
            ("file", 0o666, "tree\n"),
            ("gone", 0o666, ""),
            ("in/", 0o777, ""),
            ("in/run", 0o777, ""),
        ];
        let (lower, upper) = (subject.archive("lower.tar"), subject.archive("upper.tar"));
        let over = subject.archive("over.tar");
        write_tar(&lower, &tree);
        write_tar(&upper, &[("gone", 0, "gone"), ("new", 0o666, "")]);
        write_tar(&over, &[("kept", 0o6777, ""), ("out/kept", 0o640, "")]);
        if with_tree {
            spec.workspace = subject.layers(&[lower, upper]).await;
        }
        spec.workspace.artifacts = vec![ArtifactRef {
            tar: over,
            entries: 2,
            notes: Vec::new(),
            digest: None,
            lasts: false,
        }];
        spec.owned_files = true;
        spec.variables = variables(&[("FILE", &format!("{}/env", spec.layout.temp_dir()))]);
        if let Some(image) = &mut spec.image {
            image.user = Some(user.to_owned());
        }
        let mut session = subject.open_spec(spec).await;
        let script = format!(
            "cd {project}; stat -c '%n %a %u:%g' . kept out/kept file new in in/run ../project.tmp; ls\n"
        );
        let (_, output) = Step::real(&script).run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        let of_user = |names: &[(&str, &str)]| -> String {
            let line = |(name, mode): &(&str, &str)| format!("{name} {mode} {user}\n");
            names.iter().map(line).collect()
        };
        let first = of_user(&[(".", "755"), ("kept", "755"), ("out/kept", "640")]);
        let of_tree = of_user(&[
            ("file", "644"),
            ("new", "644"),
            ("in", "755"),
            ("in/run", "755"),
        ]);
        let last = of_user(&[("../project.tmp", "755")]);
        let told = |line: &&str| !line.starts_with("stat: ");
        let output: Vec<&str> = output.lines().filter(told).collect();
        let (of_tree, names) = if with_tree {
            (of_tree, "file\nin\nkept\nnew\nout\n")
        } else {
            (String::new(), "kept\nout\n")
        };
        let wanted = format!("{first}{of_tree}{last}{names}");
        assert_eq!(output.join("\n") + "\n", wanted, "{with_tree}");
    }
    assert_eq!(subject.leftovers().await, [""; 0]);
}

fn with_tools(script: &str, tools: &str) -> String {
    let mut script = script.to_owned();
    if !tools.is_empty() {
        for name in ["mkdir", "chown", "chmod", "stat", "head", "tr", "ln"] {
            script = script.replace(&format!("{name} "), &format!("{tools} {name} "));
        }
    }
    script
}
