//! Which environments there are, by what jobs on record did.

use super::*;
use crate::types::EnvironmentAction::{self, Access, Start, Stop};

fn act(job: &str, environment: &str, action: EnvironmentAction, url: Option<&str>) -> EventKind {
    EventKind::Environment {
        job: job.to_owned(),
        attempt: 1,
        environment: environment.to_owned(),
        action,
        url: url.map(str::to_owned),
        on_stop: (action == Start).then(|| "stop".to_owned()),
    }
}

/// A run that is still under way, or was killed: what its jobs did counts all the same.
fn with(project: &ProjectRecord, second: i64, acts: Vec<EventKind>) -> String {
    let run = project.begin(at(second)).expect("a run");
    let mut kinds = vec![started(&run), line("unit", "\"environment\" {", false)];
    kinds.extend(acts);
    record(&run, &story(kinds));
    run.id().to_owned()
}

/// `name state, job in run at url`.
fn told(project: &ProjectRecord) -> Vec<String> {
    let tell = |environment: PastEnvironment| {
        let state = if environment.stopped { "stopped" } else { "up" };
        let by = environment.deployment.map(|last| {
            let url = last.url.unwrap_or_default();
            format!(", {} in {} at {url}", last.job.join("/"), last.run)
        });
        format!("{} {state}{}", environment.name, by.unwrap_or_default())
    };
    project.environments().into_iter().map(tell).collect()
}

#[test]
fn the_newest_deployment_counts_and_what_was_taken_down_since() {
    let fixture = Fixture::new();
    let project = fixture.project();
    assert_eq!(told(&project), [""; 0]);
    let first = with(
        &project,
        0,
        vec![
            act("ship", "staging", Start, Some("https://old.example")),
            act("review", "review/a", Start, None),
            act("look", "production", Access, None),
        ],
    );
    let second = with(
        &project,
        1,
        vec![
            act("ship", "staging", Start, Some("https://a.example")),
            act("ship again", "staging", Start, Some("https://b.example")),
            act("end", "review/a", Stop, None),
            act("end", "review/gone", Stop, None),
        ],
    );
    let expected = [
        format!("review/a stopped, review in {first} at "),
        "review/gone stopped".to_owned(),
        format!("staging up, ship again in {second} at https://b.example"),
    ];
    assert_eq!(told(&project), expected);
    let third = with(&project, 2, vec![act("review", "review/a", Start, None)]);
    assert_eq!(
        told(&project)[0],
        format!("review/a up, review in {third} at ")
    );
}

#[test]
fn a_deployment_has_the_time_at_which_its_job_ended() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let mut events = story(vec![act("ship", "staging", Start, None)]);
    events[0].elapsed = Duration::from_secs(90);
    events[0].pipeline = vec!["child".to_owned()];
    let run = project.begin(at(5)).expect("a run");
    record(&run, &events);
    let found = project.environments().remove(0).deployment.expect("one");
    assert_eq!(found.at, Some(at(95)));
    assert_eq!(found.job, ["child", "ship"]);
    assert_eq!(found.on_stop.as_deref(), Some("stop"));
}
