//! The networks of services in sandboxes: one for each, as containers have them, or one for all.

use std::time::Duration;

use super::super::super::{Exit, SandboxExecutor, SandboxNetwork, SandboxSettings, ServiceSpec};
use super::super::subject::{Subject, variables};
use super::services::{SERVE, run, service, spec};
use super::{sandbox, sandbox_of};

#[tokio::test]
async fn each_service_has_its_own_ports_and_loopback() {
    let subject = sandbox().await;
    let services = vec![service("one", 8080, SERVE), service("two", 8080, SERVE)];
    let script = "busybox httpd -p 8080 -h /tmp\necho job >/tmp/index.html\n\
                  for at in one two localhost; do busybox wget -qO- http://$at:8080/; done\n";
    let (exit, output, said) = run(&subject, spec(&subject, services), script).await;
    assert_eq!(
        (exit, &*output),
        (Exit::Code(0), "one\ntwo\njob\n"),
        "{said}"
    );
    let services = vec![service("one", 8080, SERVE)];
    let script = "busybox wget -qO- http://localhost:8080/ 2>/dev/null || echo nobody\n";
    let (exit, output, said) = run(&subject, spec(&subject, services), script).await;
    assert_eq!((exit, &*output), (Exit::Code(0), "nobody\n"), "{said}");
}

/// As a browser in a service calls the program that a job tests.
#[tokio::test]
async fn a_service_reaches_its_job_by_the_address_of_its_host_and_as_build() {
    let subject = sandbox().await;
    let project = subject.spec("served").layout.project_dir;
    // Of the project both have the same files.
    let asks = format!(
        "until [ -s {project}/who ]; do sleep 0.05; done; \
         busybox wget -qO {project}/got http://$(cat {project}/who):8080/; \
         busybox wget -qO {project}/again http://build:8080/; sleep 60"
    );
    let browser = ServiceSpec {
        wait: Duration::ZERO,
        ..service("browser", 4444, &asks)
    };
    let services = vec![browser];
    let script = format!(
        "busybox httpd -p 8080 -h /tmp; echo from the job >/tmp/index.html; cd {project}; hostname -i >who\n\
         for i in $(seq 200); do [ -s again ] && break; sleep 0.05; done; cat got again\n"
    );
    let (exit, output, said) = run(&subject, spec(&subject, services), &script).await;
    assert_eq!(
        (exit, &*output),
        (Exit::Code(0), "from the job\nfrom the job\n"),
        "{said}"
    );
}

/// As a node of a cluster tells others where it is.
#[tokio::test]
async fn a_service_is_reached_by_the_name_and_the_address_of_its_host() {
    let subject = sandbox().await;
    let says =
        "mkdir /w; hostname >/w/index.html; exec busybox httpd -f -p $(hostname -i):$PORT -h /w";
    let services = vec![service("node", 8080, says), service("other", 8080, says)];
    let script = "for at in node other; do\n\
                  name=$(busybox wget -qO- http://$at:8080/); echo $name\n\
                  busybox wget -qO- http://$name:8080/\ndone; hostname\n";
    let (exit, output, said) = run(&subject, spec(&subject, services), script).await;
    let wanted = "node-1\nnode-1\nother-1\nother-1\njob\n";
    assert_eq!((exit, &*output), (Exit::Code(0), wanted), "{said}");
}

/// Programs take what is behind a dot for a domain, and one's own name is the first of its address.
#[tokio::test]
async fn the_name_of_a_service_without_a_domain_is_known() {
    let subject = sandbox().await;
    let says = "mkdir /w; hostname -s >/w/index.html; getent hosts $(hostname -i) >>/w/index.html; \
                exec busybox httpd -f -p $PORT -h /w";
    let service = ServiceSpec {
        aliases: ["reg.example.com-a-b", "mq.local"]
            .map(str::to_owned)
            .to_vec(),
        ..service("mq", 8080, says)
    };
    let script =
        "busybox wget -qO- http://mq.local:8080/ | tr -s ' '\ngetent hosts mq | tr -s ' '\n";
    let (exit, output, said) = run(&subject, spec(&subject, vec![service]), script).await;
    let wanted = "mq\n10.0.2.129 mq\n10.0.2.129 mq\n";
    assert_eq!((exit, &*output), (Exit::Code(0), wanted), "{said}");
}

/// As in a container, where they are mounted one by one.
#[tokio::test]
async fn a_job_writes_to_its_hosts_and_puts_no_other_file_there() {
    let subject = sandbox().await;
    let script = "echo 192.0.2.7 seven >>/etc/hosts && getent hosts seven\n\
                  for at in hosts hostname; do cp /etc/$at /tmp/x; mv /tmp/x /etc/$at 2>&1 | grep -o busy; done\n\
                  cat /etc/hostname\n";
    let (exit, output, _) = run(&subject, spec(&subject, Vec::new()), script).await;
    let wanted = "192.0.2.7       seven\nbusy\nbusy\njob\n";
    assert_eq!((exit, &*output), (Exit::Code(0), wanted));
}

/// On this machine's own network, with a port that nobody has.
fn sharing() -> (Subject, u16) {
    let settings = |plain| SandboxSettings {
        network: SandboxNetwork::Host,
        ..plain
    };
    let tcp = std::net::TcpListener::bind("0.0.0.0:0").expect("a port");
    let port = tcp.local_addr().expect("an address").port();
    (
        sandbox_of(settings, |executor: SandboxExecutor| executor),
        port,
    )
}

#[tokio::test]
async fn services_of_one_network_see_each_others_loopback() {
    let (subject, port) = sharing();
    let services = vec![service("one", port, SERVE)];
    let script =
        format!("for at in one localhost; do busybox wget -qO- http://$at:{port}/; done\n");
    let (exit, output, said) = run(&subject, spec(&subject, services), &script).await;
    assert_eq!((exit, &*output), (Exit::Code(0), "one\none\n"), "{said}");
}

#[tokio::test]
async fn services_share_the_jobs_network_where_the_kernel_joins_none_and_the_log_says_so() {
    let subject = sandbox_of(|plain| plain, SandboxExecutor::joining_none);
    let services = vec![service("one", 8080, SERVE), service("two", 8081, SERVE)];
    let script =
        "for at in one:8080 two:8081 localhost:8080; do busybox wget -qO- http://$at/; done\n";
    let (exit, output, said) = run(&subject, spec(&subject, services), script).await;
    assert_eq!(
        (exit, &*output),
        (Exit::Code(0), "one\ntwo\none\n"),
        "{said}"
    );
    let wanted = "WARNING: no networks can be joined: the job and its services share one network";
    assert!(said.contains(wanted), "{said}");
}

#[tokio::test]
async fn two_services_on_one_port_of_one_network_are_told_what_is_wrong() {
    let (subject, port) = sharing();
    let services = vec![service("one", port, SERVE), service("two", port, SERVE)];
    let (_, _, said) = run(&subject, spec(&subject, services), "true\n").await;
    assert!(said.contains(&format!("both want port {port}")), "{said}");
}

/// A server of this machine is no service of the job.
#[tokio::test]
async fn who_had_the_port_before_is_not_taken_for_a_service_of_this_machines_network() {
    let (subject, port) = sharing();
    let _server = std::net::TcpListener::bind(("0.0.0.0", port)).expect("the port");
    let services = vec![service("one", port, SERVE)];
    let (_, _, said) = run(&subject, spec(&subject, services), "true\n").await;
    assert!(said.contains("probably didn't start properly"), "{said}");
    assert!(said.contains("could not have its port"), "{said}");
}

/// Nothing says beforehand which port they want.
#[tokio::test]
async fn a_service_whose_port_another_on_its_network_has_is_told_what_is_wrong() {
    let (subject, port) = sharing();
    let (_, other) = sharing();
    let serve = format!("exec busybox httpd -f -p {port} -h /");
    // Until somebody has it, and its own program has gone on.
    let late = format!(
        "until grep -q ':{port:04X} ' /proc/net/tcp /proc/net/tcp6; do sleep 0.02; done; sleep 0.5; {serve}"
    );
    let named = |alias: &str, shell: &str| {
        let service = service(alias, 0, shell);
        let variables = variables(&[("WORD", alias)]);
        ServiceSpec {
            variables,
            ..service
        }
    };
    let clash = vec![named("one", &serve), named("two", &late)];
    let wanted = "service `host` could not have its port: here a job and all of its services share one \
                  network, and another of them (`host`";
    // One that is still waited for is told at once.
    let still_awaited = vec![named("one", &serve), service("two", other, &late)];
    let (exit, _, said) = run(&subject, spec(&subject, still_awaited), "true\n").await;
    assert_eq!(exit, Exit::Code(0));
    assert!(said.contains(wanted), "{said}");
    // Later, where a script fails.
    let (exit, output, said) = run(&subject, spec(&subject, clash), "sleep 2; exit 4\n").await;
    assert_eq!(exit, Exit::Code(4));
    assert!(output.contains(wanted), "{said}{output}");
    let open = output
        .split("(open: ")
        .nth(1)
        .and_then(|it| it.split(')').next());
    let open: Vec<&str> = open.unwrap_or_default().split(", ").collect();
    assert!(open.contains(&&*port.to_string()), "{output}");
}
