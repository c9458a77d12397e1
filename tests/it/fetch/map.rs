//! Projects from where the user says: clones, folders, other addresses.

use std::fs;

use super::git_servers::{Projects, Server};
use crate::cli::Project;

fn checkout(pipeline: &str, settings: &str) -> Project {
    let project = Project::new(pipeline);
    project.git(&[
        "remote",
        "add",
        "origin",
        "git@gitlab.example.com:me/app.git",
    ]);
    let folder = project.home().join(".config/pipe");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("config.toml"), settings).expect("a file");
    project
}

#[test]
fn a_clone_has_branches_tags_and_what_is_checked_out() {
    let projects = Projects::new().with("grp/one", &[("a.yml", "tagged: {script: a}\n")]);
    projects.tag("grp/one", "v1");
    projects.commit("grp/one", &[("a.yml", "newest: {script: a}\n")]);
    for (revision, expected) in [("v1", "tagged"), ("main", "newest"), ("HEAD", "newest")] {
        let pipeline = format!("include: {{project: grp/one, ref: {revision}, file: a.yml}}\n");
        let project = checkout(&pipeline, "[projects]\n'Grp/one' = '~/one'\n");
        let clone = project.home().join("one");
        let (from, to) = (projects.bare("grp/one"), clone.display().to_string());
        project.git(&["clone", "-q", &from.display().to_string(), &to]);
        let fetched = project.pipe(&["fetch"]);
        assert!(fetched.contains("1 file fetched"), "{fetched}");
        fs::remove_dir_all(clone).expect("it goes");
        let shown = project.pipe(&["list"]);
        assert!(
            shown.contains(&format!("  {expected}  ")),
            "{revision}\n{shown}"
        );
    }
}

#[test]
fn a_folder_that_is_no_clone_has_its_files_at_every_revision() {
    let pipeline = "include: {project: grp/one, ref: v7, file: a.yml}\n";
    let project = checkout(
        pipeline,
        "[projects]\n'gitlab.example.com/grp/one' = '~/one'\n",
    );
    let folder = project.home().join("one/ci");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("../a.yml"), "include: 'ci/*.yml'\n").expect("a file");
    fs::write(folder.join("b.yml"), "b: {script: b}\n").expect("a file");
    std::os::unix::fs::symlink("/etc/passwd", folder.join("c.yml")).expect("a link");
    let fetched = project.pipe(&["fetch"]);
    assert!(fetched.contains("2 files fetched"), "{fetched}");
    let shown = project.pipe(&["list"]);
    assert!(shown.contains("1 job\n"), "{shown}");
}

#[test]
fn what_was_fetched_is_listed_and_removed_by_clean() {
    let pipeline = "include: {project: grp/one, file: a.yml}\n";
    let project = checkout(pipeline, "[projects]\n'grp/one' = '~/one'\n");
    fs::create_dir(project.home().join("one")).expect("a folder");
    fs::write(project.home().join("one/a.yml"), "a: {script: a}\n").expect("a file");
    project.pipe(&["fetch"]);
    let kept = project.pipe(&["clean"]);
    assert!(kept.contains("includes  1 "), "{kept}");
    let removed = project.pipe(&["clean", "includes"]);
    assert!(removed.contains("of fetched files"), "{removed}");
    let shown = project.pipe(&["list"]);
    assert!(shown.contains("is not on this machine"), "{shown}");
}

#[test]
fn another_address_stands_for_a_project() {
    let projects = Projects::new().with("mirror/one", &[("a.yml", "a: {script: a}\n")]);
    let server = Server::of_git(&projects);
    let settings = format!(
        "[projects]\n'grp/one' = 'git://127.0.0.1:{}/mirror/one.git'\n",
        server.port
    );
    let project = checkout("include: {project: grp/one, file: a.yml}\n", &settings);
    let fetched = project.pipe(&["fetch"]);
    assert!(fetched.contains("/mirror/one.git"), "{fetched}");
}

#[test]
fn what_names_no_place_is_a_mistake_of_the_settings() {
    for (value, expected) in [
        ("ext::sh -c id", "names no folder and no git address"),
        ("relative/folder", "names no folder and no git address"),
        ("/no/such/folder", "there is no folder `/no/such/folder`"),
    ] {
        let settings = format!("[projects]\n'grp/one' = '{value}'\n");
        let project = checkout("include: {project: grp/one, file: a.yml}\n", &settings);
        let shown = project.pipe(&["fetch"]);
        assert!(shown.contains(expected), "{value}\n{shown}");
        assert!(shown.contains("--- exit 4"), "{shown}");
    }
}

#[test]
fn a_repository_gets_no_say_in_where_projects_come_from() {
    let project = checkout("a: {script: a}\n", "");
    project.write(".pipe/config.toml", "[projects]\n'grp/one' = '/etc'\n");
    let shown = project.pipe(&["fetch"]);
    assert!(
        shown.contains("a repository can't set `projects`"),
        "{shown}"
    );
    assert!(
        shown.contains("put `\"grp/one\" = \"/etc\"` below `[projects]`"),
        "{shown}"
    );
}
