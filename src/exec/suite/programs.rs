//! Programs of images: what they begin with, and those that come to nothing.

use super::super::Exit;
use super::subject::{BUDGET, Step, Subject, variables};

/// A home that an image or somebody else leaves empty is that of the user, as where there is none
/// (runtime reference 7.6).
pub(super) async fn a_home_that_is_empty_is_that_of_the_user(subject: &Subject) {
    if subject.image.is_none() {
        return;
    }
    let home_of = async |given: &[(&str, &str)]| {
        let mut spec = subject.spec("home");
        spec.variables = variables(given);
        let mut session = subject.open_spec(spec).await;
        let ended = Step::real("echo \"[$HOME]\"\n").run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        ended
    };
    let own = home_of(&[]).await;
    assert_ne!(own.1, "[]\n");
    assert_eq!(home_of(&[("HOME", "")]).await, own);
}

/// An entrypoint that is there and that the kernel does not run has begun all the same: the script fails, and
/// not the machinery (runtime reference 2.2).
pub(super) async fn an_entrypoint_that_the_kernel_does_not_run_fails_the_script(subject: &Subject) {
    let no_such_file = "no such file or directory";
    let workspace = subject.tree(&[
        ("of-windows", 0o777, "#!/bin/sh\r\nexec \"$@\"\n"),
        ("of-nobody", 0o777, "#!/nowhere/sh\nexec \"$@\"\n"),
        ("without-a-first-line", 0o777, "exec \"$@\"\n"),
    ]);
    let workspace = workspace.await;
    for (name, reason) in [
        ("of-windows", no_such_file),
        ("of-nobody", no_such_file),
        ("without-a-first-line", "exec format error"),
    ] {
        let mut spec = subject.spec("program");
        let Some(image) = &mut spec.image else {
            return;
        };
        let file = format!("{}/{name}", spec.layout.project_dir);
        image.entrypoint = Some(vec![file.clone()]);
        spec.workspace = workspace.clone();
        let mut session = subject.open_spec(spec).await;
        let (exit, output) = Step::real("echo ran\n").run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        // That of runc from 1.2 on is 255.
        let is_failed = [1, 255].map(Exit::Code).contains(&exit);
        assert!(is_failed, "{name}: {exit:?} {output}");
        let wanted = format!("exec {file}: {reason}");
        assert!(output.starts_with(&wanted), "{output}");
    }
}
