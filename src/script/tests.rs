//! The text of whole stages. What shells make of it is tested with the executors.

use proptest::prelude::*;

use super::quote::quoted;
use super::{Stage, Variable};

const PROJECT: &str = "/builds/group/project";

#[test]
fn step_script_is_as_designed() {
    let variables = [
        Variable::plain("CI_JOB_STATUS", "running"),
        Variable::file("CERT", "line 1\nline 2\n"),
    ];
    let text = Stage::new(&variables, PROJECT).step_script(&["echo 'a'", "", "one\ntwo"]);
    insta::assert_snapshot!(text.replace('\x1b', "<ESC>"), @r#"
    trap 'exit 1' TERM
    exec 2>&1
    if [ $'\101' != A ]; then
    printf '%s\n' "pipe: this image has no shell that GitLab Runner's scripts work in (its sh is dash or alike, without \$'...' quoting):" \
    "pipe: on GitLab this job fails with exit code 2 too; use an image with bash or busybox," \
    "pipe: or set the variable FF_POSIXLY_CORRECT_ESCAPES: \"true\""
    exit 2
    fi
    if command -v grep >/dev/null 2>&1; then case ${BASH_VERSINFO-$(set -o)} in [0-9]*|*pipefail*) set -o pipefail;; esac; fi
    set -o errexit
    set +o noclobber
    (eval 'trap '\''exit 1'\'' TERM
    [ -d /builds/group/project.tmp ] || mkdir -p /builds/group/project.tmp
    export CI_JOB_STATUS=running
    (umask 0; printf %s '\''line 1
    line 2
    '\'' >/builds/group/project.tmp/CERT)
    export CERT=/builds/group/project.tmp/CERT
    export RUNNER_TEMP_PROJECT_DIR=/builds/group/project.tmp
    export GITLAB_ENV=/builds/group/project.tmp/gitlab_runner_env
    [ -e /builds/group/project.tmp/gitlab_runner_env ] || (umask 0; : >>/builds/group/project.tmp/gitlab_runner_env)
    while read -r line; do export "$line"; done </builds/group/project.tmp/gitlab_runner_env
    cd /builds/group/project
    printf '\''%s\n'\'' '\''<ESC>[32;1m$ echo '\''\'\'''\''a'\''\'\'''\''<ESC>[0;m'\''
    echo '\''a'\''
    printf '\''%s\n'\'' '\'''\''
    printf '\''%s\n'\'' '\''<ESC>[32;1m$ one # collapsed multi-line command<ESC>[0;m'\''
    one
    two
    ') </dev/null 8>&- 9>&-
    exit 0
    "#);
}

#[test]
fn after_script_says_so_first() {
    let text = Stage::new(&[], PROJECT).after_script(&["echo x"]);
    let heading = text.find("Running after script...").expect("heading");
    assert!(heading < text.find("$ echo x").expect("echo"), "{text}");
}

#[test]
fn what_the_environment_has_is_not_exported_once_more() {
    let variables = [
        Variable::plain("CI_JOB_NAME", "test"),
        Variable::plain("CI_COMMIT_MESSAGE", "two\nlines"),
        Variable::file("CI_CERT", "text"),
        Variable::plain("CI;id", "no shell takes it"),
        Variable::plain("UID", "5"),
        Variable::plain("FF_SCRIPT_SECTIONS", "true"),
        Variable::plain("FF_SCRIPT_SECTIONS", "false"),
        Variable::plain("CI_JOB_STATUS", "running"),
        Variable::plain("CI_JOB_STARTED_AT", "of another time, maybe"),
    ];
    let given = Stage::new(&variables, PROJECT).environment();
    let exported = |stage: Stage<'_>| -> Vec<String> {
        let text = stage.step_script(&["x"]);
        let lines = text.lines().filter_map(|line| line.strip_prefix("export "));
        let names = lines.filter_map(|line| line.split_once('='));
        names.map(|(name, _)| name.to_owned()).collect()
    };
    let stage = Stage::new(&variables, PROJECT).in_environment(&given);
    let rest = [
        "CI_CERT",
        "'\\''CI;id'\\''",
        "UID",
        "CI_JOB_STARTED_AT",
        "RUNNER_TEMP_PROJECT_DIR",
    ];
    assert_eq!(exported(stage), rest);
    let relied: Vec<String> = stage
        .relies_on()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let names = [
        "CI_JOB_NAME",
        "CI_COMMIT_MESSAGE",
        "FF_SCRIPT_SECTIONS",
        "CI_JOB_STATUS",
        "GITLAB_ENV",
    ];
    assert_eq!(relied, names);
    let after = [
        &variables[..],
        &[Variable::plain("CI_JOB_STATUS", "success")],
    ]
    .concat();
    let after = exported(Stage::new(&after, PROJECT).in_environment(&given));
    assert_eq!(
        after
            .iter()
            .filter(|name| **name == "CI_JOB_STATUS")
            .count(),
        2
    );
    let traced = [&variables[..], &[Variable::plain("CI_DEBUG_TRACE", "true")]].concat();
    let stage = Stage::new(&traced, PROJECT);
    let given = stage.environment();
    assert_eq!(
        exported(stage.in_environment(&given)),
        exported(stage),
        "all is traced"
    );
}

#[test]
fn a_persons_shell_has_what_the_script_would_have() {
    let variables = [
        Variable::file("CERT", "line\n"),
        Variable::plain("CI_DEBUG_TRACE", "true"),
    ];
    let stage = Stage::new(&variables, "/builds/a b");
    insta::assert_snapshot!(stage.login("xterm"), @r#"
    . '/builds/a b.tmp/pipe_surroundings'
    rm -f '/builds/a b.tmp/pipe_surroundings'
    export TERM=xterm
    cd '/builds/a b'
    exec "$0" <&1
    "#);
    let text = stage.surroundings();
    let last = r"cd '\''/builds/a b'\''
(umask 077; export -p >'\''/builds/a b.tmp/pipe_surroundings'\'')
') </dev/null 8>&- 9>&-
";
    assert!(text.ends_with(last), "{text}");
    assert!(!text.contains("xtrace"), "{text}");
    assert!(!text.contains("$'"), "{text}");
}

#[test]
fn environment_shows_paths_and_the_last_value() {
    let variables = [
        Variable::plain("A", "1"),
        Variable::file("CERT", "content"),
        Variable::plain("A", "2"),
        Variable::plain("GITLAB_ENV", "/elsewhere"),
    ];
    let environment = Stage::new(&variables, PROJECT).environment();
    let shown: Vec<_> = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        shown,
        [
            "A=2",
            "CERT=/builds/group/project.tmp/CERT",
            "GITLAB_ENV=/builds/group/project.tmp/gitlab_runner_env",
            "RUNNER_TEMP_PROJECT_DIR=/builds/group/project.tmp",
        ]
    );
}

#[test]
fn a_trace_starts_before_the_body() {
    let variables = [Variable::plain("CI_DEBUG_TRACE", "true")];
    let text = Stage::new(&variables, PROJECT).step_script(&["x"]);
    assert!(text.find("set -o xtrace") < text.find("(eval"), "{text}");
}

#[test]
fn posix_escapes_let_dash_run() {
    let probe = r"$'\101'";
    let strict = Stage::new(&[], PROJECT).step_script(&["x"]);
    assert!(strict.contains(probe));
    let variables = [Variable::plain("FF_POSIXLY_CORRECT_ESCAPES", "true")];
    let lenient = Stage::new(&variables, PROJECT).step_script(&["x"]);
    assert!(!lenient.contains(probe));
}

/// What a POSIX shell reads from a word made of plain bytes, `'…'` and `\'`.
fn unquoted(word: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix('\'') {
            let (inside, after) = after.split_once('\'')?;
            text.push_str(inside);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\\'") {
            text.push('\'');
            rest = after;
        } else if first.is_ascii_alphanumeric() || "_./,@-".contains(first) {
            text.push(first);
            rest = &rest[1..];
        } else {
            return None;
        }
    }
    Some(text)
}

proptest! {
    #[test]
    fn quoting_loses_nothing(text in r"[a-z '\\$`\n\x22é*]{0,24}") {
        prop_assert_eq!(unquoted(&quoted(&text)), Some(text));
    }
}
