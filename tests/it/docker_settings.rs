//! What the user's runner adds to containers, grants jobs and forbids them (runtime reference 7.3,
//! 7.4), as its users meet it.

use crate::env::TestEnv;

const DOCKER: [&str; 3] = ["run", "--executor", "docker"];

#[test]
fn what_the_users_runner_adds_reaches_jobs_in_docker() {
    let env = TestEnv::new(
        r#"
look:
  image: {name: pipe-test-busybox:1, docker: {user: "1234"}}
  script:
    - echo "user $(id -u)"
    - echo "shm $(df -k /dev/shm | awk 'END {print $2}')"
    - grep -E 'wiki|CapEff' /etc/hosts /proc/self/status
    - grep nameserver /etc/resolv.conf
    - echo "somaxconn $(cat /proc/sys/net/core/somaxconn)"
    - mount | grep ' /scratch '
    - echo "of host $(cat /of-host/word)"
    - echo "kvm $(ls -l /dev/zero2 | cut -c1)"
"#,
    );
    std::fs::create_dir(env.sign("shared")).expect("a folder");
    std::fs::write(env.sign("shared/word"), "hello\n").expect("a file");
    env.user_settings(&format!(
        r#"
[docker]
user = "0"
shm_size = "32m"
memory = "256m"
cpus = "1.5"
extra_hosts = ["wiki.example:10.9.8.7"]
dns = ["10.0.0.53"]
cap_drop = ["ALL"]
cap_add = ["CHOWN"]
volumes = ["{}:/of-host:ro"]
devices = ["/dev/zero:/dev/zero2:r"]
sysctls = {{ "net.core.somaxconn" = "777" }}
tmpfs = {{ "/scratch" = "rw,noexec,size=4m" }}
"#,
        env.sign("shared").display()
    ));
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(0), "{text}");
    for part in [
        "user 0",
        "shm 32768",
        "10.9.8.7\twiki.example",
        "CapEff:\t0000000000000001",
        "nameserver 10.0.0.53",
        "somaxconn 777",
        "noexec",
        "of host hello",
        "kvm c",
    ] {
        assert!(text.contains(part), "`{part}`:\n{text}");
    }
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn without_a_grant_a_job_has_nothing_of_the_machine_in_docker() {
    let env = TestEnv::new(
        r#"
look:
  script:
    - test ! -e /var/run/docker.sock
    - grep CapEff /proc/self/status
    - echo "at $CI_PROJECT_DIR"
"#,
    );
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("CapEff:\t00000000a80425fb"), "{text}");
    assert!(text.contains("at /builds/"), "{text}");
}

#[test]
fn a_volume_stays_for_later_jobs_until_it_is_cleaned_in_docker() {
    let env = TestEnv::new(
        r#"
one:
  script: ["cat /kept/word || true", "echo of-one >/kept/word"]
two:
  stage: deploy
  script: ["cat /kept/word"]
"#,
    );
    env.user_settings("docker.volumes = ['/kept']\ndocker.user = 'nobody'\njobs = 1\n");
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("of-one\n").count(), 1, "{text}");
    let (code, text) = env.told(&["run", "one", "--executor", "docker"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("of-one\n").count(), 1, "{text}");
    assert_eq!(env.leftovers().len(), 1);
    let (code, text) = env.told(&["clean", "layers"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

/// Talks to the daemon through its socket: mounts `$PWD` in another container, and prints a file
/// that this one has there.
const BESIDE: &str = r#"
import http.client, json, os, socket

class Daemon(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")

def ask(method, path, body=None):
    daemon = Daemon("docker")
    daemon.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
    return daemon.getresponse().read()

made = json.loads(ask("POST", "/containers/create", {
    "Image": "pipe-test-busybox:1", "Cmd": ["cat", "/there/made"], "Tty": True,
    "HostConfig": {"Binds": [os.getcwd() + ":/there"]},
}))["Id"]
ask("POST", "/containers/" + made + "/start")
ask("POST", "/containers/" + made + "/wait")
print("beside:", ask("GET", "/containers/" + made + "/logs?stdout=1").decode())
ask("DELETE", "/containers/" + made + "?force=1")
"#;

#[test]
fn with_the_socket_a_container_of_the_job_finds_its_files_in_docker() {
    let env = TestEnv::new(
        r#"
look:
  image: pipe-test-debian:1
  services: [{name: pipe-test-busybox:1, alias: s, command: [sleep, "60"], variables: {}}]
  script:
    - echo "made by $CI_JOB_NAME" >made
    - python3 beside.py
    - git status --short
  after_script:
    - cat made
  artifacts: {paths: [made]}
next:
  stage: deploy
  script: ["cat made"]
"#,
    );
    env.write("beside.py", BESIDE);
    env.commit();
    env.user_settings("docker.host_socket = true\ndocker.wait_for_services_timeout = 0\n");
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("beside: made by look"), "{text}");
    assert_eq!(text.matches("made by look").count(), 3, "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn a_job_that_plainly_needs_the_socket_is_told_the_line_to_add_in_docker() {
    let env = TestEnv::new("publish:\n  script: [\"docker build -t app .\", docker push app]\n");
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(4), "{text}");
    for part in [
        "error[grant-missing]: job `publish` needs a Docker daemon for `docker build -t app .`",
        ".gitlab-ci.yml:3:",
        "`docker.host_socket = true` in `~/.config/pipe/config.toml`",
    ] {
        assert!(text.contains(part), "`{part}`:\n{text}");
    }
    assert_eq!(env.records(), Vec::<String>::new());
    env.user_settings("docker.host_socket = false\n");
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("docker: not found"), "{text}");
}

#[test]
fn without_the_runners_umask_files_are_the_jobs_own_in_docker() {
    let env = TestEnv::new(
        r#"
variables: {FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR: "true"}
make:
  stage: build
  image: {name: pipe-test-busybox:1, docker: {user: "1000:1000"}}
  script:
    - stat -c 'of-git %n %a %u:%g' tool.sh word .
    - echo more >>word
    - echo made >made
  artifacts: {paths: [made]}
use:
  image: {name: pipe-test-busybox:1, docker: {user: nobody}}
  script:
    - stat -c 'received %n %a %u:%g' made word
root:
  script: [stat -c 'of-root %n %a %u:%g' word]
usual:
  variables: {FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR: "false"}
  script: [stat -c 'usual %n %a %u:%g' word]
"#,
    );
    env.write("word", "hello\n");
    env.write("tool.sh", "#!/bin/sh\n");
    env.git(&["add", "-A"]);
    env.git(&["update-index", "--chmod=+x", "tool.sh"]);
    env.git(&["commit", "-q", "-m", "more"]);
    env.git(&["checkout", "-q", "--", "."]);
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(0), "{text}");
    for part in [
        "of-git tool.sh 755 1000:1000",
        "of-git word 644 1000:1000",
        "of-git . 755 1000:1000",
        "received made 644 65534:65534",
        "received word 644 65534:65534",
        "of-root word 644 0:0",
        "usual word 666 0:0",
    ] {
        assert!(text.contains(part), "`{part}`:\n{text}");
    }
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn what_the_users_runner_does_not_allow_fails_the_job_in_docker() {
    let env = TestEnv::new(
        r#"
fine: {script: [echo fine]}
other:
  image: other:1
  script: [echo other]
service:
  services: [{name: "redis:7"}]
  script: [echo service]
many:
  services: [{name: pipe-test-busybox:1, alias: a}, {name: pipe-test-busybox:1, alias: b}]
  script: [echo many]
"#,
    );
    env.user_settings(
        "[docker]\nallowed_images = ['pipe-test-*:*']\nallowed_services = ['pipe-test-*:*']\nservices_limit = 1\n",
    );
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(1), "{text}");
    for part in [
        "fine\n",
        "image `other:1` is not among those that `docker.allowed_images` allows: pipe-test-*:*",
        "image of a service `redis:7` is not among those that `docker.allowed_services` allows",
        "the job asks for 2 services, and `docker.services_limit` is 1",
    ] {
        assert!(text.contains(part), "`{part}`:\n{text}");
    }
    assert!(!text.contains("pull"), "{text}");
}
