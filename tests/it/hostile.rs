//! Names of a repository that try to act: on the terminal, as lines of ours, in pasted commands.

use std::process::{Command, Output};

use crate::cli::Project;
use crate::env::{PIPE, TestEnv};

/// Clears the screen, sets the title, forges a verdict, turns the direction of writing.
const PIPELINE: &str = r#"
stages: ["build\e[2J", "rele\u202ease", deploy]

"unit\n✓ pipeline passed\e[2J\x9b2J\u202e":
  stage: "build\e[2J"
  tags: ["tag\e]0;title\a"]
  image: "image\e[2J\u2066:1"
  script:
    - printf 'log\033[2J\033]0;title\007\302\2332J\342\200\256\033[3A end\n'
    - exit 3

"matrix":
  stage: "rele\u202ease"
  parallel:
    matrix: [{VALUE: ["a\r\e[2J", "b\t\u200b"]}]
  needs: []
  script: [echo fine]

"played'; touch pwn; '\e[2J":
  stage: deploy
  when: manual
  script: [echo fine]

"staging":
  stage: deploy
  variables: {WHERE: "p'; touch pwn; '\e[2J\n"}
  environment: "$WHERE"
  script: [echo fine]

"left\nout\e[2J":
  stage: deploy
  rules:
    - if: $CI_COMMIT_TAG == "\e[2J"
  script: [echo fine]

released:
  stage: deploy
  rules:
    - if: $CI_COMMIT_BRANCH =~ /touch pwn/
  script: [echo fine]
"#;

/// With mistakes whose messages and excerpts name hostile words.
const MISTAKES: &str = "
'unit\u{9b}2J\u{202e}':
  stage: 'test\u{85}\u{2028}'
  script: [make]
  needs: [\"other\\e[2J\"]
";

/// What acts instead of showing, but the line end, which is ours.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
fn assert_harmless(name: &str, output: &Output) {
    for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        let found: String = text.chars().filter(|c| acts(*c)).collect();
        assert_eq!(found, "", "{name}: {stream}:\n{text:?}");
        let forged = text.lines().any(|line| line.starts_with("✓ pipeline"));
        assert!(!forged, "{name}: {stream}:\n{text}");
    }
}

fn output(project: &Project, arguments: &[&str]) -> Output {
    let command = &mut project.command();
    command
        .args(arguments)
        .output()
        .expect("pipe can be started")
}

#[test]
fn no_output_for_people_is_moved_by_names() {
    let project = Project::new(PIPELINE).env("PIPE_EXECUTOR", "shell");
    let branch = "b\u{202e}\u{9b}2J";
    for arguments in [
        &["list"][..],
        &["list", "--branch", branch],
        &["lint", "--branch", branch],
        &["doctor"],
        &["doctor", "--branch", branch],
        &["run", "--format", "plain"],
        &["run", "--format", "plain", "-v", "--branch", branch],
        &["run", "--deploy=x\u{202e}"],
        &["run", "left\nout\u{1b}[2J"],
        &["run", "--job", "no\u{1b}[2J"],
        &["run", "--stage", "no\u{9b}2J"],
        &["-f", "no\u{1b}[2J.yml", "list"],
    ] {
        let output = output(&project, arguments);
        assert!(!output.stdout.is_empty() || !output.stderr.is_empty());
        assert_harmless(&arguments.join(" "), &output);
    }
}

#[test]
fn names_are_shown_for_what_they_are() {
    let project = Project::new(PIPELINE);
    let text = String::from_utf8(output(&project, &["list"]).stdout).expect("UTF-8");
    for shown in [
        r"unit\n✓ pipeline passed\u{1b}[2J\u{9b}2J\u{202e}  build\u{1b}[2J",
        r"matrix: [a\r\u{1b}[2J]",
        r"tags tag\u{1b}]0;title\u{7}",
        r"left\nout\u{1b}[2J",
    ] {
        assert!(text.contains(shown), "{shown}:\n{text}");
    }
}

#[test]
fn mistakes_are_shown_without_their_power() {
    let project = Project::new(MISTAKES);
    for arguments in [
        &["lint"][..],
        &["lint", "--format", "concise"],
        &["list"],
        &["doctor"],
        &["run"],
    ] {
        assert_harmless(&arguments.join(" "), &output(&project, arguments));
    }
}

#[test]
fn a_folder_has_no_say_over_the_terminal() {
    let project = Project::new(PIPELINE).env("PIPE_EXECUTOR", "shell");
    let folder = "evil\u{1b}[2J\n✓ pipeline passed";
    project.git(&["init", "-q", folder]);
    project.write(&format!("{folder}/.gitlab-ci.yml"), PIPELINE);
    project.git(&["-C", folder, "add", "-A"]);
    project.git(&["-C", folder, "commit", "-q", "-m", "start"]);
    for command in ["doctor", "list"] {
        assert_harmless(command, &output(&project, &["-C", folder, command]));
    }
}

#[test]
fn the_board_keeps_its_place() {
    let env = TestEnv::new(PIPELINE);
    for arguments in [
        &["run", "--executor", "shell"][..],
        &["run", "--executor", "shell", "-v"],
    ] {
        let mut session = env.terminal(120, 50).spawn(PIPE, arguments);
        session.wait();
        let (raw, screen) = (session.raw(), session.screen());
        for power in [
            "\u{1b}[2J",
            "\u{1b}]",
            "\u{7}",
            "\u{9b}",
            "\u{202e}",
            "\u{2066}",
        ] {
            assert!(!raw.contains(power), "{power:?}:\n{raw:?}");
        }
        assert!(
            screen.contains(r"unit\n✓ pipeline passed\u{1b}[2J"),
            "{screen}"
        );
        assert!(!screen.contains("\n✓ pipeline"), "{screen}");
    }
}

/// The commands in backticks or behind `; ` that a text prints.
fn printed_commands(text: &str) -> Vec<String> {
    let pattern =
        regex::Regex::new(r"(?m)`(pipe [^`\n]+)`|; (pipe run [^`\n]+)$").expect("a pattern");
    let found = pattern.captures_iter(text);
    found
        .filter_map(|found| Some(found.get(1).or(found.get(2))?.as_str().to_owned()))
        .collect()
}

#[test]
fn printed_commands_can_be_pasted() {
    let project = Project::new(PIPELINE).env("PIPE_EXECUTOR", "shell");
    project.write(".pipe/config.toml", "refs.release = [\"; touch pwn; *\"]\n");
    project.commit();
    let mut all = Vec::new();
    for arguments in [
        &["run", "--format", "plain"][..],
        &["run", "left\nout\u{1b}[2J"],
        &["run", "released"],
        &["run", "--manual", "matrix: [a\r\u{1b}[2J]"],
    ] {
        let output = output(&project, arguments);
        let text = [output.stdout, output.stderr].concat();
        all.extend(printed_commands(&String::from_utf8_lossy(&text)));
    }
    assert!(
        all.iter().any(|command| command.contains("touch pwn")),
        "{all:#?}"
    );
    for command in all {
        let script = format!("pipe() {{ :; }}; {command}");
        let status = Command::new("bash")
            .args(["-c", &script])
            .current_dir(project.root())
            .status();
        assert!(status.expect("bash starts").success(), "{command}");
        assert!(!project.root().join("pwn").exists(), "{command}");
    }
}
