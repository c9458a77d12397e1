//! Child pipelines that fail or can't be made, and what is said of them.

use super::{project, run};

#[test]
fn what_is_generated_may_be_hostile() {
    let project = project(&[
        ("secret.yml", "a: {script: [echo secret]}\n"),
        (
            ".gitlab-ci.yml",
            "stages: [make, go]\n\
             generate:\n  stage: make\n  script: [ln -s $CI_PROJECT_DIR/secret.yml link.yml, mkdir folder.yml, head -c 5000000 /dev/zero >large.yml, \"printf 'a: [' >bad.yml\"]\n  artifacts: {paths: [link.yml, folder.yml, large.yml, bad.yml]}\n\
             link: {stage: go, trigger: {include: [{artifact: link.yml, job: generate}]}}\n\
             folder: {stage: go, trigger: {include: [{artifact: folder.yml, job: generate}]}}\n\
             large: {stage: go, trigger: {include: [{artifact: large.yml, job: generate}]}}\n\
             above: {stage: go, trigger: {include: [{artifact: ../link.yml, job: generate}]}}\n\
             bad: {stage: go, trigger: {include: [{artifact: bad.yml, job: generate}]}}\n",
        ),
    ]);
    let ended = run(&project, &[]);
    for (job, why) in [
        ("link", "is not a plain file"),
        ("folder", "is not a plain file"),
        ("large", "can't be read"),
        ("above", "is not there"),
        ("bad", "bad.yml@generate:1:"),
    ] {
        assert!(ended.message(job).contains(why), "{job}: {}", ended.text);
    }
    assert!(!ended.text.contains("echo secret"), "{}", ended.text);
}

#[test]
fn a_failing_child_counts_with_its_trigger_job() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "stages: [one, two]\n\
             waits: {stage: one, trigger: {include: child.yml, strategy: depend}, allow_failure: true}\n\
             after: {stage: two, script: [echo after]}\n\
             leaves: {stage: two, trigger: {include: child.yml}}\n",
        ),
        ("child.yml", "bad: {script: [exit 3]}\n"),
    ]);
    let ended = run(&project, &["after"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    let ended = run(&project, &["--exclude", "leaves"]);
    assert_eq!(ended.exit, Some(0), "it may fail: {}", ended.text);
    assert_eq!(
        ended.jobs(),
        [
            "waits failed (unknown_failure)",
            "after success",
            "waits/bad failed (script_failure)"
        ]
    );
    let ended = run(&project, &["leaves"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    assert_eq!(
        ended.jobs(),
        ["leaves success", "leaves/bad failed (script_failure)"]
    );
}

#[test]
fn children_have_children_two_levels_down() {
    let go = |name: &str| format!("go: {{trigger: {{include: {name}, strategy: depend}}}}\n");
    let (one, two, three) = (go("one.yml"), go("two.yml"), go("three.yml"));
    let two = two + "a: {script: [echo one]}\n";
    let three = three + "b: {script: [echo two]}\n";
    let project = project(&[
        (".gitlab-ci.yml", &one),
        ("one.yml", &two),
        ("two.yml", &three),
        ("three.yml", "c: {script: [echo three]}\n"),
    ]);
    let ended = run(&project, &[]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    assert_eq!(ended.log(&["go", "go"], "b"), ["two"], "{}", ended.text);
    let deepest = "go/go/go failed (reached_max_descendant_pipelines_depth)";
    assert!(ended.jobs().contains(&deepest.to_owned()), "{}", ended.text);
}

#[test]
fn a_child_that_can_not_be_made_says_why() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "invalid: {trigger: {include: invalid.yml}}\n\
             empty: {trigger: {include: empty.yml}}\n\
             missing: {trigger: {include: mising.yml}}\n\
             elsewhere: {trigger: {include: elsewhere.yml}}\n",
        ),
        (
            "invalid.yml",
            "a:\n  scirpt: [x]\nb: {script: [x], stage: no}\n",
        ),
        ("empty.yml", "a: {script: [x], rules: [{if: $NOTHING}]}\n"),
        ("elsewhere.yml", "a: {trigger: group/other}\n"),
    ]);
    let ended = run(&project, &[]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    for (job, why) in [
        ("invalid", "invalid.yml:"),
        (
            "empty",
            "it has nothing to run: no job is left by the rules",
        ),
        ("missing", "included file `mising.yml` does not exist"),
        ("elsewhere", "elsewhere.yml:1:5: error[keyword-unsupported]"),
    ] {
        let message = ended.message(job);
        assert!(message.contains(why), "{job}: {message}\n{}", ended.text);
    }
    let log = ended.log(&[], "invalid").join("\n");
    assert!(log.contains("scirpt") && log.contains("stage"), "{log}");
    let log = ended.log(&[], "elsewhere").join("\n");
    assert!(log.contains("pipe run --exclude elsewhere"), "{log}");
}

#[test]
fn a_job_of_a_child_is_not_one_of_this_pipeline_and_that_is_said() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "make: {script: [x]}\n\
             go: {trigger: {include: child.yml}}\n\
             later: {trigger: {include: [{local: later.yml}]}, rules: [{if: $NEVER}]}\n\
             made: {trigger: {include: [{artifact: made.yml, job: make}]}}\n",
        ),
        (
            "child.yml",
            "unit: {script: [x], parallel: 2}\ndeep: {trigger: {include: deep.yml}}\n",
        ),
        ("deep.yml", "below: {script: [x]}\n"),
        ("later.yml", "late: {script: [x]}\n"),
        ("made.yml", "generated: {script: [x]}\n"),
    ]);
    for (job, way) in [
        ("unit", "go"),
        ("unit 1/2", "go"),
        ("go › unit", "go"),
        ("below", "go › deep"),
        ("late", "later"),
    ] {
        for command in [&["run"][..], &["explain"], &["expand", "--job"]] {
            let told = project.pipe(&[command, &[job]].concat());
            let why =
                format!("in this pipeline: it is in the child pipeline of trigger job `{way}`\n");
            assert!(told.contains(&why), "{command:?} {job}: {told}");
            let first = way.split(' ').next().expect("a name");
            let help = format!("`pipe run --job {first}` runs that pipeline as a whole\n");
            assert!(told.contains(&help), "{command:?} {job}: {told}");
        }
    }
    for job in ["generated", "later › unit"] {
        let told = project.pipe(&["explain", job]);
        assert!(!told.contains("in this pipeline"), "{job}: {told}");
    }
}

/// GitLab's default for jobs without rules, which nobody has written down.
#[test]
fn a_child_of_a_merge_request_without_rules_says_which_it_needs() {
    let of_parent = "workflow: {rules: [{if: '$CI_PIPELINE_SOURCE == \"parent_pipeline\"'}]}";
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "go: {trigger: {include: child.yml, strategy: depend}, rules: [{if: $CI_MERGE_REQUEST_IID}]}\n",
        ),
        ("child.yml", "a: {script: [echo here]}\n"),
    ]);
    let ended = run(&project, &["--merge-request"]);
    let why = "it has nothing to run: jobs without `rules` are not in merge request pipelines";
    assert!(ended.message("go").contains(why), "{}", ended.text);
    let log = ended.log(&[], "go").join("\n");
    assert!(log.contains(of_parent), "{log}");
    project.write(
        "child.yml",
        &format!("{of_parent}\na: {{script: [echo here]}}\n"),
    );
    let ended = run(&project, &["--merge-request"]);
    assert_eq!(
        ended.jobs(),
        ["go success", "go/a success"],
        "{}",
        ended.text
    );
}

#[test]
fn what_a_child_can_not_do_is_left_out_with_the_job_of_the_root() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "go: {trigger: {include: child.yml, strategy: depend}}\n",
        ),
        ("child.yml", "deep: {trigger: {include: deep.yml}}\n"),
        ("deep.yml", "a: {trigger: group/other}\n"),
    ]);
    let ended = run(&project, &[]);
    let log = ended.log(&["go"], "deep").join("\n");
    assert!(log.contains("`pipe run --exclude go`"), "{log}");
}

#[test]
fn a_trigger_of_another_project_names_the_way_without_it() {
    let project = project(&[(
        ".gitlab-ci.yml",
        "a: {script: [echo a]}\nother: {trigger: {project: group/other, strategy: depend}}\n",
    )]);
    let text = project.pipe(&["run", "--executor", "shell"]);
    assert!(text.contains("`trigger:project`"), "{text}");
    assert!(text.contains("pipe run --exclude other"), "{text}");
}
