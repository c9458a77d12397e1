//! Caches: what a job saves, later jobs and later runs find (runtime reference 17).

use crate::env::{On, TestEnv};

const JOBS: &str = r#"
stages: [first, second]
.sh: {image: pipe-test-busybox:1}
install:
  stage: first
  cache: {key: {files: [lock]}, paths: [vendor/]}
  script:
    - if [ -e vendor/tool ]; then echo cache-hit; else echo cache-miss; mkdir vendor; echo tool >vendor/tool; touch -t 202001020304.05 vendor/tool vendor; fi
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
    env.told(&[&["run", "--executor", on.name()], arguments].concat())
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

/// A job that finds or makes a cache large enough for a layer of its own, does something with it, and
/// says what there is.
const LARGE: &str = r#"
large:
  cache: {key: k, paths: [v/]}
  script:
    - mkdir -p v; [ -e v/big ] || head -c 5000000 /dev/urandom >v/big; [ -e v/a ] || echo one >v/a
    - echo "there is $(ls v | tr '\n' ' ')$(cat v/a)"
    - eval "$ACT"
"#;

#[test]
fn a_large_cache_is_packed_again_only_where_a_job_has_changed_it_in_docker() {
    let packed = "v: found ";
    for (situation, act, is_packed, then) in [
        ("nothing", "true", false, "there is a big one"),
        ("only read", "cat v/* | wc -c", false, "there is a big one"),
        ("beside it", "echo x >w", false, "there is a big one"),
        ("a file", "echo two >v/a", true, "there is a big two"),
        (
            "a new file",
            "echo x >v/new",
            true,
            "there is a big new one",
        ),
        (
            "another folder in its place",
            "mkdir w; cp v/big w; echo three >w/a; rm -r v; mv w v",
            true,
            "there is a big three",
        ),
        (
            "the project folder",
            "cd /; rm -r $CI_PROJECT_DIR; mkdir $CI_PROJECT_DIR",
            false,
            "there is a big one",
        ),
    ] {
        for on in On::CONTAINERS {
            let env = TestEnv::new(LARGE);
            let run = |act: &str| told(&env, on, &["--var", &format!("ACT={act}")]);
            let (code, text) = run("true");
            assert_eq!(code, Some(0), "{situation}: {text}");
            assert!(text.contains(packed), "{situation}: {text}");
            let (code, text) = run(act);
            assert_eq!(code, Some(0), "{situation}: {text}");
            assert!(text.contains("Creating cache k-"), "{situation}: {text}");
            // In a sandbox what packing would say is known without it.
            if on == On::Docker {
                assert_eq!(text.contains(packed), is_packed, "{situation}: {text}");
            } else if !is_packed && text.contains(packed) {
                assert!(
                    text.contains("Archive is up to date!"),
                    "{situation}: {text}"
                );
            }
            let (_, text) = run("true");
            assert!(text.contains(then), "{situation}: {text}");
            assert_eq!(env.leftovers(), Vec::<String>::new(), "{situation}");
        }
    }
}

#[test]
fn what_the_tree_has_beside_a_cache_is_packed_with_it_in_docker() {
    let env = TestEnv::new(LARGE);
    let run = || told(&env, On::Docker, &[]).1;
    assert!(run().contains("v: found "));
    env.write("v/of-the-tree", "x");
    env.commit();
    let text = run();
    assert!(text.contains("there is a big of-the-tree one"), "{text}");
    assert!(text.contains("v: found 4 "), "{text}");
}

#[test]
fn a_cache_that_is_all_that_a_job_has_changed_is_copied_nowhere_in_docker() {
    let env = TestEnv::new(LARGE);
    // Which of the volumes below the job was one with the changes of another.
    let look = "ACT=grep -o 'lowerdir[^,]*' /proc/mounts | grep -c -- -large-1-.*-upper/ || true";
    let run = || told(&env, On::Docker, &["--var", look]);
    for below in ["\n0\n", "\n1\n", "\n1\n"] {
        let (code, text) = run();
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("there is a big one"), "{text}");
        let lines: String = (text.lines())
            .filter_map(|line| line.strip_prefix("large > "))
            .fold("\n".to_owned(), |lines, line| lines + line + "\n");
        assert!(lines.contains(below), "{below:?} {lines}");
    }
    let (code, text) = told(&env, On::Docker, &["--var", "ACT=echo x >w; echo two >v/a"]);
    assert_eq!(code, Some(0), "{text}");
    // What was taken away is filled again.
    assert!(env.output(&["clean", "layers"]).status.success());
    let (_, text) = run();
    assert!(text.contains("there is a big two"), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}

/// What the job writes there is in the volume, and none of its changes.
#[test]
fn a_large_cache_of_a_folder_that_is_a_volume_is_packed_again_in_docker() {
    let env = TestEnv::new(LARGE);
    env.user_settings("docker.volumes = ['v']\n");
    for act in ["true", "echo two >v/a"] {
        let (code, text) = told(&env, On::Docker, &["--var", &format!("ACT={act}")]);
        assert_eq!(code, Some(0), "{act}: {text}");
        assert!(text.contains("v: found "), "{act}: {text}");
    }
    let (code, text) = env.told(&["clean", "layers"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(env.leftovers(), Vec::<String>::new());
}
