//! Each ref runs its jobs on real servers, and no others.

use super::checkout::GuestBook;
use crate::env::On;

/// A name, the arguments that choose the ref, the jobs as `name status`, those that are held.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const TESTED: [&str; 3] = [
    "front-end success",
    "back-end-tests success",
    "front-end-tests success",
];

const ROWS: [Row; 6] = [
    ("issue-12", &[], &TESTED, &[]),
    ("develop", &["--branch", "develop"], &TESTED, &[]),
    (
        "merge request from issue-12 to develop",
        &["--merge-request", "--target-branch", "develop"],
        &TESTED,
        &[],
    ),
    (
        "release-1.0",
        &["--branch", "release-1.0"],
        &[TESTED[0], TESTED[1], TESTED[2], "staging manual"],
        &["staging"],
    ),
    (
        "master",
        &["--branch", "master"],
        &[TESTED[0], TESTED[1], TESTED[2], "production manual"],
        &[],
    ),
    (
        "v1.0",
        &["--tag", "v1.0"],
        &["front-end success", "compile success", "publish manual"],
        &["publish"],
    ),
];

/// Runs the pipeline of each ref.
fn each_ref_runs_its_jobs(on: On) {
    let book = GuestBook::on(on);
    for (name, arguments, jobs, held) in ROWS {
        let ended = book.run(arguments);
        assert_eq!(ended.exit, Some(0), "{name}: {}", ended.text);
        assert_eq!(ended.jobs, jobs, "{name}");
        assert_eq!(ended.held, held, "{name}");
        if jobs.contains(&TESTED[1]) {
            let log = ended.log("back-end-tests");
            assert!(log.contains("Ran 9 tests"), "{name}: {log}");
        }
    }
    assert_eq!(book.env.leftovers(), [""; 0]);
}

#[test]
fn each_ref_runs_its_jobs_and_only_those_in_docker() {
    each_ref_runs_its_jobs(On::Docker);
}

#[test]
fn each_ref_runs_its_jobs_and_only_those_in_sandboxes_of_images_in_docker() {
    each_ref_runs_its_jobs(On::Sandbox);
}

/// Runs a pipeline one of whose unit tests fails.
fn a_failing_unit_test_stops_the_rest(on: On) {
    let book = GuestBook::on(on);
    book.edit("guestbook/book.py", "ORDER BY id DESC", "ORDER BY id");
    let ended = book.run(&["--branch", "release-1.0", "--deploy"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    let jobs = [
        "front-end success",
        "back-end-tests failed",
        "front-end-tests success",
        "staging skipped",
    ];
    assert_eq!(ended.jobs, jobs);
    let log = ended.log("back-end-tests");
    assert!(
        log.contains("FAIL: test_what_is_written_can_be_read"),
        "{log}"
    );
    assert!(log.contains("FAILED (failures=1)"), "{log}");
}

#[test]
fn a_failing_unit_test_stops_all_that_comes_after_it_in_docker() {
    a_failing_unit_test_stops_the_rest(On::Docker);
}

#[test]
fn a_failing_unit_test_stops_the_rest_in_sandboxes_of_images_in_docker() {
    a_failing_unit_test_stops_the_rest(On::Sandbox);
}
