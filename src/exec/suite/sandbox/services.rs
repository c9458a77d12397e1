//! Services in sandboxes (runtime reference 8).

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::super::super::{Cancel, EnvSpec, Exit, Fault, Image, ServiceSpec};
use super::super::cases::refused;
use super::super::subject::{BUDGET, Step, Subject, context, variables, write_tar};
use super::sandbox;

pub(super) fn service(alias: &str, port: u16, shell: &str) -> ServiceSpec {
    let port = port.to_string();
    ServiceSpec {
        image: Image {
            name: "host".to_owned(),
            ..Image::default()
        },
        command: Some(["sh", "-c", shell].map(str::to_owned).to_vec()),
        aliases: vec![alias.to_owned(), format!("{alias}-1")],
        variables: variables(&[
            ("WORD", alias),
            ("PORT", &port),
            ("HEALTHCHECK_TCP_PORT", &port),
        ]),
        wait: Duration::from_secs(30),
        shows_output: false,
    }
}

/// Serves its word on its port.
pub(super) const SERVE: &str = "mkdir /w; echo \"$WORD\" >/w/index.html; echo \"serving $WORD\"; \
                     exec busybox httpd -f -p $PORT -h /w";

/// Opens, runs one script, closes: its end, its output, and what the log got before it.
pub(super) async fn run(subject: &Subject, spec: EnvSpec, script: &str) -> (Exit, String, String) {
    let (_live, cancel) = watch::channel(Cancel::Run);
    let (session, said) = subject.opening(spec, cancel).await;
    let mut session = session.expect("opens");
    let (exit, output) = Step::real(script).run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
    (exit, output, said)
}

pub(super) fn spec(subject: &Subject, services: Vec<ServiceSpec>) -> EnvSpec {
    EnvSpec {
        services,
        ..subject.spec("served")
    }
}

#[tokio::test]
async fn services_are_ready_under_all_their_names() {
    let subject = sandbox().await;
    let slow = format!("sleep 0.3; {SERVE}");
    let services = vec![service("web", 8080, &slow), service("other", 8081, SERVE)];
    let script =
        "for at in web:8080 web-1:8080 other:8081; do busybox wget -qO- http://$at/; done\n";
    let (exit, output, said) = run(&subject, spec(&subject, services), script).await;
    assert_eq!(
        (exit, output.as_str()),
        (Exit::Code(0), "web\nweb\nother\n")
    );
    let wanted = "Waiting for services to be up and running (timeout 30 seconds)...\n";
    assert_eq!(said, wanted);
}

/// Of a user with one id alone, it is that of the job.
#[tokio::test]
async fn services_and_their_job_may_have_different_users() {
    let subject = sandbox().await;
    let of = |user: &str, service: ServiceSpec| {
        let user = Some(user.to_owned());
        let image = Image {
            user,
            ..service.image
        };
        ServiceSpec { image, ..service }
    };
    let serve =
        "mkdir /tmp/w; echo $HOME >/tmp/w/index.html; exec busybox httpd -f -p $PORT -h /tmp/w";
    let services = vec![
        of("nobody", service("one", 8080, serve)),
        of("4711:4711", service("two", 8081, serve)),
    ];
    let script = "id -u; for at in one:8080 two:8081; do busybox wget -qO- http://$at/; done\n";
    for (user, id) in [("root", "0"), ("nobody", "65534")] {
        let mut spec = spec(&subject, services.clone());
        if let Some(image) = &mut spec.image {
            image.user = Some(user.to_owned());
        }
        let (exit, output, said) = run(&subject, spec, script).await;
        let wanted = format!("{id}\n/nonexistent\n/\n");
        assert_eq!((exit, output), (Exit::Code(0), wanted), "{said}");
    }
}

/// The image does not know whom it asks for.
#[tokio::test]
async fn a_service_of_a_user_who_is_not_there_is_told() {
    let subject = sandbox().await;
    let mut services = vec![service("db", 8080, SERVE)];
    services[0].image.user = Some("nosuch".to_owned());
    let (cx, _live) = context();
    let opened = subject.executor.open(spec(&subject, services), &cx).await;
    let error = refused(opened);
    assert_eq!(error.fault, Fault::System, "{error}");
    assert!(error.message.contains("no user `nosuch`"), "{error}");
    let help = error.help.unwrap_or_default();
    assert_eq!(help, "check `services:docker:user`");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

#[tokio::test]
async fn services_see_each_other_and_the_jobs_files() {
    let subject = sandbox().await;
    let project = subject.spec("seen").layout.project_dir;
    let tar = subject.archive("word.tar");
    write_tar(&tar, &[("word", 0o644, "from the tree\n")]);
    let look = format!(
        "busybox httpd -p 8080 -h {project}; until busybox wget -qO- http://second:8081/ >{project}/got; \
         do sleep 0.1; done; sleep 60"
    );
    let services = vec![
        service("first", 8080, &look),
        service("second", 8081, SERVE),
    ];
    let mut spec = spec(&subject, services);
    spec.workspace = subject.layers(&[tar]).await;
    let script = format!(
        "until [ -s {project}/got ]; do sleep 0.1; done; cat {project}/got; \
         busybox wget -qO- http://first:8080/word\n"
    );
    let (exit, output, _) = run(&subject, spec, &script).await;
    assert_eq!(
        (exit, output.as_str()),
        (Exit::Code(0), "second\nfrom the tree\n")
    );
}

#[tokio::test]
async fn a_service_that_ends_is_told_at_once_and_the_job_goes_on() {
    let subject = sandbox().await;
    let services = vec![service("db", 5432, "echo no space left >&2; exit 3")];
    let begun = Instant::now();
    let (exit, output, said) = run(&subject, spec(&subject, services), "echo on\n").await;
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!((exit, output.as_str()), (Exit::Code(0), "on\n"));
    assert!(said.contains("it ended with exit code 3"), "{said}");
    assert!(said.contains("no space left"), "{said}");
}

#[tokio::test]
async fn a_service_that_dies_during_the_script_is_told_where_it_fails() {
    let subject = sandbox().await;
    let shell = "busybox httpd -p $PORT -h /; sleep 0.5; echo out of memory; exit 9";
    let services = vec![service("db", 8080, shell)];
    let (exit, output, _) = run(&subject, spec(&subject, services), "sleep 1; exit 4\n").await;
    assert_eq!(exit, Exit::Code(4));
    assert!(output.contains("it ended with exit code 9"), "{output}");
}
