//! Files of other projects, by git.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::git_servers::{Projects, Server, by_http};
use crate::cli::Project;

/// Three projects, each of which includes something of the next, and a component.
fn three() -> Projects {
    let projects = Projects::new()
        .with(
            "grp/one",
            &[
                (
                    "a.yml",
                    "include: [b.yml, 'parts/*.yml', {project: grp/two, ref: v1, file: /c.yml}]\na: {script: a}\n",
                ),
                ("b.yml", "b: {script: b}\n"),
                ("parts/p.yml", "p: {script: p}\n"),
                ("parts/q.yml", "q: {script: q}\n"),
            ],
        )
        .with(
            "grp/two",
            &[("c.yml", "include: {project: grp/three, file: d.yml}\nc: {script: c}\n")],
        )
        .with(
            "grp/three",
            &[
                ("d.yml", "d: {script: d}\n"),
                (
                    "templates/lint/template.yml",
                    "spec:\n  inputs: {job: {}}\n  component: [sha]\n---\n\"$[[ inputs.job ]]\":\n  script: \"$[[ component.sha ]]\"\n",
                ),
            ],
        );
    projects.tag("grp/two", "v1");
    projects.tag("grp/three", "1.2.0");
    projects
}

/// A checkout of a project whose `origin` is that.
fn checkout(origin: &str, pipeline: &str) -> Project {
    let project = Project::new(pipeline);
    project.git(&["remote", "add", "origin", origin]);
    project
}

const ONE: &str = "include: {project: grp/one, file: a.yml}\n";

/// All files below a folder, with what is in them.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push((path.display().to_string(), fs::read(&path).expect("a file")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn three_projects_come_and_stay_when_the_network_is_away() {
    let projects = three();
    let server = Server::of_git(&projects);
    let origin = format!("git://127.0.0.1:{}/me/app.git", server.port);
    let pipeline = "include:\n  - {project: grp/one, file: a.yml}\n  - component: $CI_SERVER_FQDN/grp/three/lint@1\n    inputs: {job: linted}\n";
    let project = checkout(&origin, pipeline);
    let before = files(&project.root());
    let missing = project.pipe(&["list"]);
    assert!(
        missing.contains("2 included files are not on this machine"),
        "{missing}"
    );
    assert!(
        missing.contains("help: `pipe fetch` brings what is missing"),
        "{missing}"
    );
    assert!(missing.contains("--- exit 4"), "{missing}");

    let fetched = project.pipe(&["fetch"]);
    assert!(fetched.contains("7 files fetched"), "{fetched}");
    assert!(fetched.contains("--- exit 0"), "{fetched}");
    drop(server);

    let shown = project.pipe(&["list", "--format", "json"]);
    for job in ["a", "b", "c", "d", "p", "q", "linted"] {
        assert!(
            shown.contains(&format!("\"name\":\"{job}\"")),
            "{job}\n{shown}"
        );
    }
    let lint = project.pipe(&["lint"]);
    assert!(lint.contains("--- exit 0"), "{lint}");
    let again = project.pipe(&["fetch"]);
    assert!(again.contains("nothing was missing"), "{again}");
    let entries = project.pipe(&["fetch", "--list"]);
    assert_eq!(entries.matches(" of project grp/").count(), 7, "{entries}");
    let commit = &projects.head("grp/two")[..8];
    assert!(
        entries.contains("[sha8..]") && commit.len() == 8,
        "{entries}"
    );
    // Neither the checkout nor its `.git` was touched.
    let index = |found: Vec<(String, Vec<u8>)>| -> Vec<(String, Vec<u8>)> {
        (found.into_iter())
            .filter(|(path, _)| !path.ends_with("/.git/index"))
            .collect()
    };
    assert!(index(before) == index(files(&project.root())));
}

#[test]
fn with_the_network_away_all_that_is_missing_is_said_at_once() {
    let projects = three();
    let server = Server::of_git(&projects);
    let origin = format!("git://127.0.0.1:{}/me/app.git", server.port);
    drop(server);
    let pipeline = "include:\n  - {project: grp/one, file: a.yml}\n  - {project: grp/two, ref: v1, file: c.yml}\n";
    let shown = checkout(&origin, pipeline).pipe(&["fetch"]);
    for file in [
        "`a.yml` of project `grp/one` at `HEAD`",
        "`c.yml` of project `grp/two` at `v1`",
    ] {
        assert!(
            shown.contains(&format!("{file} can't be fetched: git says: ")),
            "{shown}"
        );
    }
    assert!(shown.contains("--- exit 4"), "{shown}");
}

#[test]
fn a_ref_that_moves_is_followed_with_update_alone() {
    let projects = Projects::new().with("grp/one", &[("a.yml", "old: {script: a}\n")]);
    projects.tag("grp/one", "v1");
    let server = Server::of_git(&projects);
    let origin = format!("git://127.0.0.1:{}/me/app.git", server.port);
    let first = projects.head("grp/one");
    let pipeline = format!(
        "include:\n  - {{project: grp/one, ref: v1, file: a.yml}}\n  - {{project: grp/one, ref: {first}, file: a.yml, rules: [{{if: $NEVER}}]}}\n"
    );
    let project = checkout(&origin, &pipeline);
    project.pipe(&["fetch"]);
    projects.commit("grp/one", &[("a.yml", "new: {script: a}\n")]);
    projects.tag("grp/one", "v1");
    project.pipe(&["fetch"]);
    let shown = project.pipe(&["list"]);
    assert!(
        shown.contains("  old  ") && !shown.contains("  new  "),
        "{shown}"
    );
    let update = project.pipe(&["fetch", "--update"]);
    assert!(update.contains("; was at "), "{update}");
    let shown = project.pipe(&["list"]);
    assert!(
        shown.contains("  new  ") && !shown.contains("  old  "),
        "{shown}"
    );

    // What can't be renewed stays.
    drop(server);
    let update = project.pipe(&["fetch", "--update"]);
    assert!(update.contains("--- exit 4"), "{update}");
    let shown = project.pipe(&["list"]);
    assert!(shown.contains("  new  "), "{shown}");
}

#[test]
fn each_way_to_name_a_commit() {
    let projects = Projects::new().with("grp/one", &[("a.yml", "first: {script: a}\n")]);
    let first = projects.head("grp/one");
    projects.tag("grp/one", "v1");
    projects.commit("grp/one", &[("a.yml", "second: {script: a}\n")]);
    projects.commit("grp/one", &[("a.yml", "third: {script: a}\n")]);
    let server = Server::of_git(&projects);
    let origin = format!("git://127.0.0.1:{}/me/app.git", server.port);
    for (revision, expected) in [
        ("main", "third"),
        ("v1", "first"),
        (first.as_str(), "first"),
        (&first[..9], "first"),
        ("HEAD", "third"),
    ] {
        let pipeline = format!("include: {{project: grp/one, ref: '{revision}', file: a.yml}}\n");
        let project = checkout(&origin, &pipeline);
        let fetched = project.pipe(&["fetch"]);
        let shown = project.pipe(&["list"]);
        assert!(
            shown.contains(&format!("  {expected}  ")),
            "{revision}\n{fetched}{shown}"
        );
    }
}

#[test]
fn a_revision_of_a_hostile_project_names_nothing_else() {
    let projects = Projects::new().with("grp/one", &[("a.yml", "a: {script: a}\n")]);
    let server = Server::of_git(&projects);
    let origin = format!("git://127.0.0.1:{}/me/app.git", server.port);
    for revision in [
        "--upload-pack=touch hacked",
        "-x",
        "a:b",
        "../../HEAD",
        "*",
        "none",
        "a b",
        "1",
    ] {
        let pipeline = format!("include: {{project: grp/one, ref: '{revision}', file: a.yml}}\n");
        let shown = checkout(&origin, &pipeline).pipe(&["fetch"]);
        let expected = format!("it has no branch, tag or commit `{revision}`");
        assert!(shown.contains(&expected), "{shown}");
    }
    for project in ["--upload-pack=id/x", "grp/none"] {
        let pipeline = format!("include: {{project: '{project}', file: a.yml}}\n");
        let shown = checkout(&origin, &pipeline).pipe(&["fetch"]);
        assert!(shown.contains("can't be fetched: git says: "), "{shown}");
    }
}

#[test]
fn a_file_that_the_project_does_not_have() {
    let projects = Projects::new().with("grp/one", &[("ci/lint.yml", "a: {script: a}\n")]);
    let server = Server::of_git(&projects);
    let origin = format!("git://127.0.0.1:{}/me/app.git", server.port);
    let project = checkout(&origin, "include: {project: grp/one, file: ci/lnt.yml}\n");
    let shown = project.pipe(&["fetch"]);
    assert!(
        shown.contains("project `grp/one` has no file `ci/lnt.yml` at `HEAD`"),
        "{shown}"
    );
    assert!(shown.contains("did you mean `ci/lint.yml`?"), "{shown}");
    assert!(shown.contains("--- exit 3"), "{shown}");
}

#[test]
fn a_password_is_in_no_argument_and_no_file() {
    let projects = three();
    let server = by_http(&projects, Some("s3cret"));
    let origin = format!("http://ada:s3cret@127.0.0.1:{}/me/app.git", server.port());
    let project = checkout(&origin, ONE);
    // A `git` that notes how it is called.
    let bin = project.home().join("bin");
    let log = project.home().join("called");
    fs::create_dir(&bin).expect("a folder");
    let real = std::env::split_paths(&std::env::var_os("PATH").expect("a path"))
        .map(|folder| folder.join("git"))
        .find(|git| git.is_file())
        .expect("git");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{}'\nexec '{}' \"$@\"\n",
        log.display(),
        real.display()
    );
    fs::write(bin.join("git"), script).expect("a file");
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).expect("rights");
    let path = std::env::var("PATH").expect("a path");
    let project = project.env("PATH", &format!("{}:{path}", bin.display()));

    let fetched = project.pipe(&["fetch"]);
    assert!(fetched.contains("6 files fetched"), "{fetched}");
    assert!(!fetched.contains("s3cret"), "{fetched}");
    let called = fs::read_to_string(log).expect("it was called");
    assert!(
        called.contains("ls-remote") && !called.contains("s3cret"),
        "{called}"
    );
    let kept = files(&project.home().join(".cache/pipe"));
    for (path, content) in kept {
        let content = String::from_utf8_lossy(&content);
        assert!(
            !content.contains("s3cret") && !path.contains("s3cret"),
            "{path}"
        );
    }
    let list = project.pipe(&["fetch", "--list"]);
    assert!(
        !list.contains("s3cret") && list.contains("http://127.0.0.1:"),
        "{list}"
    );
}

#[test]
fn a_password_comes_from_the_users_own_git_settings() {
    let projects = three();
    let server = by_http(&projects, Some("s3cret"));
    let origin = format!("http://127.0.0.1:{}/me/app.git", server.port());
    let project = checkout(&origin, ONE);
    let without = project.pipe(&["fetch"]);
    assert!(
        without.contains("can't be fetched: git says: "),
        "{without}"
    );
    assert!(without.contains("--- exit 4"), "{without}");

    let home = project.home();
    let known = format!("http://ada:s3cret@127.0.0.1:{}\n", server.port());
    fs::write(home.join(".git-credentials"), known).expect("a file");
    fs::write(home.join(".gitconfig"), "[credential]\n\thelper = store\n").expect("a file");
    let with = project.pipe(&["fetch"]);
    assert!(with.contains("6 files fetched"), "{with}");
}

#[test]
fn a_wrong_password_is_not_repeated() {
    let projects = three();
    let server = by_http(&projects, Some("other"));
    let origin = format!("http://ada:s3cret@127.0.0.1:{}/me/app.git", server.port());
    let shown = checkout(&origin, ONE).pipe(&["fetch", "-v"]);
    assert!(shown.contains("can't be fetched"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn hooks_and_settings_of_a_template_folder_do_nothing() {
    let projects = three();
    let server = Server::of_git(&projects);
    let origin = format!("git://127.0.0.1:{}/me/app.git", server.port);
    let project = checkout(&origin, ONE);
    let (hooks, sign) = (project.home().join("hooks"), project.home().join("ran"));
    fs::create_dir(&hooks).expect("a folder");
    for hook in ["reference-transaction", "post-checkout", "pre-auto-gc"] {
        fs::write(
            hooks.join(hook),
            format!("#!/bin/sh\ntouch '{}'\n", sign.display()),
        )
        .expect("a file");
        fs::set_permissions(hooks.join(hook), fs::Permissions::from_mode(0o755)).expect("rights");
    }
    let settings = format!("[core]\n\thooksPath = {}\n", hooks.display());
    fs::write(project.home().join(".gitconfig"), settings).expect("a file");
    let fetched = project.pipe(&["fetch"]);
    assert!(fetched.contains("6 files fetched"), "{fetched}");
    assert!(!sign.exists(), "a hook ran");
}

#[test]
fn a_git_server_that_says_nothing_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("its address").port();
    let origin = format!("git://127.0.0.1:{port}/me/app.git");
    let project = checkout(&origin, ONE).env("PIPE_FETCH_TIMEOUT", "1");
    let shown = project.pipe(&["fetch"]);
    assert!(shown.contains("did not answer in time"), "{shown}");
    assert!(shown.contains("--- exit 4"), "{shown}");
}

#[test]
fn run_list_and_lint_fetch_on_request() {
    let projects = three();
    let server = Server::of_git(&projects);
    let origin = format!("git://127.0.0.1:{}/me/app.git", server.port);
    for arguments in [
        &["list", "--fetch"][..],
        &["lint", "--fetch"],
        &["run", "--fetch", "--executor", "shell", "--job", "d"],
    ] {
        let pipeline = "include: {project: grp/one, file: a.yml}\nd: {script: 'true'}\n";
        let shown = checkout(&origin, pipeline).pipe(arguments);
        assert!(shown.contains("--- exit 0"), "{arguments:?}\n{shown}");
    }
}

#[test]
fn what_child_pipelines_include_comes_too() {
    let projects = three();
    let server = Server::of_git(&projects);
    let origin = format!("git://127.0.0.1:{}/me/app.git", server.port);
    let pipeline = "child:\n  trigger:\n    include: [{project: grp/one, file: a.yml}]\n";
    let project = checkout(&origin, pipeline);
    let fetched = project.pipe(&["fetch"]);
    assert!(fetched.contains("6 files fetched"), "{fetched}");
}

#[test]
fn a_component_of_another_host_may_not_be_this_machine() {
    let projects = three();
    let server = Server::of_git(&projects);
    let pipeline = format!(
        "include: [{{component: 127.0.0.1:{}/grp/three/lint@1.2.0}}]\n",
        server.port
    );
    let shown = checkout("git@gitlab.example.com:me/app.git", &pipeline).pipe(&["fetch"]);
    assert!(shown.contains("`127.0.0.1` is this machine"), "{shown}");
}
