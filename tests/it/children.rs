//! Child pipelines, from the text of a trigger job to the logs of the child's jobs (configuration
//! reference 6.25, runtime reference 6.12).

mod failing;

use serde_json::Value;

use crate::cli::Project;

/// What a run told.
struct Ended {
    exit: Option<i32>,
    events: Vec<Value>,
    text: String,
}

/// A checkout of these files.
fn project(files: &[(&str, &str)]) -> Project {
    let project = Project::empty();
    for (path, text) in files {
        project.write(path, text);
    }
    project.commit();
    project
}

fn run(project: &Project, arguments: &[&str]) -> Ended {
    let output = project
        .command()
        .args(["run", "--executor", "shell", "--format", "json"])
        .args(arguments)
        .output()
        .expect("pipe can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let events = text.lines();
    Ended {
        exit: output.status.code(),
        events: events
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
        text: text.clone() + &String::from_utf8_lossy(&output.stderr),
    }
}

impl Ended {
    /// `path: job status (reason)` of each job of a pipeline and of those below it.
    fn jobs(&self) -> Vec<String> {
        let mut found = Vec::new();
        let last = self
            .events
            .last()
            .unwrap_or_else(|| panic!("nothing was run: {}", self.text));
        collect(last, "", &mut found);
        found
    }

    /// What a job of the pipeline at that path printed, without the echo of its commands.
    fn log(&self, path: &[&str], job: &str) -> Vec<&str> {
        let of_job = |event: &&Value| {
            event["kind"] == "log"
                && event["job"] == job
                && event["pipeline"] == Value::from(path.to_vec())
        };
        let lines = self.events.iter().filter(of_job);
        lines
            .filter_map(|event| event["text"].as_str())
            .filter(|line| !line.starts_with('\u{1b}'))
            .collect()
    }

    /// Why a job failed, in words.
    fn message(&self, job: &str) -> &str {
        let finished = |event: &&Value| event["kind"] == "job-finished" && event["job"] == job;
        let event = self.events.iter().find(finished);
        event
            .and_then(|event| event["message"].as_str())
            .unwrap_or_default()
    }
}

fn collect(pipeline: &Value, path: &str, into: &mut Vec<String>) {
    let list = |key: &str| pipeline[key].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for job in list("jobs") {
        let mut line = format!("{path}{} {}", word(&job["name"]), word(&job["status"]));
        if !job["reason"].is_null() {
            line += &format!(" ({})", word(&job["reason"]));
        }
        into.push(line);
    }
    for child in list("pipelines") {
        let path = format!("{path}{}/", word(&child["trigger"]));
        collect(&child, &path, into);
    }
}

#[test]
fn a_local_child_gets_inputs_and_what_is_forwarded() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "variables: {ROOT: root, REPLACED: root}\n\
             go:\n  variables: {OWN: \"$CI_COMMIT_BRANCH-$PASSED\", REPLACED: own, RAW: {value: $ROOT, expand: false}}\n  \
             trigger:\n    include: [{local: ci/child.yml, inputs: {who: you}}]\n    strategy: depend\n",
        ),
        (
            "ci/child.yml",
            "spec: {inputs: {who: {}}}\n---\n\
             workflow: {rules: [{if: $CI_PIPELINE_SOURCE == \"parent_pipeline\"}]}\n\
             variables: {REPLACED: child}\n\
             build:\n  rules: [{if: $OWN == \"main-yes\"}]\n  \
             script: ['echo \"$[[ inputs.who ]] $ROOT $OWN $REPLACED $RAW [$PASSED] $CI_PIPELINE_SOURCE\"', 'echo $CI_PIPELINE_ID']\n\
             never: {rules: [{if: $PASSED}], script: [exit 1]}\n",
        ),
    ]);
    let ended = run(&project, &["--var", "PASSED=yes"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert_eq!(ended.jobs(), ["go success", "go/build success"]);
    let log = ended.log(&["go"], "build");
    assert!(
        log.contains(&"you root main-yes own $ROOT [] parent_pipeline"),
        "{}",
        ended.text
    );
    assert!(log.contains(&"2"), "an id of its own: {}", ended.text);
}

#[test]
fn forward_says_which_variables_go_along() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "variables: {ROOT: root}\n\
             go:\n  variables: {OWN: own}\n  \
             trigger: {include: child.yml, strategy: mirror, forward: {yaml_variables: false, pipeline_variables: true}}\n",
        ),
        (
            "child.yml",
            "a: {script: ['echo \"[$ROOT] [$OWN] [$PASSED]\"']}\n",
        ),
    ]);
    let ended = run(&project, &["--var", "PASSED=yes"]);
    assert_eq!(ended.log(&["go"], "a"), ["[] [] [yes]"], "{}", ended.text);
}

#[test]
fn a_child_is_made_from_an_artifact() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "stages: [make, go]\n\
             generate:\n  stage: make\n  script: ['mkdir gen; printf \"include: part.yml\\na: {script: [echo made]}\\n\" >gen/child.yml']\n  artifacts: {paths: [gen]}\n\
             go: {stage: go, trigger: {include: [{artifact: gen/child.yml, job: generate}], strategy: depend}}\n\
             early: {stage: go, needs: [], trigger: {include: [{artifact: gen/none.yml, job: generate}]}}\n",
        ),
        ("part.yml", "b: {script: [echo part]}\n"),
    ]);
    let ended = run(&project, &[]);
    let jobs = ended.jobs();
    assert!(jobs.contains(&"go/a success".to_owned()), "{}", ended.text);
    assert_eq!(ended.log(&["go"], "a"), ["made"], "{}", ended.text);
    assert_eq!(ended.log(&["go"], "b"), ["part"], "{}", ended.text);
    assert!(
        jobs.contains(&"early failed (downstream_pipeline_creation_failed)".to_owned()),
        "{jobs:?}"
    );
    let why = "the child pipeline can't be made: .gitlab-ci.yml:7:";
    assert!(ended.message("early").starts_with(why), "{}", ended.text);
    assert_eq!(ended.exit, Some(1));
}

#[test]
fn jobs_of_a_child_receive_artifacts_of_its_parent() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "stages: [make, go]\n\
             build: {stage: make, script: [echo built >out; echo TAG=v7 >b.env], artifacts: {paths: [out], reports: {dotenv: b.env}}}\n\
             go:\n  stage: go\n  variables: {PARENT: $CI_PIPELINE_ID}\n  \
             trigger: {include: child.yml, strategy: depend}\n",
        ),
        (
            "child.yml",
            "a: {script: [cat out; echo $TAG], needs: [{pipeline: $PARENT, job: build}]}\n\
             b: {script: [cat out], needs: [{pipeline: $PARENT, job: other}]}\n",
        ),
    ]);
    let ended = run(&project, &[]);
    assert_eq!(ended.log(&["go"], "a"), ["built", "v7"], "{}", ended.text);
    let lacking = "go/b failed (missing_dependency_failure)";
    assert!(ended.jobs().contains(&lacking.to_owned()), "{}", ended.text);
}

#[test]
fn a_job_of_the_parent_is_enough_though_it_kept_nothing() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "stages: [make, go]\n\
             plain: {stage: make, script: [echo plain]}\n\
             reports: {stage: make, script: [echo TAG=v7 >b.env], artifacts: {reports: {dotenv: b.env}}}\n\
             fails: {stage: make, script: [echo out >out; exit 1], allow_failure: true, artifacts: {paths: [out], when: always}}\n\
             go:\n  stage: go\n  variables: {PARENT: $CI_PIPELINE_ID}\n  \
             trigger: {include: child.yml, strategy: depend}\n",
        ),
        (
            "child.yml",
            "a: {script: [echo $TAG], needs: [{pipeline: $PARENT, job: plain}, {pipeline: $PARENT, job: reports}]}\n\
             b: {script: [echo ran], needs: [{pipeline: $PARENT, job: fails}]}\n",
        ),
    ]);
    let ended = run(&project, &[]);
    assert_eq!(ended.log(&["go"], "a"), ["v7"], "{}", ended.text);
    let failed = "go/b failed (missing_dependency_failure)";
    assert!(ended.jobs().contains(&failed.to_owned()), "{}", ended.text);
    let way = "leave the child pipeline out with `pipe run --exclude go`";
    assert!(ended.message("b").contains(way), "{}", ended.text);
}

#[test]
fn the_child_of_a_merge_request_knows_it() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "go:\n  rules: [{if: $CI_PIPELINE_SOURCE == \"merge_request_event\"}]\n  \
             trigger: {include: child.yml, strategy: depend}\n",
        ),
        (
            "child.yml",
            "in: {script: [echo $CI_PIPELINE_SOURCE $CI_MERGE_REQUEST_TARGET_BRANCH_NAME], rules: [{if: $CI_MERGE_REQUEST_IID}]}\n\
             out: {script: [x]}\n",
        ),
    ]);
    let ended = run(&project, &["--merge-request"]);
    assert_eq!(ended.log(&["go"], "in"), ["parent_pipeline main"]);
    assert_eq!(ended.jobs(), ["go success", "go/in success"]);
}

#[test]
fn what_deploys_is_held_in_children_too() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "go: {trigger: {include: child.yml, strategy: depend}}\n",
        ),
        (
            "child.yml",
            "a: {script: [echo a]}\n\
             ship: {script: [echo shipped], environment: production}\n",
        ),
    ]);
    let held = run(&project, &[]);
    assert_eq!(held.exit, Some(0), "{}", held.text);
    assert!(held.log(&["go"], "ship").is_empty(), "{}", held.text);
    assert_eq!(
        held.events.last().expect("an end")["held"][0]["name"],
        "go › ship"
    );
    for option in ["--deploy", "--deploy=production"] {
        let released = run(&project, &[option]);
        assert_eq!(released.log(&["go"], "ship"), ["shipped"], "{option}");
    }
    let other = run(&project, &["--deploy=staging"]);
    assert!(other.log(&["go"], "ship").is_empty(), "{}", other.text);
}

#[test]
fn the_list_says_what_children_are_made_from() {
    let project = project(&[(
        ".gitlab-ci.yml",
        "stages: [make, go]\n\
         generate: {stage: make, script: [x], artifacts: {paths: [c.yml]}}\n\
         one: {stage: go, trigger: {include: ci/one.yml, strategy: depend}}\n\
         two: {stage: go, trigger: {include: [{local: ci/a.yml}, {artifact: c.yml, job: generate}]}}\n\
         three: {stage: go, trigger: {include: [{project: group/templates, file: [/a.yml]}]}}\n",
    )]);
    insta::assert_snapshot!(project.pipe(&["list"]), @r"
    $ pipe list
    --- stdout
    branch main (default), push, [sha8..]: 4 jobs

      job       stage  when        notes
      generate  make   on_success
      one       go     on_success  makes a child pipeline from ci/one.yml
      two       go     on_success  makes a child pipeline from ci/a.yml and c.yml of job generate
      three     go     on_success  makes a child pipeline from /a.yml of project group/templates
    --- exit 0
    ");
}
