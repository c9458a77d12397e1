//! Pipelines that variables or conditions would make endless: each is refused at once.

use super::world::Case;

/// The codes of the errors, each once.
fn codes(text: &str) -> Vec<&'static str> {
    let outcome = Case::new(text, "branch main").outcome();
    let mut codes: Vec<&str> = outcome
        .diagnostics
        .iter()
        .map(|d| d.code.as_str())
        .collect();
    assert!(
        outcome.diagnostics.iter().all(|d| d.primary.is_some()),
        "each has a place"
    );
    codes.dedup();
    codes
}

/// Jobs with what `job` says of each.
fn jobs(count: usize, job: &str) -> String {
    (0..count).fold(String::new(), |jobs, at| {
        jobs + &format!("j{at}: {{script: x, {job}}}\n")
    })
}

/// Variables of which each holds the one before it twice.
fn doubling(levels: usize) -> String {
    let level = |at: usize| format!("  A{at}: $A{}$A{}\n", at - 1, at - 1);
    let levels: String = (1..=levels).map(level).collect();
    format!("variables:\n  A0: xxxxxxxxxx\n{levels}")
}

#[test]
fn variables_that_double_are_larger_than_any_environment() {
    let text = doubling(24) + &jobs(3, "tags: [a]");
    assert_eq!(codes(&text), ["config-too-big"]);
}

#[test]
fn keywords_expanded_for_all_jobs_together_have_an_end() {
    let long = format!("variables: {{B: {}}}\n", "x".repeat(1_000_000));
    let job = |count| long.clone() + &jobs(count, "tags: [$B]");
    assert_eq!(codes(&job(2)), [""; 0]);
    assert_eq!(codes(&job(20)), ["config-too-big"]);
}

#[test]
fn values_expanded_for_each_job_together_have_an_end() {
    let text = doubling(15) + &jobs(2000, "environment: a$A1");
    assert_eq!(codes(&text), ["config-too-big"]);
}

#[test]
fn text_that_conditions_compare_has_an_end() {
    let long = format!("variables: {{A: {}}}\n", "x".repeat(500_000));
    let many = ["$A == 'y'"; 20].join(" || ");
    for job in [
        format!("rules: [{{if: \"{many}\"}}, {{when: always}}]"),
        format!("only: {{variables: [\"{many}\"]}}"),
    ] {
        let text = long.clone() + &jobs(50, &job);
        assert_eq!(codes(&text), ["config-too-big"], "{job}");
    }
    let pattern = format!("variables: {{P: /{}/}}\n", "ab?".repeat(400_000));
    let text = pattern + &jobs(1, "rules: [{if: $A =~ $P}, {when: always}]");
    assert_eq!(codes(&text), ["config-too-big"], "a pattern in a variable");
}
