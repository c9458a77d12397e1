//! Caches: what a job saves, later jobs and later runs find (runtime reference 17).

use crate::env::{On, TestEnv};

const JOBS: &str = r#"
stages: [first, second]
.sh: {image: pipe-test-busybox:1}
install:
  stage: first
  cache: {key: {files: [lock]}, paths: [vendor/]}
  script:
    - if [ -e vendor/tool ]; then echo cache-hit; else echo cache-miss; mkdir vendor; echo tool >vendor/tool; fi
look:
  stage: second
  cache:
    - {key: {files: [lock]}, paths: [vendor/], policy: $POLICY}
    - {key: nothing-there, fallback_keys: [also-nothing, other], paths: [o/], policy: pull}
  variables: {POLICY: pull}
  script: [cat vendor/tool, "cat o/x || echo no-other"]
other:
  stage: first
  cache: {key: other, paths: [o/, none/], when: always}
  script: [mkdir -p o, echo saved >o/x, "false"]
  allow_failure: true
"#;

fn told(env: &TestEnv, on: On, arguments: &[&str]) -> (Option<i32>, String) {
    let all = [&["run", "--executor", on.name()], arguments].concat();
    let output = env.output(&all);
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn later_jobs_and_later_runs_find_what_was_saved() {
    for on in On::here() {
        let env = TestEnv::new(JOBS);
        env.write("lock", "1\n");
        env.commit();
        let (code, text) = told(&env, on, &[]);
        assert_eq!(code, Some(0), "{on:?}: {text}");
        for part in [
            "cache-miss",
            "WARNING: Cache file does not exist",
            "Creating cache 0_lock-",
            "Created cache",
            "Not uploading cache nothing-there-",
            "Checking cache for also-nothing-",
            "saved",
        ] {
            assert!(text.contains(part), "{on:?}: `{part}`:\n{text}");
        }
        assert!(!text.contains("> no-other"), "{on:?}:\n{text}");

        let (_, text) = told(&env, on, &["install"]);
        assert!(text.contains("cache-hit"), "{on:?}:\n{text}");
        assert!(text.contains("Archive is up to date!"), "{on:?}:\n{text}");

        env.write("lock", "2\n");
        let (_, text) = told(&env, on, &["install"]);
        assert!(text.contains("cache-miss"), "another lock, {on:?}:\n{text}");
        assert_eq!(env.leftovers(), Vec::<String>::new(), "{on:?}");
    }
}

#[test]
fn a_policy_that_is_none_fails_its_job() {
    let env = TestEnv::new(JOBS);
    let (code, text) = told(&env, On::Shell, &["look", "--var", "POLICY=push-pull"]);
    assert_eq!(code, Some(1), "{text}");
    let wanted = "unknown cache policy `push-pull`: it can be `pull-push`, `pull` or `push`";
    assert!(text.contains(wanted), "{text}");
}
