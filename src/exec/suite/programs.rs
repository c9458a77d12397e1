//! Programs of images: what they begin with, and those that come to nothing.

use std::time::Duration;

use super::super::{Exit, Fault, ServiceSpec};
use super::cases::refused;
use super::subject::{BUDGET, Step, Subject, context, variables};

/// A home that an image or somebody else leaves empty is that of the user, as where there is none
/// (runtime reference 7.6).
pub(super) async fn a_home_that_is_empty_is_that_of_the_user(subject: &Subject) {
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
        let file = format!("{}/{name}", spec.layout.project_dir);
        if let Some(image) = &mut spec.image {
            image.entrypoint = Some(vec![file.clone()]);
        }
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

/// A service without a program is the job's own mistake (runtime reference 4.3), and the way out is named.
pub(super) async fn a_service_without_a_program_is_the_jobs_fault(subject: &Subject) {
    let mut spec = subject.spec("no-program");
    let mut service = ServiceSpec {
        image: spec.image.clone().expect("an image"),
        command: None,
        aliases: vec!["db".to_owned()],
        variables: Vec::new(),
        wait: Duration::from_secs(30),
        shows_output: false,
    };
    // A new entrypoint does without the image's command, and this one is none.
    service.image.entrypoint = Some(vec![String::new()]);
    spec.services = vec![service];
    let (cx, _live) = context();
    let error = refused(subject.executor.open(spec, &cx).await);
    assert_eq!(error.fault, Fault::User, "{error}");
    let help = error.help.unwrap_or_default();
    assert_eq!(help, "give the service a `command`");
    assert_eq!(subject.leftovers().await, [] as [String; 0]);
}
