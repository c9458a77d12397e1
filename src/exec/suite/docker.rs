//! The contract over Docker, and what only it must do.

mod adopted;
mod attached;
mod log_fifo;
mod networks;
mod services;
mod slow_services;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::{
    Cx, DockerExecutor, DockerSettings, Endpoint, EnvSpec, Exit, Fault, Reach, Script,
};
use super::cases::refused;
use super::subject::{BUDGET, Step, Subject, context, globs, scratch, variables};
use super::{cases, contract, names, owners, person, programs, real};

const IMAGE: &str = "pipe-test-busybox:1";

/// Where tests note that the daemon's jobs can write into FIFOs of this machine.
fn notes() -> &'static Path {
    static NOTES: OnceLock<TempDir> = OnceLock::new();
    NOTES.get_or_init(scratch).path()
}

fn endpoint() -> Endpoint {
    let host = std::env::var("DOCKER_HOST").ok();
    Endpoint::find(host.as_deref(), None, Reach::Local).expect("a Docker daemon")
}

/// The daemon of this machine.
async fn docker() -> Subject {
    docker_at(endpoint()).await
}

async fn docker_at(endpoint: Endpoint) -> Subject {
    let settings = DockerSettings::default();
    with(DockerExecutor::with_log_fifos_in(
        endpoint,
        settings,
        notes(),
    ))
    .await
}

async fn with(executor: DockerExecutor) -> Subject {
    let subject = Subject::new(Arc::new(executor), Some(IMAGE));
    let images: Vec<_> = subject.image.iter().cloned().collect();
    let missing = subject
        .executor
        .missing(&images, &Cx::unstoppable())
        .await
        .expect("asks");
    assert!(missing.is_empty(), "make {IMAGE} with tests/scripts first");
    subject
}

/// A test of what only Docker does.
async fn in_docker(test: impl AsyncFnOnce(&Subject)) {
    let subject = docker().await;
    test(&subject).await;
    subject.release().await;
}

contract!(docker, images);

#[tokio::test]
async fn files_belong_to_the_user_where_that_is_wanted() {
    in_docker(owners::files_belong_to_the_user_where_that_is_wanted).await;
}

#[tokio::test]
async fn artifacts_keep_owners_and_set_ids() {
    in_docker(async |subject: &Subject| {
        owners::artifacts_keep_owners_and_set_ids(subject, "").await;
    })
    .await;
}

#[tokio::test]
async fn the_environment_reaches_the_container_unchanged() {
    in_docker(async |subject: &Subject| {
        let values = [
            ("QUOTES", "a'b\"c`d`e"),
            ("DOLLAR", "$HOME $(id) $$"),
            ("BACKSLASH", "a\\b\\\\c\\n"),
            ("NEWLINE", "line 1\nline 2\n"),
            ("UNICODE", "äöü € 日本 🎉"),
            ("EMPTY", ""),
            ("EQUALS", "a=b=c"),
        ];
        let mut spec = subject.spec("environment");
        spec.variables = variables(&values);
        let mut session = subject.open_spec(spec).await;
        for (name, value) in values {
            let step = Step::real(&format!("printf '<%s>' \"${name}\"\n"));
            let (_, output) = step.run(session.as_mut()).await;
            assert_eq!(output, format!("<{value}>"), "{name}");
        }
        session.close(BUDGET).await.expect("closes");
    })
    .await;
}

#[tokio::test]
async fn an_image_that_is_not_there_is_the_jobs_fault() {
    in_docker(async |subject: &Subject| {
        let mut spec = subject.spec("no-image");
        if let Some(image) = &mut spec.image {
            image.name = "pipe-test-no-such-image:1".to_owned();
        }
        let images: Vec<_> = spec.image.iter().cloned().collect();
        assert_eq!(
            subject
                .executor
                .missing(&images, &Cx::unstoppable())
                .await
                .expect("asks"),
            images
        );
        let (cx, _live) = context();
        let error = refused(subject.executor.open(spec, &cx).await);
        assert_eq!(error.fault, Fault::User, "{error}");
        assert!(
            error
                .message
                .contains("`pipe-test-no-such-image:1` is not on this machine"),
            "{error}"
        );
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn entrypoints_get_the_shell_as_arguments() {
    in_docker(async |subject: &Subject| {
        for (entrypoint, wanted) in [
            (&["/bin/sh", "-c"][..], (Exit::Code(0), "ran\n")),
            (&[""][..], (Exit::Code(0), "ran\n")),
            (&["/usr/bin/env", "ADDED=yes"][..], (Exit::Code(0), "ran\n")),
            (&["/bin/false"][..], (Exit::Code(1), "")),
            (&["/bin/echo", "says"][..], (Exit::Code(0), "says sh -c ")),
        ] {
            let mut spec = subject.spec("entrypoint");
            if let Some(image) = &mut spec.image {
                image.entrypoint = Some(entrypoint.iter().map(|&word| word.to_owned()).collect());
            }
            let mut session = subject.open_spec(spec).await;
            let (exit, output) = Step::real("echo ran\n").run(session.as_mut()).await;
            session.close(BUDGET).await.expect("closes");
            assert_eq!(exit, wanted.0, "{entrypoint:?}");
            assert!(output.starts_with(wanted.1), "{entrypoint:?}: {output}");
        }
    })
    .await;
}

/// Runs one script and returns its end, in less time than a child would take that it left behind.
async fn ends(subject: &Subject, spec: EnvSpec, script: &str) -> (Exit, String) {
    let mut session = subject.open_spec(spec).await;
    let begun = Instant::now();
    let ended = Step::real(script).run(session.as_mut()).await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{script}");
    session.close(BUDGET).await.expect("closes");
    ended
}

#[tokio::test]
async fn a_background_child_that_holds_the_output_does_not_delay_the_end() {
    in_docker(async |subject: &Subject| {
        let spec = subject.spec("background");
        let ended = ends(subject, spec, "(sleep 60; echo late) &\necho end\nexit 3\n").await;
        assert_eq!(ended, (Exit::Code(3), "end\n".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn the_next_script_finds_nothing_of_the_last_running() {
    in_docker(async |subject: &Subject| {
        let mut session = subject.open("alone", &[]).await;
        let leave = Step::real("sleep 60 &\n");
        assert_eq!(leave.run(session.as_mut()).await.0, Exit::Code(0));
        let look = Step::real("ps | grep '[s]leep 60' || echo alone\n");
        let (_, output) = look.run(session.as_mut()).await;
        assert_eq!(output, "alone\n");
        session.close(BUDGET).await.expect("closes");
    })
    .await;
}

#[tokio::test]
async fn both_streams_are_whole_at_the_end() {
    in_docker(async |subject: &Subject| {
        let spec = subject.spec("streams");
        let script = "n=0; while [ $n -lt 2000 ]; do echo out; echo err >&2; n=$((n+1)); done\n";
        let (exit, output) = ends(subject, spec, script).await;
        assert_eq!(exit, Exit::Code(0));
        for word in ["out\n", "err\n"] {
            assert_eq!(output.matches(word).count(), 2000, "{word}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_forged_end_is_output() {
    in_docker(async |subject: &Subject| {
        let spec = subject.spec("forged");
        let forged = "pipe-end-00000000000000000000000000000000 0";
        let script = format!("echo '{forged}'; echo '{forged}' >&2\necho more\nexit 4\n");
        let (exit, output) = ends(subject, spec, &script).await;
        assert_eq!(exit, Exit::Code(4));
        assert_eq!(output.matches(forged).count(), 2, "{output}");
        assert!(output.contains("more\n"), "{output}");
    })
    .await;
}

#[tokio::test]
async fn traps_and_traces_of_a_script_do_not_show_the_marker() {
    in_docker(async |subject: &Subject| {
        let spec = subject.spec("traced");
        let script = "exec 2>&1\nset -x\n(trap 'echo mine' EXIT; exit 5)\n";
        let (exit, output) = ends(subject, spec, script).await;
        assert_eq!(exit, Exit::Code(5));
        assert!(output.contains("mine\n"), "{output}");
        assert!(!output.contains("pipe-end"), "{output}");
    })
    .await;
}

/// Where the shell can't speak for the container, the daemon does.
#[tokio::test]
async fn ends_that_the_shell_does_not_tell() {
    in_docker(async |subject: &Subject| {
        for (init, script, code) in [
            // Process 1 can't be killed from inside; below one that cares for orphans, the shell can.
            (true, "kill -9 $$\necho never\n", 137),
            (false, "kill -9 $$\nexit 6\n", 6),
            (true, "exit 7\n", 7),
            (false, "exec sh -c 'exit 8'\n", 8),
            (false, "trap 'exit 9' EXIT\n", 9),
            (false, "exec >/dev/null\nexit 10\n", 10),
            (false, "if then\n", 2),
        ] {
            let mut spec = subject.spec("untold");
            spec.init = init;
            let (exit, output) = ends(subject, spec, script).await;
            assert_eq!(exit, Exit::Code(code), "{script}");
            assert!(!output.contains("never"), "{script}: {output}");
        }
    })
    .await;
}

/// As process 1 of any container; below another process they do.
#[tokio::test]
async fn signals_do_not_end_a_shell_that_is_process_1() {
    in_docker(async |subject: &Subject| {
        let all = "HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 USR2 SEGV PIPE ALRM TERM XCPU XFSZ VTALRM PROF SYS";
        let script = format!(
            "for one in {all}; do (kill -$one $$; kill -$one $BASHPID; echo ne''ver) || true; done; sleep 0.1; exit 6\n"
        );
        for (init, script, code) in [
            (false, script.as_str(), 6),
            (true, "kill -USR1 $$\necho never\n", 138),
        ] {
            let mut spec = subject.spec("signals");
            spec.init = init;
            if let Some(image) = &mut spec.image {
                image.name = "pipe-test-debian:1".to_owned();
            }
            let (exit, output) = ends(subject, spec, script).await;
            assert_eq!(exit, Exit::Code(code), "{output}");
            assert!(!output.contains("never"), "{output}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_an_entrypoint_does_behind_the_shell_counts() {
    in_docker(async |subject: &Subject| {
        let mut spec = subject.spec("behind");
        if let Some(image) = &mut spec.image {
            let words = ["/bin/sh", "-c", "\"$@\"; echo behind $?; exit 11", "sh"];
            image.entrypoint = Some(words.map(str::to_owned).to_vec());
        }
        let ended = ends(subject, spec, "exit 3\n").await;
        assert_eq!(ended, (Exit::Code(11), "behind 3\n".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn files_of_the_temporary_folder_are_roots_and_open_to_all() {
    in_docker(async |subject: &Subject| {
    let mut spec = subject.spec("temporary");
    let temp = format!("{}.tmp", spec.layout.project_dir);
    spec.variables = variables(&[
        ("CERT", &format!("{temp}/CERT")),
        ("GITLAB_ENV", &format!("{temp}/gitlab_runner_env")),
        ("OTHER", &format!("{temp}/other")),
    ]);
    if let Some(image) = &mut spec.image {
        image.user = Some("nobody".to_owned());
    }
    let mut session = subject.open_spec(spec).await;
    let step = Step::real(&format!(
        "cd {temp}; stat -c '%n %a %u' . *; echo x >CERT; echo y >new; cat CERT; chmod 400 CERT 2>/dev/null || echo refused\n"
    ));
    let (_, output) = step.run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(
        output,
        ". 777 0\nCERT 666 0\ngitlab_runner_env 666 0\nx\nrefused\n"
    );
    })
    .await;
}

#[tokio::test]
async fn a_link_on_the_way_leads_no_artifact_out() {
    in_docker(async |subject: &Subject| {
        let project = subject.spec("links").layout.project_dir;
        let mut session = subject.open("links", &[]).await;
        let make = Step::real(&format!(
            "cd {project}; ln -s /etc way; mkdir d; ln -s /etc d/way\n"
        ));
        assert_eq!(make.run(session.as_mut()).await.0, Exit::Code(0));
        let tar = subject.archive("links.tar");
        let paths = globs(&[
            "way/passwd",
            "way/pass*",
            "d/way/passwd",
            "d/way/*",
            "**/passwd",
        ]);
        let packed = session.collect(&paths, &tar, &Cx::unstoppable()).await;
        session.close(BUDGET).await.expect("closes");
        assert_eq!(packed.expect("collects").entries, 0);
    })
    .await;
}

#[tokio::test]
async fn a_dropped_session_takes_its_container_along() {
    in_docker(async |subject: &Subject| {
        drop(subject.open("dropped", &[]).await);
        // The removal runs in the background; meanwhile reaping may find it or not.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_container_that_does_not_start_is_the_systems_fault() {
    in_docker(async |subject: &Subject| {
        let mut spec = subject.spec("no-start");
        if let Some(image) = &mut spec.image {
            image.entrypoint = Some(vec!["/no/such/program".to_owned()]);
        }
        let mut session = subject.open_spec(spec).await;
        let (cx, _live) = context();
        let script = Script::whole("echo hi\n");
        let error = session.run(&script, &cx).await.expect_err("can't start");
        assert_eq!(error.fault, Fault::System, "{error}");
        assert!(
            error.in_one_line().contains("check `image:entrypoint`"),
            "{error}"
        );
        session.close(BUDGET).await.expect("closes");
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    })
    .await;
}
