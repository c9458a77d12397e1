//! `pipe config`.

use std::fs;

use super::Project;
use crate::golden::golden;

/// A checkout whose repository, user and environment all have their say.
fn project() -> Project {
    let project = Project::new("a: {script: a}\n").env("PIPE_JOBS", "4");
    project.write(
        ".pipe/config.toml",
        "# ours\ndefault-image = \"ruby:3.1\"\nheld = [\"ship\"]\n",
    );
    project.commit();
    let folder = project.home().join(".config/pipe");
    fs::create_dir_all(&folder).expect("a folder");
    let own = "held = [\"sign\"]\n\n[projects]\n\"g/p\" = \"https://me:s3cret@h.example/g/p\"\n";
    fs::write(folder.join("config.toml"), own).expect("a file");
    project
}

#[test]
fn each_setting_with_its_source() {
    let shown = project().pipe(&["config", "--file", "ci/main.yml"]);
    assert!(!shown.contains("s3cret"), "{shown}");
    golden!("config", &shown);
}

#[test]
fn all_about_one_setting() {
    for (name, key) in [
        ("config_held", "held"),
        ("config_executor", "executor"),
        ("config_projects", "projects"),
        ("config_jobs", "PIPE_JOBS"),
        ("config_unknown", "excutor"),
    ] {
        golden!(name, &project().pipe(&["config", key]));
    }
}

#[test]
fn for_programs() {
    let shown = project().pipe(&["config", "default-image", "--format", "json"]);
    golden!("config_json", &shown);
}

#[test]
fn outside_of_a_checkout_there_are_the_users_own() {
    let project = project();
    let home = project.home();
    let folder = home.display().to_string();
    let shown = project.pipe(&["config", "held", "-C", &folder]);
    assert!(shown.contains("  value        sign  ("), "{shown}");
}

#[test]
fn mistakes_in_the_files_are_told_with_their_places() {
    let project = project();
    project.write(".pipe/config.toml", "executor = \"shell\"\nhold = []\n");
    golden!("config_mistakes", &project.pipe(&["config"]));
}
