//! `pipe logs`.

use super::{PIPELINE, after_a_run, golden, project, run, told};

#[test]
fn a_log_is_that_of_the_newest_run_that_has_it() {
    let project = project(PIPELINE);
    golden("logs_none", &told(&project, &["logs", "unit"]));
    run(&project, &[]);
    run(&project, &["build"]);
    let unit = told(&project, &["logs", "unit"]);
    assert!(unit.contains("job unit, attempt 2, run "), "{unit}");
    assert!(unit.contains("-000001\n"), "{unit}");
    assert!(unit.contains("\nsecond\n"), "{unit}");
    let first = told(&project, &["logs", "unit", "--attempt", "1"]);
    assert!(first.contains("\nfirst\n"), "{first}");
    let build = told(&project, &["logs", "build"]);
    assert!(build.contains("-000002\n"), "{build}");
    let older = told(&project, &["logs", "build", "--run", "1"]);
    assert!(older.contains("-000001\n"), "{older}");
}

#[test]
fn all_logs_of_a_run_come_with_the_names_of_their_jobs() {
    let project = after_a_run();
    let shown = told(&project, &["logs", "-q"]);
    for line in [
        "\nbuild    > building\n",
        "\nunit     > first\n",
        "\nunit     > second\n",
    ] {
        assert_eq!(shown.matches(line).count(), 1, "{line}: {shown}");
    }
    assert!(!shown.contains("stderr"), "{shown}");
    assert!(!shown.contains("> late"), "{shown}");
}

#[test]
fn a_log_has_no_power_over_the_terminal_unless_it_is_asked_for() {
    let project = after_a_run();
    let shown = told(&project, &["logs", "lint 1/2", "--color", "always"]);
    assert!(shown.contains("a\u{1b}[31mred\u{1b}[0mb"), "{shown:?}");
    assert!(!shown.contains("\u{1b}[2J"), "{shown:?}");
    let raw = told(&project, &["logs", "lint 1/2", "--raw"]);
    assert!(raw.contains("\u{1b}[2Jb\n"), "{raw:?}");
}

#[test]
fn parallel_jobs_are_meant_by_their_common_name_or_a_glob() {
    let project = project(
        "unit: {parallel: 2, script: [echo $CI_NODE_INDEX]}\nlint: {script: [echo lint]}\n",
    );
    run(&project, &[]);
    for name in ["unit", "u*"] {
        let shown = told(&project, &["logs", name]);
        for line in ["\nunit 1/2 > 1\n", "\nunit 2/2 > 2\n"] {
            assert!(shown.contains(line), "{name}: {shown}");
        }
        assert!(shown.contains("2 jobs, run "), "{name}: {shown}");
        assert!(!shown.contains("lint"), "{name}: {shown}");
    }
    golden(
        "logs_raw_of_several",
        &told(&project, &["logs", "unit", "--raw"]),
    );
}

#[test]
fn what_is_not_on_record_is_said_with_what_is() {
    let project = after_a_run();
    for (name, arguments) in [
        ("logs_misspelled", &["logs", "uint"][..]),
        ("logs_other_job", &["logs", "deploy-to-production"]),
        ("logs_not_run", &["logs", "late"]),
        ("logs_no_attempt", &["logs", "unit", "--attempt", "3"]),
        ("logs_attempt_zero", &["logs", "build", "--attempt", "0"]),
        ("logs_no_run", &["logs", "--run", "20200101-000000-000009"]),
        ("logs_attempt_of_nothing", &["logs", "--attempt", "1"]),
    ] {
        golden(name, &told(&project, arguments));
    }
}

#[test]
fn jobs_of_child_pipelines_are_meant_with_their_trigger_or_without() {
    let project = project(
        "go:\n  trigger:\n    include: child.yml\n    strategy: depend\nunit:\n  script: [echo top]\n",
    );
    project.write(
        "child.yml",
        "unit: {script: [echo below]}\npack: {script: [echo x > x], artifacts: {paths: [x]}}\n",
    );
    run(&project, &[]);
    let shown = |args: &[&str]| told(&project, args);
    assert!(shown(&["logs", "unit"]).contains("\ntop\n"));
    let below = shown(&["logs", "go › unit"]);
    assert!(
        below.contains("\nbelow\n") && !below.contains("top"),
        "{below}"
    );
    assert!(below.contains("job go › unit, attempt 1"), "{below}");
    assert!(shown(&["logs", "pack"]).contains("job go › pack"));
    let kept = shown(&["artifacts"]);
    assert!(kept.contains("go › pack"), "{kept}");
    assert!(shown(&["logs", "go › *"]).contains("2 jobs"));
    assert!(shown(&["logs", "unti"]).contains("did you mean"));
}

#[test]
fn a_record_is_whole_though_less_than_everything_ran() {
    let project = project(
        "kept: {script: [echo hi]}\nother: {script: [echo other]}\nship: {environment: prod, script: [echo ship]}\n",
    );
    for chosen in [&[][..], &["--exclude", "other"], &["kept"]] {
        run(&project, chosen);
        for shown in [&["logs"][..], &["logs", "kept"], &["logs", "kept", "--raw"]] {
            let shown = told(&project, shown);
            assert!(shown.contains("hi\n"), "{chosen:?}: {shown}");
            assert!(!shown.contains("warning"), "{chosen:?}: {shown}");
        }
    }
}
