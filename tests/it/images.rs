//! `pipe image` as its users meet it: archives come, are listed and go; what is killed leaves
//! nothing.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tar::{Builder, EntryType, Header};

use crate::cli::Project;
use crate::env::{TestEnv, copy_program};
use crate::fetch::web_server::{Authority, Reply, WebServer};
use crate::golden::golden;

/// The tar of a small root file system, with `files` more files.
fn root_file_system(files: usize) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    let mut add = |kind: EntryType, name: &str, mode: u32, content: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(1000);
        header.set_gid(1000);
        header.set_mtime(1_000_000_000);
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content)
            .expect("in memory");
    };
    add(EntryType::Directory, "bin/", 0o755, b"");
    add(EntryType::Regular, "bin/su", 0o4755, b"su");
    add(EntryType::Char, "dev/null", 0o666, b"");
    for at in 0..files {
        let name = format!("share/{}/{at}", at % 100);
        add(EntryType::Regular, &name, 0o644, name.as_bytes());
    }
    tar.into_inner().expect("in memory")
}

/// What is in the user's store, but for its locks.
fn kept(home: &Path) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                walk(&entry.path(), found);
            } else if entry.file_name() != "lock" {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    walk(&home.join(".cache/pipe/images"), &mut found);
    found
}

fn text(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn images_are_imported_listed_and_removed() {
    let project = Project::empty();
    fs::write(project.root().join("rootfs.tar"), root_file_system(0)).expect("written");
    project.write("notes.txt", "no archive at all");
    let shown = [
        &["image", "ls"][..],
        &["image", "import", "rootfs.tar"],
        &[
            "image",
            "import",
            "rootfs.tar",
            "--tag",
            "tools:1",
            "--platform",
            "amd64",
        ],
        &[
            "image",
            "import",
            "rootfs.tar",
            "--tag",
            "reg.io/tools:2",
            "--platform",
            "amd64",
        ],
        &["image", "ls"],
        &["image", "import", "notes.txt", "--tag", "a:1"],
        &["image", "import", "missing.tar"],
        &["image", "import", ".", "--tag", "a:1"],
        &["image", "import", "rootfs.tar", "--tag", "No Name"],
        &[
            "image",
            "import",
            "rootfs.tar",
            "--tag",
            "a",
            "--platform",
            "a/b/c/d",
        ],
        &["image", "rm", "ruby:3.1"],
        &["image", "rm"],
        &["image", "rm", "tools:1"],
        &["image", "rm", "--all"],
        &["image", "rm", "--all"],
        &["image", "pull", "No Name"],
    ]
    .map(|arguments| project.pipe(arguments))
    .join("\n");
    golden!("image", &shown);
    assert_eq!(kept(&project.home()), Vec::<PathBuf>::new());
}

#[test]
fn programs_read_json() {
    let project = Project::empty();
    fs::write(project.root().join("rootfs.tar"), root_file_system(3)).expect("written");
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = project
            .command()
            .args(arguments)
            .output()
            .expect("it starts");
        assert!(output.status.success(), "{}", text(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let import = [
        "image",
        "import",
        "rootfs.tar",
        "--tag",
        "tools:1",
        "--format",
        "json",
    ];
    let came = json(&import);
    assert_eq!(came["images"][0]["name"], "docker.io/library/tools:1");
    assert_eq!(came["images"][0]["new_layers"], 1);
    assert_eq!(came["images"][0]["devices_left_out"], 1);
    assert_eq!(json(&import)["images"][0]["new_layers"], 0);
    let list = json(&["image", "ls", "--format", "json"]);
    assert_eq!(list["version"], 1);
    let images = list["images"].as_array().expect("a list");
    assert_eq!(images.len(), 1);
    assert_eq!(images[0]["id"], came["images"][0]["id"]);
    assert_eq!(images[0]["layers"], 1);
    assert_eq!(images[0]["in_use"], false);
    assert!(images[0]["bytes"].as_u64().is_some_and(|bytes| bytes > 2));
}

#[test]
fn an_image_comes_through_a_pipe() {
    let project = Project::empty();
    let mut command = project.command();
    command.args(["image", "import", "-", "--tag", "tools:1"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("it starts");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(&root_file_system(0)).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(text(&output).contains("tools:1"), "{}", text(&output));
    assert!(!kept(&project.home()).is_empty());
}

#[test]
fn two_at_once_bring_one_image() {
    let project = Project::empty();
    fs::write(project.root().join("rootfs.tar"), root_file_system(500)).expect("written");
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = project.command();
            command.args(["image", "import", "rootfs.tar", "--tag", "tools:1"]);
            let child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            child.expect("it starts")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", text(&output));
    }
    let files = kept(&project.home());
    let count = |name: &str| files.iter().filter(|file| file.ends_with(name)).count();
    assert_eq!((count("share/7/407"), count("layer.json")), (1, 1));
}

#[test]
fn what_is_killed_leaves_nothing() {
    let project = Project::empty();
    fs::write(project.root().join("rootfs.tar"), root_file_system(4000)).expect("written");
    fs::write(project.root().join("small.tar"), root_file_system(0)).expect("written");
    let mut was_under_way = false;
    for wait in [0, 30, 80, 160, 320] {
        let mut command = project.command();
        command.args(["image", "import", "rootfs.tar", "--tag", "large:1"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("it starts");
        let begun = Instant::now();
        // From the first file on, after a while.
        while kept(&project.home()).is_empty() && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().expect("it can be killed");
        let ended = child.wait().expect("it ends");
        if ended.success() {
            break;
        }
        was_under_way |= !kept(&project.home()).is_empty();
        let list = project.pipe(&["image", "ls"]);
        assert!(!list.contains("large"), "after {wait} ms: {list}");
        project.pipe(&["image", "import", "small.tar", "--tag", "small:1"]);
        project.pipe(&["image", "rm", "--all"]);
        assert_eq!(
            kept(&project.home()),
            Vec::<PathBuf>::new(),
            "after {wait} ms"
        );
    }
    assert!(was_under_way, "nothing was there to be left");
}

#[test]
fn ctrl_c_ends_it_and_leaves_nothing() {
    let project = Project::empty();
    fs::write(project.root().join("rootfs.tar"), root_file_system(4000)).expect("written");
    let mut command = project.command();
    command.args(["image", "import", "rootfs.tar", "--tag", "large:1"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.expect("it starts");
    let begun = Instant::now();
    while kept(&project.home()).len() < 20 && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it lives");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", text(&output));
    assert!(text(&output).contains("stopped"), "{}", text(&output));
    assert_eq!(kept(&project.home()), Vec::<PathBuf>::new());
}

/// A plain user has a store of their own, with the one id they have.
#[test]
fn a_plain_user_needs_no_root() {
    const USER: u32 = 54321;
    if !rustix::process::geteuid().is_root() {
        // All other tests show it already.
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("opened");
    let home = folder.path().join("home");
    fs::create_dir(&home).expect("made");
    chown(&home, Some(USER), Some(USER)).expect("as root");
    let (program, archive) = (folder.path().join("pipe"), folder.path().join("rootfs.tar"));
    copy_program(&program);
    fs::write(&archive, root_file_system(5)).expect("written");
    let pipe = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(&home).env_clear();
        command.env("HOME", &home).env("PATH", "/usr/bin:/bin");
        command.uid(USER).gid(USER);
        let output = command.output().expect("it starts");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
    };
    let archive = archive.display().to_string();
    pipe(&["image", "import", &archive, "--tag", "tools:1"]);
    let files = kept(&home);
    let program = files
        .iter()
        .find(|file| file.ends_with("bin/su"))
        .expect("unpacked");
    let about = fs::metadata(program).expect("there");
    assert_eq!((about.uid(), about.mode() & 0o7777), (USER, 0o4755));
    let store = home.join(".cache/pipe/images").join(USER.to_string());
    assert_eq!(fs::metadata(&store).expect("there").mode() & 0o777, 0o700);
    assert!(pipe(&["image", "ls"]).contains("tools:1"));
    pipe(&["image", "rm", "tools:1"]);
    assert_eq!(kept(&home), Vec::<PathBuf>::new());
}

#[test]
fn a_registry_has_to_prove_who_it_is() {
    let authority = Authority::new();
    let server = WebServer::https(&authority, |_| Reply::Text(404, "{}".to_owned()));
    let project = Project::new("a: {script: a}\n");
    let image = format!("127.0.0.1:{}/tool:1", server.port());
    let shown = project.pipe(&["image", "pull", &image]);
    assert!(shown.contains("can't be trusted"), "{shown}");
    assert!(shown.contains("the setting `ca-file`"), "{shown}");
    assert!(shown.contains("--- exit 4"), "{shown}");

    fs::write(project.home().join("ca.pem"), authority.pem()).expect("a file");
    let project = project.env("PIPE_CA_FILE", "~/ca.pem");
    let shown = project.pipe(&["image", "pull", &image]);
    assert!(shown.contains("the registry does not have it"), "{shown}");

    // A run asks the same way.
    project.write(
        ".gitlab-ci.yml",
        &format!("a: {{image: '{image}', script: a}}\n"),
    );
    let shown = project.pipe(&["run", "--executor", "sandbox"]);
    assert!(
        shown.contains("the registry does not have it") && shown.contains("--- exit 1"),
        "{shown}"
    );
}

/// Of that name there may be an image on a registry, which is somebody else's.
#[test]
fn the_picture_of_this_machine_is_no_image_of_a_daemon_in_docker() {
    let env = TestEnv::new(
        "here:\n  image: host\n  script: [test -e /usr/bin/env]\nthere:\n  script: [echo there]\n",
    );
    let output = env.output(&["run", "--format", "json"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(!told.contains("pull"), "{told}");
}
