//! Environments that come up before the turn of their job.

use crate::env::{On, TestEnv};

/// An environment may be there before its job's turn comes; what the job is told is of the job.
#[test]
fn a_job_began_when_its_turn_came() {
    for on in On::here() {
        let env = TestEnv::new(
            "stages: [one, two]\n\
             first:\n  stage: one\n  script: [sleep 2, 'date -u +%Y-%m-%dT%H:%M:%SZ >ended']\n  artifacts: {paths: [ended]}\n\
             second:\n  stage: two\n  script: ['echo \"$CI_JOB_STARTED_AT\" >began', 'cat ended began', 'cat ended began | sort -c']\n",
        );
        let output = env.output(&["run", "--executor", on.name(), "--format", "plain"]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{on:?}: {text}");
    }
}
