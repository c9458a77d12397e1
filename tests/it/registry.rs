//! Images from a real registry on this machine, with a password and without (runtime reference 9.2,
//! 9.3).

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::engine::{self, Engine};
use crate::env::{TestEnv, told};

const DOCKER: [&str; 3] = ["run", "--executor", "docker"];

/// The password of `ada`, and what a registry keeps of it.
const PASSWORD: &str = "open sesame";
const KEPT: &str = "ada:$2b$04$6x9SDtObA7BqjR9JR9LCZ.AdKXsa65isav.xa7SrztePILDG/wxnS\n";

/// A registry on a port of its own, gone at the end with the images that came from it.
struct Registry {
    server: Child,
    port: u16,
    engine: Engine,
    /// Images that this machine may have from it.
    names: Vec<String>,
}

impl Registry {
    fn open(env: &TestEnv) -> Self {
        Self::start(env, "")
    }

    fn with_password(env: &TestEnv) -> Self {
        let kept = env.sign("htpasswd");
        fs::write(&kept, KEPT).expect("a file");
        let auth = format!(
            "auth: {{htpasswd: {{realm: test, path: {}}}}}\n",
            kept.display()
        );
        Self::start(env, &auth)
    }

    fn start(env: &TestEnv, auth: &str) -> Self {
        let port = free_port();
        let folder = env.sign("registry");
        let config = env.sign("registry.yml");
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n{auth}",
            folder.display()
        );
        fs::write(&config, text).expect("a file");
        let server = Command::new(program())
            .args(["serve".as_ref(), config.as_os_str()])
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the registry starts");
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "the registry does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            server,
            port,
            engine: Engine::new(),
            names: Vec::new(),
        }
    }

    /// The name of an image of it, which it need not have.
    fn name(&mut self, image: &str) -> String {
        let name = format!("127.0.0.1:{}/{image}", self.port);
        self.names.push(name.clone());
        name
    }

    /// Puts the tests' own image into it under that name; this machine then has it no more.
    fn has(&mut self, image: &str) -> String {
        let name = self.name(image);
        self.engine.push(engine::IMAGE, &name, ("ada", PASSWORD));
        name
    }

    fn stop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
        for name in &self.names {
            self.engine.remove_image(name);
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Debian's, unpacked by a script on first use.
fn program() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/registry");
    let output = Command::new(script).output().expect("the script runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// `YWRhOm9wZW4gc2VzYW1l` is `ada:open sesame`.
fn auths(name: &str) -> String {
    let host = name.split('/').next().expect("a host");
    format!(r#"{{"auths": {{"{host}": {{"auth": "YWRhOm9wZW4gc2VzYW1l"}}}}}}"#)
}

#[test]
fn images_come_before_the_first_job_and_what_is_not_there_fails_its_jobs_in_docker() {
    let env = TestEnv::empty();
    let mut registry = Registry::open(&env);
    let (app, tool, gone) = (
        registry.has("grp/app:1"),
        registry.has("tool:2"),
        registry.name("gone:1"),
    );
    env.write(
        ".gitlab-ci.yml",
        &format!(
            "default: {{image: '{app}'}}\n\
             a: {{script: [echo ran-a]}}\nb: {{script: [echo ran-b]}}\n\
             c: {{image: '{tool}', stage: deploy, when: always, script: [echo ran-c]}}\n\
             d: {{image: '{gone}', script: [echo ran-d]}}\ne: {{image: '{gone}', script: [echo ran-e]}}\n"
        ),
    );
    env.commit();
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(1), "{text}");
    for (part, times) in [
        (format!("pulled {app}"), 1),
        (format!("pulled {tool}"), 1),
        (format!("pulled {gone}"), 0),
        (format!("image `{gone}` could not be pulled: "), 1),
        ("> ran-a\n".to_owned(), 1),
        ("> ran-b\n".to_owned(), 1),
        ("> ran-c\n".to_owned(), 1),
        ("> ran-d\n".to_owned(), 0),
    ] {
        assert_eq!(text.matches(&part).count(), times, "`{part}`:\n{text}");
    }
    let at = |part: &str| text.find(part).unwrap_or(usize::MAX);
    assert!(at(&format!("pulled {tool}")) < at("started"), "{text}");
    // Those that are here are not asked for again.
    let (_, text) = env.told(&DOCKER);
    assert!(!text.contains("✓ pulled"), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn a_registry_with_a_password_is_asked_with_the_credentials_there_are_in_docker() {
    let env = TestEnv::empty();
    let mut registry = Registry::with_password(&env);
    let app = registry.has("grp/app:1");
    env.write(
        ".gitlab-ci.yml",
        &format!("a: {{image: '{app}', script: [echo ran-a]}}\n"),
    );
    env.commit();
    let forget = |registry: &Registry| registry.engine.remove_image(&app);

    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(1), "{text}");
    let parts = ["no basic auth credentials", "log in to the registry"];
    for part in parts {
        assert!(text.contains(part), "`{part}`:\n{text}");
    }

    let given = format!("DOCKER_AUTH_CONFIG={}", auths(&app));
    let (code, text) = env.told(&[&DOCKER[..], &["--var", &given]].concat());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&format!("pulled {app}")), "{text}");
    forget(&registry);

    let config = env.home().join(".docker");
    fs::create_dir(&config).expect("a folder");
    fs::write(config.join("config.json"), auths(&app)).expect("a file");
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(0), "{text}");
    forget(&registry);

    // A program of Docker's protocol.
    let host = app.split('/').next().expect("a host");
    let helper = format!(r#"{{"credHelpers": {{"{host}": "pipe-test"}}}}"#);
    fs::write(config.join("config.json"), helper).expect("a file");
    let program = env.sign("bin/docker-credential-pipe-test");
    fs::create_dir(env.sign("bin")).expect("a folder");
    let script = format!(
        "#!/bin/sh\n[ \"$1 $(cat)\" = 'get {host}' ] && echo '{{\"Username\": \"ada\", \"Secret\": \"{PASSWORD}\"}}'\n"
    );
    fs::write(&program, script).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("rights");
    let mut pipe = env.pipe(&DOCKER);
    let path = std::env::var("PATH").expect("a path");
    pipe.env("PATH", format!("{}:{path}", env.sign("bin").display()));
    let (code, text) = told(pipe.output().expect("the program starts"));
    assert_eq!(code, Some(0), "{text}");
    forget(&registry);

    let wrong = auths(&app).replace("YWRhOm9wZW4gc2VzYW1l", "YWRhOndyb25n");
    fs::write(config.join("config.json"), wrong).expect("a file");
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("the credentials are those of"), "{text}");
    assert!(!text.contains("wrong"), "{text}");
}

#[test]
fn a_registry_out_of_reach_keeps_the_run_from_beginning_in_docker() {
    let env = TestEnv::empty();
    let mut registry = Registry::open(&env);
    let app = registry.has("app:1");
    registry.stop();
    env.write(
        ".gitlab-ci.yml",
        &format!(
            "a: {{image: '{app}', script: [echo ran-a]}}\nb: {{image: '{}', script: [echo ran-b]}}\n",
            engine::IMAGE
        ),
    );
    env.commit();
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("connection refused"), "{text}");
    assert!(!text.contains("ran-b"), "{text}");
    assert!(!text.contains("started"), "{text}");
    assert_eq!(text.matches("could not be pulled").count(), 1, "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

#[test]
fn an_image_that_is_to_be_pulled_each_time_is_in_docker() {
    let env = TestEnv::empty();
    let mut registry = Registry::open(&env);
    let app = registry.has("app:1");
    env.write(
        ".gitlab-ci.yml",
        &format!("a: {{image: {{name: '{app}', pull_policy: always}}, script: [echo ran-a]}}\n"),
    );
    env.commit();
    for _ in 0..2 {
        let (code, text) = env.told(&DOCKER);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(&format!("pulled {app}")), "{text}");
    }
    registry.stop();
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("is used as it is on this machine"), "{text}");
    env.user_settings("docker.pull_policy = 'if-not-present'\n");
    let (code, text) = env.told(&DOCKER);
    assert_eq!(code, Some(1), "{text}");
    let refusal = "is always, and `docker.allowed_pull_policies` allows if-not-present";
    assert!(text.contains(refusal), "{text}");
}

#[test]
fn images_without_a_daemon_come_from_a_registry_in_docker() {
    let env = TestEnv::empty();
    let mut registry = Registry::open(&env);
    let (app, gone) = (registry.has("grp/app:1"), registry.name("gone:1"));
    let (code, text) = env.told(&["image", "pull", &app]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("1 layer, all new"), "{text}");
    let (code, text) = env.told(&["image", "pull", &app]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("1 layer, all here before"), "{text}");
    let (_, text) = env.told(&["image", "ls"]);
    assert!(text.contains(&app), "{text}");
    let (code, text) = env.told(&["image", "pull", &gone]);
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("the registry does not have it"), "{text}");
    let (code, text) = env.told(&["image", "pull", "--platform", "linux/s390x", &app]);
    assert_eq!(code, Some(4), "{text}");
    let refusal = "is not made for linux/s390x: it is made for linux/amd64";
    assert!(text.contains(refusal), "{text}");
    registry.stop();
    let (code, text) = env.told(&["image", "pull", &app]);
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("can't be reached: "), "{text}");
}

#[test]
fn a_registry_with_a_password_gives_images_without_a_daemon_in_docker() {
    let env = TestEnv::empty();
    let mut registry = Registry::with_password(&env);
    let app = registry.has("grp/app:1");
    let (code, text) = env.told(&["image", "pull", &app]);
    assert_eq!(code, Some(4), "{text}");
    let refusal = "the registry does not give it to whoever asks";
    assert!(text.contains(refusal), "{text}");
    let config = env.home().join(".docker");
    fs::create_dir(&config).expect("a folder");
    let wrong = auths(&app).replace("YWRhOm9wZW4gc2VzYW1l", "YWRhOndyb25n");
    fs::write(config.join("config.json"), wrong).expect("a file");
    let (code, text) = env.told(&["image", "pull", &app]);
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains(refusal) && !text.contains("wrong"), "{text}");
    assert!(text.contains("The credentials are those of"), "{text}");
    fs::write(config.join("config.json"), "{").expect("a file");
    let (code, text) = env.told(&["image", "pull", &app]);
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("config.json can't be used: "), "{text}");

    // In a run the same is told once, however many images it keeps from being pulled.
    let jobs = ["a", "b"].map(|job| format!("{job}: {{image: '{app}-{job}', script: [echo]}}\n"));
    env.write(".gitlab-ci.yml", &jobs.concat());
    env.commit();
    let (code, text) = env.told(&["run", "--executor", "sandbox"]);
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(text.matches("can't be used").count(), 1, "{text}");
    let (code, text) = env.told(&["logs", "a"]);
    assert_eq!(code, Some(0), "{text}");
    let cause = format!("job `a` has no log: image `{app}-a` was not pulled\n");
    assert!(text.contains(&cause), "{text}");
    assert_eq!(text.matches(refusal).count(), 1, "{text}");

    fs::write(config.join("config.json"), auths(&app)).expect("a file");
    let (code, text) = env.told(&["image", "pull", &app]);
    assert_eq!(code, Some(0), "{text}");
    let (_, text) = env.told(&["image", "ls"]);
    assert!(text.contains(&app), "{text}");
}

#[test]
fn an_image_of_the_daemon_is_imported_in_docker() {
    let env = TestEnv::empty();
    let source = format!("docker-daemon:{}", engine::IMAGE);
    let (code, text) = env.told(&["image", "import", &source]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = env.told(&["image", "import", &source, "--tag", "other:1"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("all here before"), "{text}");
    let (code, text) = env.told(&["image", "import", "docker-daemon:pipe-none:1"]);
    assert_eq!(code, Some(4), "{text}");
    let message = "error[image-missing]: the Docker daemon has no image `pipe-none:1`\n";
    assert_eq!(text, message);
}
