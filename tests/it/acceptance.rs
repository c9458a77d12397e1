//! The acceptance list (runtime reference 18): small pipelines and what a runner makes of them. A row of
//! the reference that names no other test is here, by its number.

use serde_json::Value;

use crate::env::TestEnv;

/// A small pipeline, and what is to come of it.
struct Case {
    number: u32,
    jobs: &'static str,
    arguments: &'static [&'static str],
    exit: i32,
    /// `name: status`, then what else counts: the reason, the exit code, `allowed`, `attempts N`.
    ends: &'static [&'static str],
    /// Whole lines that are shown.
    says: &'static [&'static str],
    /// Whole lines that are not.
    never: &'static [&'static str],
}

const CASE: Case = Case {
    number: 0,
    jobs: "",
    arguments: &[],
    exit: 0,
    ends: &[],
    says: &[],
    never: &[],
};

/// Runs them in containers. In all of them there are two masked variables and one that is not.
fn check(cases: &[Case]) {
    let broken: Vec<String> = cases.iter().filter_map(differs).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}

fn differs(case: &Case) -> Option<String> {
    let env = TestEnv::new(case.jobs);
    env.write(
        ".pipe/variables.yml",
        "DB_PASSWORD: not-for-services\nSHORT: {value: s3cret-one, masked: true}\n\
         LONG: {value: s3cret-one-and-more, masked: true}\n",
    );
    env.write("lock.txt", "a\n");
    env.git(&["add", "lock.txt"]);
    env.git(&["commit", "-q", "-m", "lock"]);
    env.user_settings("docker.wait_for_services_timeout = 1\n");
    let arguments = ["run", "--executor", "docker", "--format", "json"];
    let output = env.output(&[&arguments[..], case.arguments].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let lines = events.iter().filter(|event| event["kind"] == "log");
    let lines: Vec<String> = lines
        .filter_map(|event| Some(plain(event["text"].as_str()?)))
        .collect();
    let jobs = events.last().and_then(|last| last["jobs"].as_array());
    let ends: Vec<String> = jobs.into_iter().flatten().map(end).collect();
    let mut wrong = Vec::new();
    if output.status.code() != Some(case.exit) {
        wrong.push(format!("exit {:?}", output.status.code()));
    }
    // Of an end only what the row says counts.
    for wanted in case.ends {
        if !ends.iter().any(|end| end.starts_with(wanted)) {
            wrong.push(format!("no `{wanted}` in {ends:?}"));
        }
    }
    for wanted in case.says {
        if !lines.iter().any(|line| line == wanted) {
            wrong.push(format!("not said: `{wanted}`"));
        }
    }
    for unwanted in case.never {
        if lines.iter().any(|line| line == unwanted) {
            wrong.push(format!("said: `{unwanted}`"));
        }
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let all = format!("{}\n{told}", lines.join("\n"));
    (!wrong.is_empty()).then(|| format!("{}: {}\n{all}", case.number, wrong.join("; ")))
}

fn end(job: &Value) -> String {
    let word = |key: &str| job[key].as_str().unwrap_or("-").to_owned();
    let allowed = if job["allow_failure"] == true {
        "allowed"
    } else {
        "counts"
    };
    format!(
        "{}: {} {} {} {allowed} attempts {}",
        word("name"),
        word("status"),
        word("reason"),
        job["exit_code"],
        job["attempts"]
    )
}

/// Without colours.
fn plain(line: &str) -> String {
    let colours = regex::Regex::new("\u{1b}\\[[0-9;]*[A-Za-z]").expect("a pattern");
    colours.replace_all(line, "").into_owned()
}

#[test]
fn scripts_in_docker() {
    check(&[
        Case {
            number: 1,
            jobs: "a:\n  before_script: [export A=1]\n  script: ['test \"$A\" = 1']\n  after_script: ['test -z \"$A\" && echo A-is-gone']\n",
            ends: &["a: success"],
            says: &["A-is-gone"],
            ..CASE
        },
        Case {
            number: 2,
            jobs: "ash:\n  script: [false | true]\nbash:\n  image: pipe-test-debian:1\n  script: [false | true]\n\
                   .dash:\n  image:\n    name: pipe-test-debian:1\n    entrypoint: [sh, -c, 'rm -f /bin/bash /usr/bin/bash; exec \"$@\"', --]\n  script: [echo dash-ran, false | true]\n\
                   dash:\n  extends: .dash\n  variables: {FF_POSIXLY_CORRECT_ESCAPES: 'true'}\n\
                   without:\n  extends: .dash\n",
            exit: 1,
            ends: &[
                "ash: failed script_failure 1",
                "bash: failed script_failure 1",
                "dash: success",
                "without: failed script_failure 2",
            ],
            says: &["dash-ran"],
            ..CASE
        },
        Case {
            number: 3,
            jobs: "a:\n  script: [exit 0, exit 1]\n",
            ends: &["a: success"],
            says: &["$ exit 0"],
            never: &["$ exit 1"],
            ..CASE
        },
        Case {
            number: 4,
            jobs: "a:\n  script: [read x, echo done]\n",
            exit: 1,
            ends: &["a: failed script_failure"],
            never: &["done"],
            ..CASE
        },
        Case {
            number: 22,
            jobs: "runs:\n  image: {name: pipe-test-busybox:1, entrypoint: ['']}\n  script: [echo runs]\n\
                   tool:\n  image: {name: pipe-test-busybox:1, entrypoint: [/bin/ls]}\n  script: [echo tool]\n",
            exit: 1,
            ends: &["runs: success", "tool: failed"],
            says: &["runs"],
            never: &["tool"],
            ..CASE
        },
        Case {
            number: 30,
            jobs: "a:\n  script: ['echo \"$CI_NODE_TOTAL ${CI_NODE_INDEX-unset}\"']\n",
            says: &["1 unset"],
            ..CASE
        },
        Case {
            number: 31,
            jobs: "a:\n  environment: {name: review/login, action: access}\n  script: ['echo slug $CI_ENVIRONMENT_SLUG']\n",
            says: &["slug review-login-py9mn2"],
            ..CASE
        },
        Case {
            number: 34,
            jobs: "a:\n  image: {name: pipe-test-busybox:1, docker: {user: '1000'}}\n  script: [id -u, echo mine >new, cat new]\n",
            says: &["1000", "mine"],
            ..CASE
        },
        Case {
            number: 35,
            jobs: "a:\n  script:\n    - |\n      echo one\n      echo two\n",
            says: &["$ echo one # collapsed multi-line command", "one", "two"],
            ..CASE
        },
        Case {
            number: 36,
            jobs: "a:\n  script: ['ls /proc/self/fd | grep -c \"[4-9]\" || true']\n\
                   d:\n  extends: a\n  image: pipe-test-debian:1\n",
            ends: &["a: success", "d: success"],
            says: &["0"],
            never: &["1", "2"],
            ..CASE
        },
    ]);
}

#[test]
fn outcomes_in_docker() {
    check(&[
        Case {
            number: 5,
            jobs: "three:\n  allow_failure: {exit_codes: 3}\n  script: [exit 3]\nfour:\n  allow_failure: {exit_codes: 3}\n  script: [exit 4]\n",
            exit: 1,
            ends: &[
                "three: failed script_failure 3 allowed",
                "four: failed script_failure 4 counts",
            ],
            ..CASE
        },
        Case {
            number: 6,
            jobs: "a:\n  retry: {max: 2, exit_codes: 5}\n  script: [exit 6]\n",
            exit: 1,
            ends: &["a: failed script_failure 6 counts attempts 1"],
            ..CASE
        },
        Case {
            number: 7,
            jobs: "a:\n  retry: {max: 1, when: runner_system_failure, exit_codes: 5}\n  script: [exit 5]\n",
            exit: 1,
            ends: &["a: failed script_failure 5 counts attempts 2"],
            ..CASE
        },
        Case {
            number: 8,
            jobs: "stages: [one, two]\nfails:\n  stage: one\n  script: [exit 1]\n.two: {stage: two, script: [echo x]}\n\
                   mends: {extends: .two, when: on_failure}\nalways: {extends: .two, when: always}\n\
                   usual: {extends: .two}\nhand: {extends: .two, when: manual}\n",
            exit: 1,
            ends: &[
                "mends: success",
                "always: success",
                "usual: skipped",
                "hand: skipped",
            ],
            ..CASE
        },
        Case {
            number: 9,
            jobs: "hand: {when: manual, script: [echo x]}\nafter: {needs: [hand], script: [echo x]}\n",
            ends: &["hand: manual", "after: skipped"],
            ..CASE
        },
        Case {
            number: 9,
            jobs: "hand: {when: manual, script: [echo x]}\nafter: {needs: [hand], script: [echo x]}\n",
            arguments: &["--manual", "hand"],
            ends: &["hand: success", "after: success"],
            ..CASE
        },
        Case {
            number: 10,
            jobs: "stages: [one, two]\nhand: {stage: one, when: manual, allow_failure: false, script: [echo x]}\nafter: {stage: two, script: [echo x]}\n",
            exit: 7,
            ends: &["hand: manual", "after: skipped"],
            ..CASE
        },
        Case {
            number: 25,
            jobs: "stages: [one, two]\na:\n  stage: one\n  variables: {RUNNER_SCRIPT_TIMEOUT: 2s}\n  script: [echo kept >file, sleep 60]\n  after_script: [echo after $CI_JOB_STATUS]\n  artifacts: {when: always, paths: [file]}\n\
                   b: {stage: two, when: on_failure, script: [cat file]}\n",
            exit: 1,
            ends: &["a: failed job_execution_timeout"],
            says: &["after timedout", "kept"],
            ..CASE
        },
        Case {
            number: 26,
            jobs: "a:\n  timeout: 3 seconds\n  script: [sleep 60]\n  after_script: [echo after]\n",
            exit: 1,
            ends: &["a: failed job_execution_timeout"],
            never: &["after"],
            ..CASE
        },
    ]);
}

#[test]
fn what_jobs_hand_on_in_docker() {
    check(&[
        Case {
            number: 12,
            jobs: "stages: [one, two]\nmake: {stage: one, script: [echo x >file], artifacts: {paths: [file]}}\nalone: {stage: two, needs: [], script: ['test ! -e file && echo absent']}\n",
            says: &["absent"],
            ..CASE
        },
        Case {
            number: 13,
            jobs: "one: {script: [echo one >file], artifacts: {paths: [file]}}\ntwo: {script: [echo two >file, sleep 1], artifacts: {paths: [file]}}\n\
                   use: {stage: deploy, needs: [two, one], script: [cat file]}\n",
            says: &["two"],
            ..CASE
        },
        Case {
            number: 14,
            jobs: "stages: [one, two, three]\n.cache: {cache: {key: k, paths: [file]}}\n\
                   save: {extends: .cache, stage: one, script: [echo of-the-cache >file]}\n\
                   make: {stage: two, script: [echo of-artifacts >file], artifacts: {paths: [file]}}\n\
                   use: {extends: .cache, stage: three, script: [cat file]}\n",
            says: &["of-artifacts"],
            ..CASE
        },
        Case {
            number: 16,
            jobs: "stages: [one, two]\nmake: {stage: one, script: [mkdir out, echo x >out/file], artifacts: {paths: [out], exclude: [out]}}\nuse: {stage: two, script: [ls out]}\n",
            says: &["file"],
            ..CASE
        },
        Case {
            number: 17,
            jobs: "a:\n  script: ['printf \"A=1\\n\\nB=2\\n\" >env']\n  artifacts: {reports: {dotenv: env}}\n",
            exit: 1,
            ends: &["a: failed script_failure"],
            ..CASE
        },
        Case {
            number: 18,
            jobs: "stages: [one, two]\nmake: {stage: one, script: [echo V=dotenv >env], artifacts: {reports: {dotenv: env}}}\nuse: {stage: two, variables: {V: yaml}, script: [echo V is $V]}\n",
            says: &["V is dotenv"],
            ..CASE
        },
        Case {
            number: 32,
            jobs: "a:\n  cache: {key: {files: [lock.txt]}, paths: [kept]}\n  script: [echo x]\n",
            says: &[
                "Checking cache for 0_lock-f714a86e774d89cfba54d79a83a131df15e161a5-protected...",
            ],
            ..CASE
        },
    ]);
}

#[test]
fn services_and_secrets_in_docker() {
    check(&[
        Case {
            number: 19,
            jobs: "a:\n  services: [{name: pipe-test-busybox:1, alias: s, command: [sh, -c, 'echo \"password ${DB_PASSWORD-none}\"; sleep 3']}]\n  variables: {CI_DEBUG_SERVICES: 'true'}\n  script: [echo job has $DB_PASSWORD, sleep 2]\n",
            says: &[
                "job has not-for-services",
                "[service:pipe-test-busybox-s] password none",
            ],
            ..CASE
        },
        Case {
            number: 21,
            jobs: "a:\n  services: [{name: pipe-test-busybox:1, command: [sh, -c, 'echo first; sleep 60']}, {name: pipe-test-busybox:1, command: [sh, -c, 'echo second; sleep 60']}]\n  variables: {CI_DEBUG_SERVICES: 'true'}\n  script: [echo went-on]\n",
            says: &[
                "WARNING: Skipping alias \"pipe-test-busybox\" for service \"pipe-test-busybox:1\" (services[1]): alias is already in use by another service.",
                "WARNING: service \"pipe-test-busybox:1\" (services[1]) is not started: all of its names are in use; give it an `alias` of its own",
                "[service:pipe-test-busybox] first",
                "went-on",
            ],
            never: &["[service:pipe-test-busybox] second"],
            ..CASE
        },
        Case {
            number: 23,
            jobs: "a:\n  script: ['printf s3cret; sleep 1; printf -- -one; echo']\n",
            says: &["[MASKED]"],
            ..CASE
        },
        Case {
            number: 24,
            jobs: "a:\n  script: ['echo \"<$LONG> <$SHORT>\"']\n",
            says: &["<[MASKED]> <[MASKED]>"],
            ..CASE
        },
    ]);
}
