//! Pipelines of other projects that trigger jobs start (configuration reference 6.25): where they come
//! from, what they are given, and whose word counts in them.

use std::fs;

use serde_json::Value;

use crate::cli::Project;

/// Two checkouts of one user, whose map names the second.
struct Two {
    first: Project,
    second: Project,
}

impl Two {
    fn new(trigger: &str, files: &[(&str, &str)]) -> Self {
        let (first, second) = (Project::new(trigger), Project::empty());
        for (path, text) in files {
            second.write(path, text);
        }
        second.commit();
        second.git(&[
            "remote",
            "add",
            "origin",
            "git@gitlab.example.com:group/other.git",
        ]);
        first.git(&[
            "remote",
            "add",
            "origin",
            "git@gitlab.example.com:group/first.git",
        ]);
        let two = Self { first, second };
        two.settings("");
        two
    }

    /// Settings of the user, beside the map.
    fn settings(&self, more: &str) {
        let folder = self.first.home().join(".config/pipe");
        fs::create_dir_all(&folder).expect("a folder");
        let place = self.second.root();
        let map = format!("projects = {{\"group/other\" = \"{}\"}}\n", place.display());
        let text = format!("executor = 'shell'\n{more}{map}");
        fs::write(folder.join("config.toml"), text).expect("settings");
    }

    /// Variables of the user.
    fn variables(&self, text: &str) {
        let folder = self.first.home().join(".config/pipe");
        fs::write(folder.join("variables.yml"), text).expect("variables");
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = self.first.command();
        command.args(["run", "--format", "json"]).args(arguments);
        let output = command.output().expect("pipe can be started");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let events = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        Ended {
            exit: output.status.code(),
            events: events.collect(),
            text: text.clone() + &String::from_utf8_lossy(&output.stderr),
        }
    }
}

struct Ended {
    exit: Option<i32>,
    events: Vec<Value>,
    text: String,
}

impl Ended {
    /// What jobs of the pipeline behind `go` printed, without the echo of their commands.
    fn said(&self) -> Vec<&str> {
        let told = |event: &&Value| event["kind"] == "log" && event["pipeline"][0] == "go";
        let lines = self.events.iter().filter(told);
        let lines = lines.filter_map(|event| event["text"].as_str());
        lines.filter(|line| !line.starts_with('\u{1b}')).collect()
    }

    /// `status (reason)` of the job `go`.
    fn go(&self) -> String {
        let last = self
            .events
            .last()
            .unwrap_or_else(|| panic!("{}", self.text));
        let jobs = last["jobs"].as_array().expect("jobs");
        let go = jobs.iter().find(|job| job["name"] == "go").expect("go");
        let word = |key: &str| go[key].as_str().unwrap_or("-").to_owned();
        format!("{} ({})", word("status"), word("reason"))
    }
}

#[test]
fn a_pipeline_of_another_project_runs_in_its_checkout() {
    let two = Two::new(
        "go:\n  variables: {A: from-$CI_PROJECT_NAME}\n  \
         trigger: {project: $CI_PROJECT_NAMESPACE/other, strategy: depend, forward: {pipeline_variables: true}, inputs: {word: hello, list: [1, 2]}}\n",
        &[
            (
                ".gitlab-ci.yml",
                "spec: {inputs: {word: {}, list: {type: array}}}\n---\n\
                 own:\n  script:\n    - echo \"$CI_PROJECT_PATH $CI_PIPELINE_SOURCE $CI_COMMIT_BRANCH\"\n    \
                 - echo \"$A $B $[[ inputs.word ]] $[[ inputs.list ]]\"\n    - cat file\n    - basename $CI_PROJECT_DIR\n    \
                 - exit 3\n",
            ),
            ("file", "of the other\n"),
        ],
    );
    let ended = two.run(&["--var", "B=given"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    assert_eq!(ended.go(), "failed (unknown_failure)", "{}", ended.text);
    assert_eq!(
        ended.said(),
        [
            "group/other pipeline main",
            "from-first given hello [1, 2]",
            "of the other",
            "other"
        ],
        "{}",
        ended.text
    );
}

#[test]
fn the_branch_decides_about_the_files_of_another_project() {
    for (branch, wanted) in [
        ("", "main edited"),
        ("branch: main", "main edited"),
        ("branch: next", "next committed"),
        ("branch: $WHERE", "next committed"),
        ("branch: v1", "v1 first"),
    ] {
        let trigger = format!(
            "go: {{variables: {{WHERE: next}}, trigger: {{project: group/other, strategy: depend, {branch}}}}}\n"
        );
        let configuration = "a: {script: ['echo $CI_COMMIT_REF_NAME $(cat file)']}\n";
        let two = Two::new(
            &trigger,
            &[(".gitlab-ci.yml", configuration), ("file", "first\n")],
        );
        let second = &two.second;
        second.git(&["tag", "v1"]);
        second.git(&["checkout", "-q", "-b", "next"]);
        second.write("file", "committed\n");
        second.commit();
        second.git(&["checkout", "-q", "main"]);
        second.write("file", "edited\n");
        let ended = two.run(&[]);
        assert_eq!(ended.said(), [wanted], "{branch}: {}", ended.text);
    }
}

#[test]
fn another_project_has_its_own_variables_and_nothing_acts_outside_by_the_word_of_the_first() {
    let two = Two::new(
        "go:\n  variables: {HANDED: $SECRET}\n  trigger: {project: group/other, strategy: depend}\n",
        &[(
            ".gitlab-ci.yml",
            "a: {script: ['echo own $OWN, other $SECRET, handed $HANDED']}\n\
             ship: {script: [echo shipped], environment: production}\n",
        )],
    );
    two.variables(
        "project:\n  gitlab.example.com/group/first: {SECRET: {value: s3cret-w0rd, masked: true}}\n  \
         gitlab.example.com/group/other: {OWN: mine}\n",
    );
    let ended = two.run(&["--deploy"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert_eq!(
        ended.said(),
        ["own mine, other , handed [MASKED]"],
        "{}",
        ended.text
    );
    let held = &ended.events.last().expect("an end")["held"];
    assert_eq!(held[0]["name"], "go › ship", "{}", ended.text);
    two.settings("deploy = 'run'\n");
    let ended = two.run(&[]);
    assert!(ended.said().contains(&"shipped"), "{}", ended.text);
    let text = two.first.pipe(&["runs", "--environments"]);
    assert!(!text.contains("production"), "{text}");
}

#[test]
fn caches_are_a_projects_own() {
    let job = |text: &str| {
        format!(
            "cache: {{key: k, paths: [kept]}}\na: {{script: ['ls kept || echo none', '{text}']}}\n"
        )
    };
    let two = Two::new(
        &(job("echo x >kept")
            + "go: {stage: deploy, trigger: {project: group/other, strategy: depend}}\n"),
        &[(".gitlab-ci.yml", &job("true"))],
    );
    for _ in 0..2 {
        let ended = two.run(&[]);
        assert!(ended.said().contains(&"none"), "{}", ended.text);
    }
}

#[test]
fn a_project_that_can_not_be_started_fails_its_trigger_job() {
    for (trigger, configuration, wanted, why) in [
        (
            "project: $NAME",
            "a: {script: [x]}",
            "downstream_bridge_project_not_found",
            "`group/unknown` is not on this machine",
        ),
        (
            "project: group/other, branch: gone",
            "a: {script: [x]}",
            "downstream_pipeline_creation_failed",
            "has no branch and no tag `gone`",
        ),
        (
            "project: group/other",
            "a: {scirpt: [x]}",
            "downstream_pipeline_creation_failed",
            "the pipeline of `group/other` can't be made",
        ),
        (
            "project: group/other",
            "a: {script: [x], rules: [{when: never}]}",
            "downstream_pipeline_creation_failed",
            "it has nothing to run",
        ),
        (
            "project: group/other",
            "go: {trigger: {project: group/other, strategy: depend}}",
            "unknown_failure",
            "the projects trigger each other in a circle",
        ),
    ] {
        let first = format!(
            "go: {{variables: {{NAME: group/unknown}}, trigger: {{{trigger}, strategy: depend}}}}\n"
        );
        let two = Two::new(&first, &[(".gitlab-ci.yml", configuration)]);
        let ended = two.run(&[]);
        assert_eq!(ended.exit, Some(1), "{trigger}: {}", ended.text);
        assert_eq!(
            ended.go(),
            format!("failed ({wanted})"),
            "{trigger}: {}",
            ended.text
        );
        assert!(ended.text.contains(why), "{trigger}: {}", ended.text);
    }
}

#[test]
fn the_shell_of_this_machine_is_for_the_project_it_was_allowed_for() {
    let two = Two::new(
        "go: {trigger: {project: group/other, strategy: depend}}\n",
        &[(".gitlab-ci.yml", "a: {script: [echo ran]}\n")],
    );
    let folder = two.first.home().join(".config/pipe/config.toml");
    let text = fs::read_to_string(&folder).expect("settings");
    fs::write(&folder, text.replace("executor = 'shell'\n", "")).expect("settings");
    let ended = two.run(&["--executor", "shell"]);
    assert_eq!(ended.go(), "failed (downstream_pipeline_creation_failed)");
    assert!(!ended.said().contains(&"ran"), "{}", ended.text);
    assert!(
        ended
            .text
            .contains("does not run in the shell of this machine"),
        "{}",
        ended.text
    );
}

#[test]
fn it_is_the_project_that_was_named_whatever_its_remote_says() {
    let said = "job:\n  script: ['echo \"$CI_PROJECT_PATH $CI_PROJECT_NAMESPACE\"']\n";
    let two = Two::new("go: {trigger: group/other}\n", &[(".gitlab-ci.yml", said)]);
    two.second.git(&["remote", "remove", "origin"]);
    let ended = two.run(&[]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(
        ended.said().contains(&"group/other group"),
        "{}",
        ended.text
    );
}
