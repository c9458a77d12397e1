//! Services over Docker (runtime reference 8).

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::super::super::{
    ArtifactRef, Cancel, Cx, EnvSpec, ExecError, Exit, Fault, Image, ServiceSpec, Session,
};
use super::super::subject::{BUDGET, Step, Subject, variables, write_tar};
use super::{IMAGE, in_docker};

/// What a service of these tests serves.
pub(super) const SERVE: &str = "mkdir /w; echo \"$WORD\" >/w/index.html; echo \"serving $WORD\"; \
                     exec httpd -f -p 8080 -h /w";

pub(super) fn service(aliases: &[&str], shell: &str) -> ServiceSpec {
    let words = ["sh", "-c", shell];
    ServiceSpec {
        image: Image {
            name: IMAGE.to_owned(),
            ..Image::default()
        },
        command: Some(words.map(str::to_owned).to_vec()),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        variables: variables(&[("WORD", aliases[0]), ("HEALTHCHECK_TCP_PORT", "8080")]),
        wait: Duration::from_secs(30),
        shows_output: false,
    }
}

fn spec(subject: &Subject, job: &str, services: Vec<ServiceSpec>) -> EnvSpec {
    EnvSpec {
        services,
        ..subject.spec(job)
    }
}

/// What comes of opening, and what the log gets meanwhile.
async fn open(subject: &Subject, spec: EnvSpec) -> (Result<Box<dyn Session>, ExecError>, String) {
    let (_live, cancel) = watch::channel(Cancel::Run);
    subject.opening(spec, cancel).await
}

/// Opens, runs one script, closes.
async fn run(subject: &Subject, spec: EnvSpec, script: &str) -> (Exit, String, String) {
    let (session, said) = open(subject, spec).await;
    let mut session = session.expect("opens");
    let (exit, output) = Step::real(script).run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
    (exit, output, said)
}

#[tokio::test]
async fn services_reach_their_job_as_build() {
    in_docker(async |subject: &Subject| {
        let asks = "mkdir /w; until wget -qO /w/index.html http://build:9000/word; do sleep 0.1; done; \
                    exec httpd -f -p 8080 -h /w";
        let services = vec![ServiceSpec {
            wait: Duration::ZERO,
            ..service(&["web"], asks)
        }];
        let script = "mkdir /w; echo from the job >/w/word; httpd -p 9000 -h /w\n\
                      until wget -qO- http://web:8080/ 2>/dev/null; do sleep 0.1; done\n";
        let (exit, output, said) = run(subject, spec(subject, "build", services), script).await;
        assert_eq!((exit, &*output), (Exit::Code(0), "from the job\n"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn services_are_ready_under_all_their_names() {
    in_docker(async |subject: &Subject| {
        let slow = format!("sleep 1; {SERVE}");
        let services = vec![service(&["web", "w-1"], &slow), service(&["other"], SERVE)];
        let script = "for name in web w-1 other; do wget -qO- http://$name:8080/; done\n";
        let (exit, output, said) = run(subject, spec(subject, "served", services), script).await;
        assert_eq!(
            (exit, output.as_str()),
            (Exit::Code(0), "web\nweb\nother\n")
        );
        let wanted = "Waiting for services to be up and running (timeout 30 seconds)...\n";
        assert_eq!(said, wanted);
    })
    .await;
}

#[tokio::test]
async fn services_see_each_other_and_the_jobs_files() {
    in_docker(async |subject: &Subject| {
        let project = subject.spec("seen").layout.project_dir;
        let tar = subject.archive("word.tar");
        write_tar(&tar, &[("word", 0o644, "from the tree\n")]);
        let look = format!(
            "httpd -p 8080 -h {project}; until wget -qO- http://second:8080/ >{project}/got; do sleep 0.1; done; \
             sleep 60"
        );
        let services = vec![service(&["first"], &look), service(&["second"], SERVE)];
        let mut spec = spec(subject, "seen", services);
        spec.workspace = subject.layers(&[tar]).await;
        let script = format!(
            "until [ -s {project}/got ]; do sleep 0.1; done; cat {project}/got; wget -qO- http://first:8080/word\n"
        );
        let (exit, output, _) = run(subject, spec, &script).await;
        assert_eq!((exit, output.as_str()), (Exit::Code(0), "second\nfrom the tree\n"));
    })
    .await;
}

#[tokio::test]
async fn a_service_that_ends_is_told_at_once_and_the_job_goes_on() {
    in_docker(async |subject: &Subject| {
        let services = vec![service(&["db"], "echo no space left >&2; exit 3")];
        let begun = Instant::now();
        let (exit, output, said) = run(
            subject,
            spec(subject, "ends", services),
            "echo goes on; exit 1\n",
        )
        .await;
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "nothing to wait for"
        );
        assert_eq!((exit, output.as_str()), (Exit::Code(1), "goes on\n"));
        let wanted = format!(
            "*** WARNING: Service {IMAGE} probably didn't start properly.\n\n\
             Health check error:\nit ended with exit code 3\n\n\
             Service container logs:\nno space left\n\n*********\n"
        );
        assert!(said.contains(&wanted), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_service_that_takes_no_connections_has_its_time() {
    in_docker(async |subject: &Subject| {
        let second = Duration::from_secs(1);
        let rows = [
            (
                "httpd -p 9090; sleep 60",
                "it took no connections on port 8080 within 1 s",
            ),
            // Nobody else can connect there.
            (
                "httpd -p 127.0.0.1:8080; sleep 60",
                "it took no connections on port 8080",
            ),
        ];
        for (shell, wanted) in rows {
            let late = ServiceSpec {
                wait: second,
                ..service(&["late"], shell)
            };
            let begun = Instant::now();
            let (session, said) = open(subject, spec(subject, "late", vec![late])).await;
            assert!(begun.elapsed() >= second, "{shell}");
            session.expect("opens").close(BUDGET).await.expect("closes");
            assert!(said.contains(wanted), "{shell}: {said}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_port_any_will_do() {
    in_docker(async |subject: &Subject| {
        let mut portless = service(&["web"], SERVE);
        portless.variables = variables(&[("WORD", "any")]);
        let script = "wget -qO- http://web:8080/\n";
        let (exit, output, said) =
            run(subject, spec(subject, "portless", vec![portless]), script).await;
        assert_eq!((exit, output.as_str()), (Exit::Code(0), "any\n"));
        assert!(!said.contains("WARNING"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn what_services_say_is_shown_where_that_is_asked_for() {
    in_docker(async |subject: &Subject| {
        let mut loud = service(&["web", "w"], SERVE);
        loud.shows_output = true;
        let mut later = service(&["later"], "httpd -p 8080; until wget -q http://web:8080/now; do sleep 0.1; done; echo heard; sleep 60");
        later.shows_output = true;
        let services = vec![loud, later, service(&["still"], SERVE)];
        let script = "printf half; sleep 1; echo ' whole'; sleep 1\n";
        let (_, output, said) = run(subject, spec(subject, "loud", services), script).await;
        assert!(output.contains("half whole\n"), "{output}");
        // A service may be ready before the daemon has brought its first line.
        let said = said + &output;
        let wanted = "\u{1b}[0;37m[service:web-w] serving web\u{1b}[0;m\n";
        assert!(said.contains(wanted), "{said}");
        assert!(!said.contains("still"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_service_that_ends_under_a_failing_script_is_told_once() {
    in_docker(async |subject: &Subject| {
        let dying = "httpd -p 8080; echo working; sleep 1; echo out of memory; exit 137";
        let services = vec![service(&["db"], dying)];
        let (session, _) = open(subject, spec(subject, "dies", services)).await;
        let mut session = session.expect("opens");
        let fail = Step::real("sleep 3; exit 4\n");
        let (exit, output) = fail.run(session.as_mut()).await;
        assert_eq!(exit, Exit::Code(4));
        let wanted =
            format!("*** WARNING: Service {IMAGE} is no more: it ended with exit code 137");
        assert!(output.contains(&wanted), "{output}");
        assert!(output.contains("working\nout of memory\n"), "{output}");
        let (_, output) = Step::real("exit 4\n").run(session.as_mut()).await;
        assert_eq!(output, "");
        session.close(BUDGET).await.expect("closes");
    })
    .await;
}

#[tokio::test]
async fn services_that_can_not_be_made_leave_nothing() {
    in_docker(async |subject: &Subject| {
        let mut absent = service(&["db"], SERVE);
        absent.image.name = "pipe-test-no-such-image:1".to_owned();
        let mut broken = service(&["db"], SERVE);
        broken.image.entrypoint = Some(vec!["/no/such/program".to_owned()]);
        for (wrong, fault, wanted) in [
            (
                absent,
                Fault::User,
                "`pipe-test-no-such-image:1` is not on this machine",
            ),
            (
                broken,
                Fault::System,
                "check `entrypoint` and `command` of the service",
            ),
        ] {
            let services = vec![service(&["fine"], SERVE), wrong];
            let (session, _) = open(subject, spec(subject, "wrong", services)).await;
            let error = session.err().expect("it is refused");
            assert_eq!(error.fault, fault, "{error}");
            assert!(error.in_one_line().contains(wanted), "{error}");
            assert_eq!(subject.leftovers().await, Vec::<String>::new());
        }
    })
    .await;
}

#[tokio::test]
async fn a_cancel_ends_the_wait_for_services() {
    in_docker(async |subject: &Subject| {
        let services = vec![service(&["never"], "sleep 600")];
        let (cancel, cancelled) = watch::channel(Cancel::Run);
        let opening = subject.opening(spec(subject, "never", services), cancelled);
        let cancelling = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            cancel.send_replace(Cancel::Graceful);
        };
        let begun = Instant::now();
        let ((session, _), ()) = tokio::join!(opening, cancelling);
        assert!(session.is_err());
        assert!(begun.elapsed() < Duration::from_secs(15));
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_killed_run_leaves_no_service_to_the_next() {
    in_docker(async |subject: &Subject| {
        let services = vec![service(&["web"], SERVE)];
        let (session, _) = open(subject, spec(subject, "killed", services)).await;
        std::mem::forget(session.expect("opens"));
        let mut left = subject.leftovers().await;
        left.sort();
        let job = "of job `killed` of run suite";
        assert_eq!(
            left,
            [
                format!("container {job}"),
                format!("service `{IMAGE}` {job}")
            ]
        );
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_dropped_session_takes_its_services_along() {
    in_docker(async |subject: &Subject| {
        let services = vec![service(&["web"], SERVE)];
        let (session, _) = open(subject, spec(subject, "dropped", services)).await;
        drop(session.expect("opens"));
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn large_artifacts_come_beside_services() {
    in_docker(async |subject: &Subject| {
        let project = subject.spec("large").layout.project_dir;
        let services = vec![service(&["web"], SERVE)];
        let (session, _) = open(subject, spec(subject, "large", services)).await;
        let mut session = session.expect("opens");
        let tar = subject.archive("large.tar");
        write_tar(&tar, &[("large", 0o644, &"x".repeat(5 << 20))]);
        let kept = ArtifactRef {
            tar,
            entries: 1,
            notes: Vec::new(),
            digest: None,
            lasts: false,
        };
        session
            .add(&[kept], &Cx::unstoppable())
            .await
            .expect("adds");
        let script = format!("wc -c <{project}/large; wget -qO- http://web:8080/\n");
        let (_, output) = Step::real(&script).run(session.as_mut()).await;
        assert_eq!(output, "5242880\nweb\n");
        session.close(BUDGET).await.expect("closes");
    })
    .await;
}
