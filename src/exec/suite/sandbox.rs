//! The contract over the sandbox, and what only it must do.

mod brought;
mod copies;
mod escapes;
mod extras;
mod folders;
mod full_disks;
mod images;
mod layers;
mod left;
mod limits;
mod mounts;
mod networks;
mod processes;
mod service_networks;
mod services;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::{
    Cancel, Exit, Fault, Keyring, SandboxExecutor, SandboxExtras, SandboxLimits, SandboxNetwork,
    SandboxSettings,
};
use super::subject::{BUDGET, RUN, Step, Subject, context, globs, scratch};
use super::{contract, owners};

async fn sandbox() -> Subject {
    sandbox_with(SandboxLimits::default())
}

fn sandbox_with(limits: SandboxLimits) -> Subject {
    let settings = |plain| SandboxSettings { limits, ..plain };
    sandbox_of(settings, |executor| executor)
}

fn sandbox_of(
    settings: impl FnOnce(SandboxSettings) -> SandboxSettings,
    changed: impl FnOnce(SandboxExecutor) -> SandboxExecutor,
) -> Subject {
    let scratch = scratch();
    let base = scratch.path().join("sandbox");
    let host_layers = host_layers();
    share(&base, host_layers.path());
    let executor = SandboxExecutor::new(settings(SandboxSettings {
        base,
        images: scratch.path().join("images"),
        keyring: Keyring::of_user(None, None),
        limits: SandboxLimits::default(),
        certificates: None,
        network: SandboxNetwork::Alone,
        extras: SandboxExtras::default(),
        run: RUN.to_owned(),
        believes: false,
    }));
    let usual = if has_users() {
        executor.uniting()
    } else {
        executor
    };
    let executor = Arc::new(changed(usual));
    Subject::in_folder(scratch, executor, Some("host")).sharing(host_layers)
}

/// Where the lowest layers of the image `host` are, for all tests that run at once, as for all runs of
/// a user: a layer has a thousand files, which is too much work to be done for each test.
fn host_layers() -> Arc<TempDir> {
    static NOW: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    // A test that failed has done no harm to it.
    let mut now = NOW.lock().unwrap_or_else(PoisonError::into_inner);
    let layers = now.upgrade().unwrap_or_else(|| Arc::new(scratch()));
    *now = Arc::downgrade(&layers);
    layers
}

/// Lets sandboxes of `base` have these layers.
fn share(base: &Path, host_layers: &Path) {
    std::fs::create_dir(base).expect("a folder");
    symlink(host_layers, base.join("host")).expect("a link");
}

contract!(sandbox, images);

#[tokio::test]
async fn files_belong_to_the_user_where_that_is_wanted() {
    if has_users() {
        owners::files_belong_to_the_user_where_that_is_wanted(&sandbox().await).await;
    }
}

#[tokio::test]
async fn artifacts_keep_owners_and_set_ids() {
    if has_users() {
        owners::artifacts_keep_owners_and_set_ids(&sandbox().await, "").await;
    }
}

/// Runs one script in a sandbox of its own.
async fn runs(script: &str) -> (Exit, String) {
    let subject = sandbox().await;
    let mut session = subject.open("one", &[]).await;
    let ended = Step::real(script).run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
    ended
}

/// Whether a sandbox has other users than the one who made it.
fn has_users() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").expect("a map");
    rustix::process::geteuid().is_root() && !map.trim_end().ends_with(" 1")
}

/// The same, of an image of the store: ids of their own are enough.
fn has_users_of_images() -> bool {
    let user = format!("{}:", rustix::process::geteuid().as_raw());
    let ids = std::fs::read_to_string("/etc/subuid").unwrap_or_default();
    let has_ids = ids.lines().any(|line| line.starts_with(&user));
    has_users() || (has_ids && std::path::Path::new("/usr/bin/newuidmap").exists())
}

/// Copies this program, which may lie where only root gets.
fn copy_tests(to: &Path) {
    // Another process writes it: what this one has open for writing, a program that another test
    // starts has too for a moment, and what is open for writing can't be run.
    let program = std::env::current_exe().expect("the tests");
    let copied = std::process::Command::new("cp")
        .arg(program)
        .arg(to)
        .status();
    assert!(copied.is_ok_and(|status| status.success()), "copied");
}

/// Where root runs the tests, all of them are run once more as a user who has no rights.
#[test]
fn all_of_it_as_a_plain_user() {
    use std::os::unix::process::CommandExt;

    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = scratch();
    let user = 61_234;
    std::os::unix::fs::chown(home.path(), Some(user), Some(user)).expect("given away");
    let program = home.path().join("tests");
    copy_tests(&program);
    let done = std::process::Command::new(&program)
        .args([
            "suite::sandbox",
            "--skip",
            "as_a_plain_user",
            "--skip",
            "as_root",
        ])
        .args(["--skip", "of_a_namespace", "--skip", "with_uidmap"])
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .current_dir("/")
        .uid(user)
        .gid(user)
        .output()
        .expect("started");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}");
    assert!(said.contains(" passed"), "{said}");
}

/// Images have their users where a user has ids of their own, and what these users leave is removed.
#[test]
fn images_have_their_users_for_a_user_with_ids_with_uidmap() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = scratch();
    let user = 61_236;
    std::os::unix::fs::chown(home.path(), Some(user), Some(user)).expect("given away");
    let at = |name: &str| home.path().join(name);
    copy_tests(&at("tests"));
    std::fs::write(at("ids"), format!("{user}:300000:65536\n")).expect("written");
    // The program that gives the ids wants its user to have a name.
    let mut people = std::fs::read_to_string("/etc/passwd").expect("people");
    people.push_str(&format!("pipe-test:x:{user}:{user}::/:/bin/sh\n"));
    std::fs::write(at("people"), people).expect("written");
    // For this test alone.
    let script = "mount --bind ids /etc/subuid && mount --bind ids /etc/subgid && \
                  mount --bind people /etc/passwd && \
                  exec setpriv --reuid=61236 --regid=61236 --clear-groups ./tests \"$@\"";
    let done = std::process::Command::new("unshare")
        .args(["-m", "sh", "-c", script, "sh"])
        .args(["images", "exit_codes", "services_are_ready", "fork_bomb"])
        .args([
            "--skip",
            "docker",
            "--skip",
            "fake",
            "--skip",
            "shell",
            "--skip",
            "images::tests",
        ])
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .current_dir(home.path())
        .output();
    let done = done.expect("`unshare` of util-linux is installed");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}");
    assert!(said.contains("an_image_has_its_users ... ok"), "{said}");
    // What belongs to other ids could not be removed by whoever made it.
    let left = std::process::Command::new("find")
        .arg(home.path())
        .args(["-uid", "+299999"])
        .output();
    let left = left.expect("`find` is installed").stdout;
    assert_eq!(String::from_utf8_lossy(&left), "");
}

/// Who is root of a namespace of users has one id, and marks that this machine's root does not
/// know.
#[test]
fn it_works_for_root_of_a_namespace_of_users() {
    let program = std::env::current_exe().expect("the tests");
    let done = std::process::Command::new("unshare")
        .arg("-Ur")
        .arg(program)
        .args(["exit_codes", "the_tree_is_there", "nothing_of_the_host"])
        .args(["an_image_runs", "services_are_ready", "fork_bomb"])
        .args(["--skip", "docker", "--skip", "fake", "--skip", "shell"])
        .output();
    let done = done.expect("`unshare` of util-linux is installed");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}");
    assert!(said.contains(" passed"), "{said}");
}

#[tokio::test]
async fn a_background_child_that_holds_the_output_does_not_delay_the_end() {
    let ended = runs("(sleep 60; echo late) &\necho end\nexit 3\n").await;
    assert_eq!(ended, (Exit::Code(3), "end\n".to_owned()));
}

#[tokio::test]
async fn a_shell_that_a_signal_ends_has_128_and_its_number() {
    let faults = "exec perl -e 'unpack(\"p\", pack(\"J\", 1))'\n";
    assert_eq!(runs(faults).await.0, Exit::Code(139));
}

/// A way out that must be none: what a script prints where it got out, or what it still sees.
async fn stays_inside(subject: &Subject, name: &str, script: &str, wanted: &str) {
    let mut session = subject.open("escape", &[]).await;
    let (_, output) = Step::real(script).run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(output, wanted, "{name}");
}

#[tokio::test]
async fn an_artifact_without_end_is_refused_and_can_be_stopped() {
    let subject = sandbox().await;
    let mut session = subject.open("sparse", &[]).await;
    let project = subject.spec("sparse").layout.project_dir;
    let script = format!("cd {project}; truncate -s 1G big; truncate -s 10T huge; mkfifo pipe\n");
    let made = Step::real(&script).run(session.as_mut()).await;
    assert_eq!(made, (Exit::Code(0), String::new()));
    let (cx, cancel) = context();
    let into = subject.archive("a.tar");
    let mut big = globs(&["big"]);
    big.limit = Some(1 << 20);
    let error = session
        .collect(&big, &into, &cx)
        .await
        .expect_err("too long");
    assert_eq!(error.fault, Fault::User, "{error}");
    assert!(error.message.contains("holes and all"), "{error}");
    let pipe = format!("{project}/pipe");
    let read = session.read(&pipe, 10, &cx).await.expect("looked at");
    assert_eq!(read, None, "nobody waits for a pipe");
    let begun = Instant::now();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.send_replace(Cancel::Graceful);
    };
    let huge = globs(&["huge"]);
    let (stopped, ()) = tokio::join!(session.collect(&huge, &into, &cx), stopping);
    stopped.expect_err("it never ends by itself");
    session.close(BUDGET).await.expect("closes");
    let is_stored = |entry: std::fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(".tmp") || name == "a.tar"
    };
    let stored = || {
        let entries = std::fs::read_dir(subject.scratch.path()).expect("a folder");
        entries.flatten().any(is_stored)
    };
    while stored() {
        assert!(begun.elapsed() < Duration::from_secs(5), "it goes on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_a_job_runs_as_can_open_its_output_by_name() {
    let subject = sandbox().await;
    for user in [None, Some("nobody"), Some("1000:1000")] {
        let mut spec = subject.spec("named");
        if let Some(image) = &mut spec.image {
            image.user = user.map(str::to_owned);
        }
        let mut session = subject.open_spec(spec).await;
        let script = Step::real("echo out >/dev/stdout; echo err >/dev/stderr\n");
        let (exit, output) = script.run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        assert_eq!(
            (exit, output.as_str()),
            (Exit::Code(0), "out\nerr\n"),
            "{user:?}"
        );
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

#[tokio::test]
async fn everybody_has_a_home_of_their_own_and_the_usual_folders() {
    let subject = sandbox().await;
    let script = "echo >/var/run/x && echo >/var/lock/y && ls /run/x /run/lock/y\n";
    stays_inside(&subject, "folders", script, "/run/lock/y\n/run/x\n").await;
    if !has_users() {
        return;
    }
    for (user, home) in [
        ("root", std::env::home_dir()),
        ("nobody", Some("/nonexistent".into())),
    ] {
        let mut spec = subject.spec("home");
        if let Some(image) = &mut spec.image {
            image.user = Some(user.to_owned());
        }
        let mut session = subject.open_spec(spec).await;
        let (_, output) = Step::real("echo $HOME\n").run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        let home = home.expect("a home").display().to_string();
        assert_eq!(output, format!("{home}\n"), "{user}");
    }
}

#[tokio::test]
async fn each_file_system_but_dev_holds_no_devices() {
    let subject = sandbox().await;
    // The devices that are there are mounts of their own.
    let script = "grep -v -E ' (/dev/[a-z]+|/dev/pts|/proc/[a-z_]+|/sys/.*) ' /proc/self/mounts | grep -v nodev\n";
    stays_inside(&subject, "mounts", script, "").await;
}

#[tokio::test]
async fn nothing_runs_and_nothing_is_mounted_behind_a_session() {
    let subject = sandbox().await;
    let mut session = subject.open("gone", &[]).await;
    let script = Step::real("(setsid sleep 4711 &) ; (sleep 4711 &); echo begun\n");
    assert_eq!(script.run(session.as_mut()).await.1, "begun\n");
    drop(session);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let place = subject.scratch.path().display().to_string();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    assert!(!mounts.contains(&place), "{mounts}");
    for process in std::fs::read_dir("/proc").expect("processes").flatten() {
        let about = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&about).contains("4711"),
            "{}",
            process.path().display()
        );
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}
