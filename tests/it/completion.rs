//! What the shells complete, asked as they ask.

use std::fs;
use std::path::Path;

use crate::cli::Project;
use crate::pty::Pty;

const PIPELINE: &str = r#"
stages: [build, test, "go live"]

build:
  stage: build
  script: make

unit test:
  script: make test

"browser: all":
  script: make browser
  parallel: 2

staging:
  stage: go live
  script: make deploy
  environment: staging

rollback:
  stage: go live
  script: make rollback
  when: manual
  environment: review/app

'evil$(touch pwn)`touch pwn`"''\!x':
  script: make evil

"loud !":
  script: make loud

"two\nlines":
  script: make two

"clear\e[2J":
  script: make clear

publish:
  script: make publish
  rules:
    - if: $CI_COMMIT_TAG
"#;

fn project() -> Project {
    let project = Project::new(PIPELINE);
    project.git(&["branch", "issue-12"]);
    project.git(&["tag", "v1.0"]);
    project
}

/// The candidates for the last word, one a line. Nothing may show beside them.
fn candidates(project: &Project, words: &[&str]) -> Vec<String> {
    let output = project
        .command()
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .arg("--")
        .args(words)
        .output()
        .expect("pipe can be started");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    assert!(output.status.success(), "{words:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn names_of_past_runs_come_from_their_record() {
    let project = Project::new("gone: {script: [echo]}\n").env("PIPE_EXECUTOR", "shell");
    assert_eq!(candidates(&project, &["pipe", "logs", "g"]), [""; 0]);
    let run = project.command().arg("run").output();
    assert!(run.expect("pipe can be started").status.success());
    project.write(".gitlab-ci.yml", "broken: [\n");
    assert_eq!(candidates(&project, &["pipe", "logs", "g"]), ["gone"]);
    let runs = candidates(&project, &["pipe", "logs", "--run", ""]);
    assert!(
        matches!(&runs[..], [id] if id.ends_with("-000001")),
        "{runs:?}"
    );
}

#[test]
fn names_come_from_the_pipeline_that_the_options_choose() {
    let project = project();
    let here = project.root().display().to_string();
    let rows: &[(&[&str], &[&str])] = &[
        (&["run", "bu"], &["build"]),
        (&["shell", "un"], &["unit test"]),
        (&["shell", "--tag", "v1", "pub"], &["publish"]),
        (&["run", "ev"], &[r#"evil$(touch pwn)`touch pwn`"'\!x"#]),
        (&["run", "two"], &[]),
        (&["run", "lines"], &[]),
        (&["run", "clear"], &[]),
        (&["run", "--job", "un"], &["unit test"]),
        (
            &["run", "br"],
            &["browser: all", "browser: all 1/2", "browser: all 2/2"],
        ),
        (&["run", "pub"], &[]),
        (&["run", "--tag", "v1", "pub"], &["publish"]),
        (&["run", "--exclude", "sta"], &["staging"]),
        (&["run", "--manual", ""], &["rollback"]),
        (&["run", "--stage", ""], &["build", "test", "go live"]),
        (
            &["run", "--deploy="],
            &["--deploy=staging", "--deploy=review/app"],
        ),
        (&["list", "--branch", ""], &["issue-12", "main"]),
        (&["lint", "--tag", ""], &["v1.0"]),
        (&["doctor", "--source", "sch"], &["schedule"]),
        (&["-C", "..", "run", "bu"], &[]),
        (&["-C", &here, "run", "bu"], &["build"]),
        (&["run", "-f", "nothing.yml", "bu"], &[]),
    ];
    for (words, expected) in rows {
        let found = candidates(&project, &[&["pipe"], *words].concat());
        assert_eq!(found, *expected, "{words:?}");
    }
}

#[test]
fn whatever_is_wrong_means_no_candidates() {
    let outside = Project::empty();
    fs::remove_dir_all(outside.root().join(".git")).expect("it is there");
    let settings = project();
    settings.write(".pipe/config.toml", "executor = \"shell\"\n");
    let projects = [
        ("not a repository", outside),
        ("no commit", Project::empty()),
        ("no configuration", {
            let project = Project::empty();
            project.commit();
            project
        }),
        ("a mistake", Project::new("build:\n  stage: [\n")),
        ("settings", settings),
    ];
    for (name, project) in projects {
        for option in ["--job", "--manual", "--stage"] {
            assert_eq!(
                candidates(&project, &["pipe", "run", option, ""]),
                [""; 0],
                "{name}"
            );
        }
    }
}

#[test]
fn asking_leaves_nothing_behind() {
    let project = project();
    assert!(!candidates(&project, &["pipe", "run", ""]).is_empty());
    let left = fs::read_dir(project.home()).expect("it is there").count();
    assert_eq!(left, 0, "something was written into the home");
}

#[test]
fn bash_completes_words_with_blanks_and_colons() {
    let project = project();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bin = Path::new(env!("CARGO_BIN_EXE_pipe"))
        .parent()
        .expect("a folder");
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut bash = Pty::new(100, 40)
        .cwd(project.root())
        .env("PATH", &path)
        .env("HOME", &project.home().display().to_string())
        .env("LANG", "C.UTF-8")
        .env("PS1", "at> ")
        .spawn("bash", &["--norc", "--noprofile", "-i"]);
    bash.wait_for("at>");
    bash.type_keys(&format!(
        "source '{}'; echo rea''dy\r",
        root.join("completions/pipe.bash").display()
    ));
    bash.wait_for("\nready");
    for (keys, expected) in [
        ("pipe run bu\t", "pipe run build "),
        ("pipe run un\t", r"pipe run unit\ test "),
        (
            "pipe run --exclude 'un\t",
            "pipe run --exclude 'unit test' ",
        ),
        (
            "pipe run browser\\:\\ all\\ 1\t",
            r"pipe run browser:\ all\ 1/2 ",
        ),
        ("pipe run --stage go\t", r"pipe run --stage go\ live "),
        ("pipe run --manual \t", "pipe run --manual rollback "),
        ("pipe run --deploy=st\t", "pipe run --deploy=staging "),
        (
            "pipe run --deploy=review/\t",
            "pipe run --deploy=review/app ",
        ),
        ("pipe list --branch iss\t", "pipe list --branch issue-12 "),
        ("pipe run \"lo\t", "pipe run \"loud !\" "),
        ("pipe run \"un\t", "pipe run \"unit test\" "),
        (
            "pipe run \"evil\t",
            r#"pipe run "evil\$(touch pwn)\`touch pwn\`\"'\\"\!"x" "#,
        ),
        (
            "pipe run 'evil\t",
            r#"pipe run 'evil$(touch pwn)`touch pwn`"'\''\!x' "#,
        ),
        (
            "pipe run evil\t",
            r#"pipe run evil\$\(touch\ pwn\)\`touch\ pwn\`\"\'\\\!x "#,
        ),
        ("pipe run \"un\"it\t", r"pipe run unit\ test "),
    ] {
        bash.type_keys(keys);
        // The marker shows where the cursor stands.
        bash.type_keys("|");
        bash.wait_for(&format!("{expected}|"));
        bash.type_keys("\x15");
    }
    // Whatever quote was open, what was completed runs as nothing but a word.
    for (keys, end) in [("\"evil\t", "one"), ("'evil\t", "two"), ("evil\t", "three")] {
        bash.type_keys(&format!(
            "pipe run --nonsense {keys} || echo {end}'' is over\r"
        ));
        bash.wait_for(&format!("\n{end} is over"));
        assert!(!project.root().join("pwn").exists(), "{keys:?}");
    }
    bash.type_keys("exit\r");
    assert_eq!(bash.wait(), 0);
}
