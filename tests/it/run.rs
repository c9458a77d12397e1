//! Whole runs, from the text of a pipeline to logs, results and what stays on disk. In the shell
//! executor, so that no daemon is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A checkout with a home of its own.
struct Project {
    folder: TempDir,
}

/// What a run told.
struct Ended {
    text: String,
    exit: Option<i32>,
    jobs: Vec<Value>,
    log: Vec<(String, String)>,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let project = Self { folder };
        for (path, text) in files {
            project.write(path, text);
        }
        for arguments in [
            "init -q -b main",
            "remote add origin git@gitlab.example.com:group/project.git",
            "add -A",
            "-c user.name=Ada -c user.email=ada@example.com commit -q -m start",
        ] {
            let mut git = project.command("git");
            let status = git.args(arguments.split(' ')).status();
            assert!(
                status.expect("git can be started").success(),
                "git {arguments}"
            );
        }
        project
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }

    /// A command that sees nothing of this machine's user.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.current_dir(self.root()).env_clear();
        command
            .env("PATH", path)
            .env("HOME", self.folder.path().join("home"))
            .env("LANG", "C.UTF-8");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(&[], arguments)
    }

    /// Runs with further variables of the environment.
    fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
        let output = self
            .command(env!("CARGO_BIN_EXE_pipe"))
            .envs(variables.iter().copied())
            .args(["run", "--executor", "shell", "--format", "json"])
            .args(arguments)
            .output()
            .expect("pipe can be started");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = text.clone() + &String::from_utf8_lossy(&output.stderr);
        let events: Vec<Value> = (text.lines())
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect();
        let word = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let last = events
            .last()
            .unwrap_or_else(|| panic!("nothing was run: {told}"));
        Ended {
            exit: output.status.code(),
            jobs: last["jobs"].as_array().cloned().unwrap_or_default(),
            log: (events.iter().filter(|event| event["kind"] == "log"))
                .map(|event| (word(event, "job"), word(event, "text")))
                .collect(),
            text: told,
        }
    }
}

impl Ended {
    /// `name status exit code` of each job.
    fn jobs(&self) -> Vec<String> {
        let job = |job: &Value| {
            let word = |key: &str| job[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", word("name"), word("status"), job["exit_code"])
        };
        self.jobs.iter().map(job).collect()
    }

    /// What a job printed, without the echo of its commands.
    fn log(&self, job: &str) -> Vec<&str> {
        let lines = self.log.iter().filter(|(name, _)| name == job);
        let lines = lines.map(|(_, text)| text.as_str());
        lines
            .filter(|line| !line.starts_with("\u{1b}[32;1m"))
            .collect()
    }
}

/// Every file below a folder.
fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), into),
            _ => into.push(entry.path()),
        }
    }
}

#[test]
fn without_needs_artifacts_come_from_earlier_runs() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "stages: [one, two]\n\
         a: {stage: one, script: ['date +%N >made'], artifacts: {paths: [made]}}\n\
         b: {stage: two, script: ['cat made']}\n",
    )]);
    let before = project.run(&["--no-needs", "b"]);
    assert_eq!(before.jobs(), ["b failed 1"], "{}", before.text);
    assert!(
        before.text.contains("gets no artifacts of `a`"),
        "{}",
        before.text
    );
    let whole = project.run(&[]);
    assert_eq!(whole.jobs(), ["a success 0", "b success 0"]);
    let made = whole.log("b")[0].to_owned();
    let after = project.run(&["--no-needs", "b"]);
    assert_eq!(after.jobs(), ["b success 0"], "{}", after.text);
    assert_eq!(after.log("b"), [made.as_str()]);
}

#[test]
fn jobs_that_ask_the_server_by_git_are_named() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "a: {script: ['git fetch origin main || true']}\nb: {script: ['git log -1']}\n",
    )]);
    let ended = project.run(&[]);
    let wanted = "`a` asks `origin` by git: the clone of a job has no credentials here";
    assert!(ended.text.contains(wanted), "{}", ended.text);
}

/// The same at the first command of a person's shell, which is made of the same.
#[test]
fn without_needs_dotenv_variables_come_from_earlier_runs() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "stages: [one, two]\n\
         a: {stage: one, script: ['printf \"V=1\\nS=$TOKEN\\n\" >v'], artifacts: {reports: {dotenv: v}}}\n\
         b: {stage: two, script: ['echo \"$V, $S\"']}\n",
    )]);
    project.write(
        ".pipe/variables.yml",
        "TOKEN: {value: hunter2hunter2, masked: true}\n",
    );
    let before = project.run(&["--no-needs", "b"]);
    assert!(
        before.text.contains("gets no artifacts of `a`"),
        "{}",
        before.text
    );
    project.run(&[]);
    let after = project.run(&["--no-needs", "b"]);
    assert_eq!(after.log("b"), ["1, "], "{}", after.text);
    assert!(!after.text.contains("gets no artifacts"), "{}", after.text);
    let wanted = "job `b` does not get the variable `S` of `a`: its value was secret in run ";
    assert!(after.text.contains(wanted), "{}", after.text);
}

#[test]
fn dotenv_variables_stand_between_yaml_and_the_project() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "stages: [one, two]\n\
         variables: {A: yaml, B: yaml}\n\
         p: {stage: one, script: ['printf \"A=dot\\nB=dot\\nC=$D\\nD=4\\n\" >v'], artifacts: {reports: {dotenv: v}}}\n\
         c: {stage: two, script: ['echo $A $B $C $D']}\n\
         n: {stage: two, needs: [], script: ['echo $A $B $C $D']}\n",
    )]);
    project.write(".pipe/variables.yml", "B: project\n");
    let ended = project.run(&[]);
    assert_eq!(ended.log("c"), ["dot project 4"], "{}", ended.text);
    assert_eq!(ended.log("n"), ["yaml project"]);
}

#[test]
fn untracked_artifacts_hold_ignored_files_too() {
    let project = Project::new(&[
        (".gitignore", "*.o\n"),
        ("src/a.c", "c\n"),
        (
            ".gitlab-ci.yml",
            "stages: [one, two]\n\
             p: {stage: one, script: ['echo o >src/a.o; echo n >src/new; echo changed >src/a.c; mkdir empty'], artifacts: {untracked: true, exclude: [src/new]}}\n\
             c: {stage: two, script: ['ls src; cat src/a.c; ls -d empty || true']}\n",
        ),
    ]);
    let ended = project.run(&[]);
    let log = ended.log("c");
    assert_eq!(log[..3], ["a.c", "a.o", "c"], "{}", ended.text);
    assert!(log[3].contains("No such file"), "{log:?}");
}

#[test]
fn a_temporary_folder_that_is_not_there_drops_no_artifacts() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "stages: [one, two]\n\
         p: {stage: one, script: ['echo n >new'], artifacts: {untracked: true}}\n\
         c: {stage: two, script: ['cat new']}\n",
    )]);
    let ended = project.run_with(&[("TMPDIR", "/nowhere")], &[]);
    assert_eq!(
        ended.jobs(),
        ["p success 0", "c success 0"],
        "{}",
        ended.text
    );
    assert_eq!(ended.log("c"), ["n"]);
}

#[test]
fn what_the_runner_trips_over_fails_here_too() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "p: {variables: {PATH: '/opt/x:$PATH'}, script: ['echo never']}\n\
         h: {hooks: {pre_get_sources_script: ['echo hook', 'exit 3']}, script: ['echo never'], after_script: ['echo never']}\n",
    )]);
    let ended = project.run(&[]);
    assert_eq!(ended.exit, Some(1));
    assert_eq!(ended.jobs(), ["p failed 127", "h failed 3"]);
    let path = ended.log("p").concat();
    assert!(
        path.contains("`PATH`") && path.contains("export PATH"),
        "{path}"
    );
    assert_eq!(ended.log("h")[0], "hook");
    assert!(!ended.log("p").contains(&"never") && !ended.log("h").contains(&"never"));
}

/// The runs that are recorded, oldest first.
fn runs(project: &Project) -> Vec<PathBuf> {
    let state = project.folder.path().join("home/.local/state/pipe");
    let mut all = Vec::new();
    files(&state, &mut all);
    let mut runs: Vec<PathBuf> = (all.iter())
        .filter(|file| file.ends_with("request.json"))
        .filter_map(|file| file.parent().map(Path::to_owned))
        .collect();
    runs.sort();
    runs
}

fn read(run: &Path, name: &str) -> Value {
    let text = fs::read_to_string(run.join(name)).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_run_leaves_its_request_and_the_result_of_each_attempt() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "stages: [one, two]\n\
         a: {stage: one, script: ['echo $CI_JOB_ID >made', 'cat made', 'echo V=1 >env'], artifacts: {paths: [made], reports: {dotenv: env}}}\n\
         b: {stage: two, script: ['echo $CI_JOB_ID', 'test \"$X\" = 1'], retry: 1}\n",
    )]);
    let secret = "s3cr3t-of-the-project";
    let variables = format!("TOKEN: {{value: {secret}, masked: true}}\n");
    project.write(".pipe/variables.yml", &variables);
    let good = project.run(&["--var", "X=1", "--var", "TOKEN=another"]);
    assert_eq!(good.jobs(), ["a success 0", "b success 0"], "{}", good.text);
    let bad = project.run(&["--branch", "dev", "--var", &format!("X={secret}")]);
    assert_eq!(bad.jobs(), ["a success 0", "b failed 1"], "{}", bad.text);
    let ids = [good.log("a"), good.log("b"), bad.log("a"), bad.log("b")].map(|log| log[0]);
    assert_eq!(ids, ["1", "2", "4", "5"], "two were there for each `b`");

    let [first, second] = &runs(&project)[..] else {
        panic!("two runs");
    };
    let request = read(first, "request.json");
    assert_eq!(request["ref"], serde_json::json!({"kind": "checked-out"}));
    let given = |name: &str, value: Option<&str>| serde_json::json!({"name": name, "value": value});
    let kept = [given("X", Some("1")), given("TOKEN", None)];
    assert_eq!(request["variables"], Value::from(kept.to_vec()));
    let request = read(second, "request.json");
    assert_eq!(request["ref"]["name"], "dev");
    assert_eq!(request["variables"], Value::from(vec![given("X", None)]));

    let a = read(first, "results/a.1.json");
    assert_eq!(a["artifacts"]["file"], "artifacts/a.1.tar");
    assert_eq!(a["dotenv"], Value::from(vec![given("V", Some("1"))]));
    assert_eq!((&a["status"], &a["job_id"]), (&"success".into(), &1.into()));
    let tried = read(second, "results/b.2.json");
    assert_eq!(
        (&tried["status"], &tried["exit_code"]),
        (&"failed".into(), &1.into())
    );
    assert!(!second.join("results/b.3.json").exists());
}

#[test]
fn what_a_job_depends_on_has_the_same_digest_in_the_next_run() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "a: {script: [':'], artifacts: {paths: [.gitlab-ci.yml]}}\n\
         b: {script: ['echo $X'], variables: {X: '$GIVEN'}}\n",
    )]);
    project.run(&["--var", "GIVEN=1"]);
    project.run(&["--var", "GIVEN=1"]);
    project.run(&["--var", "GIVEN=2"]);
    project.write("new", "file");
    project.run(&["--var", "GIVEN=2"]);
    let digests = |job: &str| -> Vec<String> {
        let name = format!("results/{job}.1.json");
        let runs = runs(&project);
        let digests = runs
            .iter()
            .map(|run| read(run, &name)["digest"].to_string());
        digests.collect()
    };
    for job in ["a", "b"] {
        let [one, again, other, files] = &digests(job)[..] else {
            panic!("four runs");
        };
        assert_eq!(one.len(), 66, "{one}");
        assert_eq!(one, again, "{job}");
        assert_ne!(again, other, "{job}: another variable");
        assert_ne!(other, files, "{job}: other files");
    }
}

#[test]
fn a_secret_is_nowhere_but_in_the_job() {
    let secret = "s3cr3t-of-the-project";
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "j: {script: ['echo \"[$TOKEN]\"; echo $TOKEN >&2', 'test ${#TOKEN} = 21', 'cat /proc/$$/cmdline /proc/$PPID/cmdline | grep -c \"$TOKEN\" || true', 'exit 3'], after_script: ['echo $TOKEN']}\n",
    )]);
    let variables = format!("TOKEN: {{value: {secret}, masked: true}}\n");
    project.write(".pipe/variables.yml", &variables);
    let ended = project.run(&[]);
    assert_eq!(ended.jobs(), ["j failed 3"]);
    assert_eq!(ended.log("j")[..3], ["[[MASKED]]", "[MASKED]", "0"]);
    assert!(!ended.text.contains(secret));
    let mut left = Vec::new();
    files(&project.folder.path().join("home"), &mut left);
    assert!(!left.is_empty());
    for file in left {
        let content = fs::read(&file).expect("a file");
        let has = content
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!has, "{}", file.display());
    }
}

#[test]
fn what_comes_after_a_failed_job_runs_where_that_is_asked_for() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "a: {script: [exit 3]}\n\
         b: {stage: deploy, script: [echo on]}\n\
         c: {stage: deploy, needs: [a], script: [echo needed]}\n\
         d: {stage: deploy, when: on_failure, script: [echo mend]}\n",
    )]);
    let ended = project.run(&[]);
    let stopped = [
        "a failed 3",
        "b skipped null",
        "c skipped null",
        "d success 0",
    ];
    assert_eq!(ended.jobs(), stopped, "{}", ended.text);
    assert_eq!(ended.exit, Some(1));
    let ended = project.run(&["--keep-going"]);
    let gone_on = ["a failed 3", "b success 0", "c success 0", "d skipped null"];
    assert_eq!(ended.jobs(), gone_on, "{}", ended.text);
    assert_eq!(ended.exit, Some(1));
    assert!(
        ended.text.contains("\"status\":\"failed\",\"exit\":1"),
        "{}",
        ended.text
    );
}

#[test]
fn a_manual_job_that_blocks_is_waited_for_with_a_code_of_its_own() {
    let project = Project::new(&[(
        ".gitlab-ci.yml",
        "a: {script: [echo on]}\n\
         gate: {when: manual, allow_failure: false, script: [echo through]}\n\
         b: {stage: deploy, script: [echo later]}\n",
    )]);
    let ended = project.run(&[]);
    let waiting = ["a success 0", "gate manual null", "b skipped null"];
    assert_eq!(ended.jobs(), waiting, "{}", ended.text);
    assert_eq!(ended.exit, Some(7));
    let ended = project.run(&["--manual", "gate"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);

    let failing = Project::new(&[(
        ".gitlab-ci.yml",
        "a: {script: [exit 1]}\ngate: {when: manual, allow_failure: false, script: [echo through]}\n",
    )]);
    assert_eq!(failing.run(&[]).exit, Some(1));
}
