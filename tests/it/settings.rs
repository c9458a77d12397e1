//! Whose settings and variables count: those of the user, wherever the checkout comes from, and
//! no more of the repository's than is safe.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use crate::cli::Project;
use crate::golden::golden;

const PIPELINE: &str = "stranger: {script: make}\nfriend: {script: make, rules: [{if: $TOKEN}]}\n";

/// A checkout of `origin` whose user has this `variables.yml`.
fn checkout(origin: &str, variables: &str) -> Project {
    let project = Project::new(PIPELINE);
    project.git(&["remote", "add", "origin", origin]);
    write_home(&project, "variables.yml", variables);
    project
}

/// Writes a file of the user's settings.
fn write_home(project: &Project, name: &str, content: impl AsRef<[u8]>) {
    let folder = project.home().join(".config/pipe");
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join(name), content).expect("a file can be written");
}

#[test]
fn a_clone_from_elsewhere_gets_no_secret() {
    let variables = "project:\n  gitlab.com/acme/app: {TOKEN: s3cret}\n";
    for (origin, expected) in [
        ("https://gitlab.com/acme/app.git", true),
        ("git@gitlab.com:acme/app.git", true),
        ("https://evil.example/gitlab.com/acme/app.git", false),
        ("http://gitlab.com:8080/acme/app", false),
    ] {
        let shown = checkout(origin, variables).pipe(&["list"]);
        assert_eq!(shown.contains("2 jobs"), expected, "{origin}\n{shown}");
    }
}

#[test]
fn the_users_server_does_not_stand_for_that_of_a_clone() {
    let variables = "project:\n  acme/app: {TOKEN: s3cret}\n";
    for (origin, expected) in [
        ("https://gitlab.com/acme/app.git", true),
        ("https://evil.example/acme/app.git", false),
        ("https://evil.example/x/y.git", false),
    ] {
        let project = checkout(origin, variables)
            .env("PIPE_SERVER_URL", "https://gitlab.com")
            .env("PIPE_PROJECT_PATH", "acme/app");
        let shown = project.pipe(&["list"]);
        assert_eq!(shown.contains("2 jobs"), expected, "{origin}\n{shown}");
    }
}

#[test]
fn variables_that_are_left_out_are_told() {
    let variables = "project:\n  acme/app:\n    TOKEN: s3cret\n";
    let elsewhere = checkout("https://evil.example/acme/app.git", variables);
    golden!("key_without_host", &elsewhere.pipe(&["list"]));
    let variables = "project:\n  gitlab.com/acme/app:\n    TOKEN: s3cret\n";
    let other_port = checkout("http://gitlab.com:8080/acme/app", variables);
    golden!("key_of_another_port", &other_port.pipe(&["list"]));
}

#[test]
fn what_is_told_of_variables_shows_no_value() {
    let variables = "project: {acme/app: {TOKEN: s3cret}}\n";
    let shown = checkout("https://evil.example/acme/app.git", variables).pipe(&["list"]);
    assert!(shown.contains("variables.yml:1:11"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

/// A file of the user's settings.
fn at_home(project: &Project, name: &str) -> PathBuf {
    write_home(project, name, "");
    let path = project.home().join(".config/pipe").join(name);
    fs::remove_file(&path).expect("it was written");
    path
}

#[test]
fn settings_of_the_user_that_cant_be_read_stop_the_command() {
    for (name, latin, folder, dangling) in [
        (
            "config.toml",
            "config_latin",
            "config_folder",
            "config_dangling",
        ),
        (
            "variables.yml",
            "variables_latin",
            "variables_folder",
            "variables_dangling",
        ),
    ] {
        let project = Project::new(PIPELINE);
        write_home(&project, name, b"held = ['stranger'] # \xe9\n");
        stops(latin, &project);
        let project = Project::new(PIPELINE);
        fs::create_dir(at_home(&project, name)).expect("a folder can be made");
        stops(folder, &project);
        let project = Project::new(PIPELINE);
        symlink("nowhere", at_home(&project, name)).expect("a link can be made");
        stops(dangling, &project);
    }
}

#[track_caller]
fn stops(name: &str, project: &Project) {
    golden!(name, &project.pipe(&["run"]));
    let shown = project.pipe(&["doctor"]);
    assert!(shown.contains("--- exit 4"), "{shown}");
}

#[test]
fn a_setting_of_the_environment_that_is_no_text_stops_the_command() {
    let project = Project::new(PIPELINE);
    let mut command = project.command();
    command.env("PIPE_HELD", OsStr::from_bytes(b"stranger,\xff"));
    let output = command.arg("run").output().expect("pipe can be started");
    golden!("environment_no_text", &project.shown("$ pipe run", &output));
}

#[test]
fn the_checkouts_own_files_are_no_links_devices_or_pipes() {
    let secret = "secret = [\n";
    for name in [
        ".pipe/config.toml",
        ".pipe/variables.yml",
        ".gitlab-ci-local-variables.yml",
    ] {
        for (what, told) in [
            ("link", "link"),
            ("linked folder", "link"),
            ("device", "link"),
            ("dangling", "link"),
            ("pipe", "regular file"),
            ("folder", "regular file"),
            ("giant", "larger"),
        ] {
            let project = Project::new(PIPELINE);
            fs::write(project.home().join("secret"), secret).expect("it can be written");
            if !made(&project, name, what) {
                continue;
            }
            let shown = project.pipe(&["list"]);
            assert!(shown.contains("--- exit 4"), "{name} {what}\n{shown}");
            assert!(shown.contains(told), "{name} {what}\n{shown}");
            assert!(!shown.contains("secret ="), "{name} {what}\n{shown}");
        }
    }
    let project = Project::new(PIPELINE);
    made(&project, ".pipe/config.toml", "device");
    golden!("checkouts_file_is_a_link", &project.pipe(&["list"]));
}

/// Puts something at the place of a file; false where that can't be.
fn made(project: &Project, name: &str, what: &str) -> bool {
    let path = project.root().join(name);
    let folder = path.parent().expect("a file lies in a folder");
    let secret = project.home().join("secret");
    if what == "linked folder" {
        if folder == project.root() {
            return false;
        }
        let elsewhere = project.home().join("elsewhere");
        fs::create_dir_all(&elsewhere).expect("a folder can be made");
        fs::copy(secret, elsewhere.join(path.file_name().expect("a name"))).expect("a copy");
        symlink(elsewhere, folder).expect("a link can be made");
        return true;
    }
    fs::create_dir_all(folder).expect("a folder can be made");
    match what {
        "link" => symlink(secret, path).expect("a link can be made"),
        "device" => symlink("/dev/zero", path).expect("a link can be made"),
        "dangling" => symlink("nowhere", path).expect("a link can be made"),
        "folder" => fs::create_dir(path).expect("a folder can be made"),
        "giant" => fs::write(path, "#".repeat(2 << 20)).expect("it can be written"),
        "pipe" => {
            let made = Command::new("mkfifo").arg(path).status();
            assert!(made.expect("mkfifo can be started").success());
        }
        other => panic!("{other}"),
    }
    true
}

#[test]
fn relative_folders_of_the_user_count_for_nothing() {
    let run = ["run", "--executor", "shell", "--format", "plain"];
    let project = Project::new("j: {script: git status --short}\n")
        .env("XDG_STATE_HOME", "state")
        .env("XDG_CONFIG_HOME", "config")
        .env("XDG_CACHE_HOME", "cache");
    project.write("config/pipe/config.toml", "held = ['j']\n");
    project.commit();
    let shown = project.pipe(&run);
    assert!(shown.contains("pipeline passed"), "{shown}");
    assert!(project.home().join(".local/state/pipe").is_dir(), "{shown}");
    assert_only(&project, &[".git", ".gitlab-ci.yml", "config"]);
    let homeless = Project::new(PIPELINE).env("HOME", "house");
    golden!("relative_home", &homeless.pipe(&run));
    assert_only(&homeless, &[".git", ".gitlab-ci.yml"]);
}

/// Nothing else lies in the work tree.
fn assert_only(project: &Project, names: &[&str]) {
    let entries = fs::read_dir(project.root()).expect("the checkout is there");
    let mut found: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    found.sort();
    assert_eq!(found, names);
}

/// Where the user and the checkout may each say something.
fn with_files(files: &[(&str, &str)]) -> Project {
    let project = Project::new("j: {script: x}\n");
    project.git(&["remote", "add", "origin", "git@gitlab.com:acme/app.git"]);
    for (name, text) in files {
        match name.strip_prefix("~/") {
            Some(name) => {
                let path = project.home().join(name);
                fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
                fs::write(path, text).expect("it can be written");
            }
            None => project.write(name, text),
        }
    }
    project
}

#[test]
fn what_variables_files_leave_out_is_told() {
    let project = with_files(&[
        (
            "~/.config/pipe/variables.yml",
            "global:\n  A: everywhere\n  B: too\nproject:\n  gitlab.com/acme/app:\n    V: {value: 1.10}\n",
        ),
        (
            "~/.gitlab-ci-local/variables.yml",
            "global: {HOSTS: ~/.ssh/known_hosts}\ngroup:\n  gitlab.com/acme: {ODD: {type: file}}\n",
        ),
        (".gitlab-ci-local-variables.yml", "DIR: /etc/x\nV: 1.10\n"),
        (".pipe/variables.yml", "A: {value: abcdefgh}\nvalue: 1.10\n"),
    ]);
    golden!("variables_left_out", &project.pipe(&["list"]));
    let shown = project.pipe(&["run", "--executor", "shell", "--format", "plain"]);
    assert!(shown.contains("`DIR` is left out"), "{shown}");
}

#[test]
fn a_tracked_variables_file_stops_nothing() {
    for name in [".pipe/variables.yml", ".gitlab-ci-local-variables.yml"] {
        let text = "KEY: {type: file, values: {\"*\": x}, value: x}\nPLAIN: y\n";
        let text = if name.starts_with(".pipe") {
            text.replace("values: {\"*\": x}, ", "")
        } else {
            text.replace(", value: x", "")
        };
        let project = with_files(&[(name, &text)]);
        project.git(&["add", "-f", "."]);
        project.commit();
        let shown = project.pipe(&["list"]);
        assert!(shown.contains("`KEY` is left out"), "{name}\n{shown}");
        assert!(shown.contains("--- exit 0"), "{name}\n{shown}");
    }
}

#[test]
fn the_home_file_of_the_other_tool_is_read() {
    let project = with_files(&[
        (
            "~/.gitlab-ci-local/variables.yml",
            "project:\n  gitlab.com/acme/app.git:\n    NAME: by the other tool\n    HOSTS: ~/hosts\n    ROOT: /no/such/file\n    SITE: {values: {\"*\": any, live: one}}\n",
        ),
        ("~/hosts", "known"),
        (
            ".gitlab-ci.yml",
            "j: {script: [\"echo $NAME $(cat $HOSTS) $ROOT $SITE\"]}\n",
        ),
    ]);
    let shown = project.pipe(&["run", "--executor", "shell", "--format", "plain"]);
    let expected = "by the other tool known /no/such/file any";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn a_variable_has_a_value_for_each_environment() {
    let project = with_files(&[
        (
            ".pipe/variables.yml",
            "URL:\n  - {value: everywhere}\n  - {value: live, environment_scope: production}\n",
        ),
        (
            ".gitlab-ci.yml",
            "a: {script: [\"echo a gets $URL\"]}\nb: {script: [\"echo b gets $URL\"], environment: production}\n",
        ),
    ]);
    let run = [
        "run",
        "--executor",
        "shell",
        "--format",
        "plain",
        "--deploy",
    ];
    let shown = project.pipe(&run);
    assert!(shown.contains("a gets everywhere"), "{shown}");
    assert!(shown.contains("b gets live"), "{shown}");
}

#[test]
fn git_never_takes_the_checkouts_own_variables() {
    let project = with_files(&[(".pipe/variables.yml", "TOKEN: x\n")]);
    project.pipe(&["list"]);
    project.git(&["add", "."]);
    project.git(&["diff", "--cached", "--quiet"]);
}

#[test]
fn the_user_is_who_git_says() {
    let project = with_files(&[(
        ".gitlab-ci.yml",
        "j: {script: [\"echo $GITLAB_USER_LOGIN, $GITLAB_USER_NAME, $GITLAB_USER_EMAIL\"]}\n",
    )]);
    let run = ["run", "--executor", "shell", "--format", "plain"];
    let shown = project.pipe(&run);
    assert!(
        shown.contains("ada, ada, \n") || shown.contains("ada, ada,\n"),
        "{shown}"
    );
    project.git(&["config", "user.name", "Grace Lee"]);
    project.git(&["config", "user.email", "grace@pipe.example"]);
    let shown = project.pipe(&run);
    let expected = "grace, Grace Lee, grace@pipe.example";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn a_missing_file_of_a_variable_is_told_with_its_place() {
    let project = with_files(&[(
        "~/.config/pipe/variables.yml",
        "project:\n  gitlab.com/acme/app:\n    KEY: {path: ~/none}\n",
    )]);
    let shown = project.pipe(&["list"]);
    for told in ["`~/none`, the file of variable `KEY`", "variables.yml:3:5"] {
        assert!(shown.contains(told), "{told}\n{shown}");
    }
}
