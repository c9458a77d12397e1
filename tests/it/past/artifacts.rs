//! `pipe artifacts`.

use std::fs;
use std::os::unix::fs::symlink;

use super::{after_a_run, golden, project, run, told};

#[test]
fn what_jobs_kept_is_listed() {
    let project = after_a_run();
    golden("artifacts", &told(&project, &["artifacts"]));
    golden("artifacts_none", &told(&project, &["artifacts", "unit"]));
    golden(
        "artifacts_misspelled",
        &told(&project, &["artifacts", "biuld"]),
    );
    run(&project, &["lint 1/2", "--no-needs"]);
    golden("artifacts_of_no_job", &told(&project, &["artifacts"]));
    let older = told(&project, &["artifacts", "build"]);
    assert!(older.contains("-000001\n"), "{older}");
    assert!(older.contains("out/deep/b.txt"), "{older}");
}

#[test]
fn reports_alone_do_not_hide_artifacts_of_an_older_run() {
    let project = project(
        "unit:\n  script: [echo > r.xml, echo > dist, 'test ! -e ~/tried', touch ~/tried]\n  artifacts:\n    paths: [dist]\n    reports: {codequality: r.xml}\n",
    );
    run(&project, &[]);
    run(&project, &[]);
    let found = told(&project, &["artifacts", "unit"]);
    assert!(
        found.contains("-000001\n") && found.contains("dist"),
        "{found}"
    );
    let newest = told(&project, &["artifacts", "unit", "--run", "2"]);
    assert!(
        newest.contains("r.xml") && !newest.contains("dist"),
        "{newest}"
    );
}

#[test]
fn artifacts_are_copied_and_replace_nothing_unless_told() {
    let project = after_a_run();
    let to = ["artifacts", "build", "--to", "copy"];
    golden("artifacts_copied", &told(&project, &to));
    let file = project.root().join("copy/out/deep/b.txt");
    assert_eq!(fs::read_to_string(&file).expect("copied"), "two\n");
    fs::write(&file, "mine").expect("written");
    fs::remove_file(project.root().join("copy/out/a.txt")).expect("removed");
    golden("artifacts_in_the_way", &told(&project, &to));
    assert_eq!(fs::read_to_string(&file).expect("there"), "mine");
    assert!(!project.root().join("copy/out/a.txt").exists());
    let forced = told(&project, &[&to[..], &["--force"]].concat());
    assert!(forced.contains("2 files copied to copy\n"), "{forced}");
    assert_eq!(fs::read_to_string(&file).expect("there"), "two\n");
}

#[test]
fn what_several_jobs_kept_at_one_place_is_told() {
    let project = project(
        "a: {script: ['echo $CI_NODE_INDEX >r.xml', 'echo x >own.$CI_NODE_INDEX'], parallel: 2, artifacts: {paths: [r.xml, own.*], reports: {sast: r.xml}}}\n",
    );
    run(&project, &[]);
    let to = ["artifacts", "--to", "copy"];
    golden("artifacts_of_several_jobs", &told(&project, &to));
    let file = project.root().join("copy/r.xml");
    assert_eq!(fs::read_to_string(&file).expect("copied"), "2\n");
    let one = told(&project, &["artifacts", "a 1/2", "--to", "one"]);
    assert!(!one.contains("several"), "{one}");
}

#[test]
fn a_link_of_the_checkout_leads_no_copy_astray() {
    let project = after_a_run();
    let outside = project.home().join("outside");
    fs::create_dir(&outside).expect("a folder");
    symlink(&outside, project.root().join("out")).expect("a link");
    let to = ["artifacts", "build", "--to", "."];
    let shown = told(&project, &to);
    assert!(shown.contains("nothing was copied"), "{shown}");
    assert!(shown.ends_with("--- exit 2\n"), "{shown}");
    let forced = told(&project, &[&to[..], &["--force"]].concat());
    assert!(forced.ends_with("--- exit 0\n"), "{forced}");
    assert_eq!(fs::read_dir(&outside).expect("there").count(), 0);
    assert!(project.root().join("out/a.txt").is_file());
}

#[test]
fn an_archive_that_is_damaged_is_told() {
    let project = project("a: {script: [echo x > x], artifacts: {paths: [x]}}\n");
    run(&project, &[]);
    let tar = super::folders(&project).remove(0).join("artifacts/a.1.tar");
    fs::write(&tar, [7; 700]).expect("written");
    golden("artifacts_damaged", &told(&project, &["artifacts"]));
}
