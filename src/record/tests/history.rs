//! What earlier runs say of a job.

use super::*;

#[test]
fn the_newest_success_has_its_artifacts() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let old = past(&project, 0, vec![job_result("build", Status::Success, 5)]);
    let run = project.begin(at(1)).expect("a run");
    std::fs::write(run.artifact(&[], "build", 1), "tar").expect("artifacts");
    let jobs = vec![
        job_result("build", Status::Success, 3),
        job_result("test", Status::Failed, 1),
    ];
    record(&run, &story(vec![started(&run), ended(jobs)]));
    past(&project, 2, vec![job_result("build", Status::Failed, 1)]);
    let found = project.newest_success("build").expect("a success");
    assert_eq!(found.run, run.id());
    assert_ne!(found.run, old);
    let kept = found.artifacts.expect("artifacts");
    assert_eq!(kept.file, run.artifact(&[], "build", 1));
    assert_eq!(kept.digest, None, "an old record has none");
    assert_eq!(project.newest_success("test"), None);
    assert_eq!(project.find(&old).expect("the run").id, old);
}

#[test]
fn durations_are_those_of_the_newest_success() {
    let fixture = Fixture::new();
    let project = fixture.project();
    past(
        &project,
        0,
        vec![
            job_result("a", Status::Success, 9),
            job_result("b", Status::Success, 4),
        ],
    );
    past(
        &project,
        1,
        vec![
            job_result("a", Status::Success, 2),
            job_result("b", Status::Failed, 1),
        ],
    );
    let durations = project.durations();
    assert_eq!(durations.get("a"), Some(&Duration::from_secs(2)));
    assert_eq!(durations.get("b"), Some(&Duration::from_secs(4)));
    assert_eq!(durations.len(), 2);
}

#[test]
fn sizes_of_artifacts_are_those_of_the_run_before() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let begun = |number: i64, size: usize| {
        let run = project.begin(at(number)).expect("a run");
        std::fs::write(run.artifact(&[], "build all", 1), "x".repeat(size)).expect("artifacts");
        run
    };
    begun(0, 5);
    let last = begun(1, 7);
    let this = project.begin(at(2)).expect("a run");
    let sizes = project.last_artifacts(this.id());
    assert_eq!((sizes.size("build all"), sizes.size("test")), (7, 0));
    assert_eq!(
        project.last_artifacts(last.id()).size("build all"),
        0,
        "not the run before"
    );
}
