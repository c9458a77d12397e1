//! Reads the small configurations of the cases: stages, needs, rules, and scripts that only
//! `exit` and `sleep`. Nothing more, so that the scheduler is tested alone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::sched::{JobIndex, JobSpec, Options, Pipeline};
use crate::types::{AllowFailure, Retry, RetryWhen, Status, When};

/// A pipeline of a case, before it begins.
pub(crate) struct Case {
    pub(crate) stages: Vec<String>,
    pub(crate) specs: Vec<JobSpec>,
    pub(crate) options: Options,
    pub(crate) scripts: Vec<Script>,
}

/// What a script of a case does.
#[derive(Clone, Copy)]
pub(crate) struct Script {
    pub(crate) lasts: Duration,
    pub(crate) exit_code: i64,
}

impl Case {
    pub(super) fn pipeline(&self) -> Pipeline {
        Pipeline::new(self.stages.clone(), self.specs.clone(), self.options).expect("a sound case")
    }

    pub(super) fn job(&self, name: &str) -> JobIndex {
        let at = self.specs.iter().position(|spec| spec.name == name);
        JobIndex(at.unwrap_or_else(|| panic!("a job named {name}")))
    }

    pub(super) fn stage(&self, name: &str) -> usize {
        let at = self.stages.iter().position(|stage| stage == name);
        at.unwrap_or_else(|| panic!("a stage named {name}"))
    }
}

/// `played` are jobs that count as automatic from the start.
pub(crate) fn read(config: &Value, played: &[&str]) -> Case {
    let config = config.as_object().expect("a mapping");
    let stages = stages(config);
    let created: Vec<_> = config
        .iter()
        .filter_map(|(name, job)| Some((name, job.as_object()?)))
        .filter(|(_, job)| job.contains_key("script"))
        .filter_map(|(name, job)| Some((name, job, attributes(job)?)))
        .collect();
    let index: HashMap<_, _> = created
        .iter()
        .enumerate()
        .map(|(at, (name, ..))| (name.as_str(), JobIndex(at)))
        .collect();
    let spec = |(name, job, from_rules): &(&String, &Map<String, Value>, Attributes)| JobSpec {
        name: (*name).clone(),
        stage: stage_of(job, &stages),
        needs: job.get("needs").map(|needs| read_needs(needs, &index)),
        when: from_rules.when,
        start_in: from_rules.start_in,
        allow_failure: from_rules.allow_failure.clone(),
        retry: job.get("retry").map(read_retry).unwrap_or_default(),
        played: played.contains(&name.as_str()),
        held: false,
        fails_at_once: false,
        resource_group: None,
    };
    Case {
        specs: created.iter().map(spec).collect(),
        scripts: created.iter().map(|(_, job, _)| script(job)).collect(),
        options: Options {
            auto_cancel_on_job_failure: auto_cancel(config),
            ..Options::default()
        },
        stages,
    }
}

/// A file of GitLab's own cases. They are not part of this repository; where a copy lies beside
/// it, they are checked too.
pub(super) fn beside(name: &str) -> PathBuf {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/processing");
    cases.join(name)
}

/// GitLab's word for a status.
pub(super) fn status(word: &str) -> Status {
    serde_json::from_value(Value::from(word)).unwrap_or_else(|_| panic!("a status: {word}"))
}

fn stages(config: &Map<String, Value>) -> Vec<String> {
    let listed = config.get("stages").map_or_else(
        || vec!["build".to_owned(), "test".to_owned(), "deploy".to_owned()],
        words,
    );
    let mut stages = vec![".pre".to_owned()];
    stages.extend(listed.into_iter().filter(|name| !name.starts_with('.')));
    stages.push(".post".to_owned());
    stages
}

fn words(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn stage_of(job: &Map<String, Value>, stages: &[String]) -> usize {
    let name = job.get("stage").and_then(Value::as_str).unwrap_or("test");
    stages
        .iter()
        .position(|stage| stage == name)
        .expect("a known stage")
}

fn read_needs(needs: &Value, index: &HashMap<&str, JobIndex>) -> Vec<JobIndex> {
    let need = |need: &Value| {
        let name = need
            .as_str()
            .or_else(|| need["job"].as_str())
            .expect("a job name");
        let optional = need["optional"].as_bool().unwrap_or(false);
        let found = index.get(name).copied();
        assert!(found.is_some() || optional, "need on {name}");
        found
    };
    needs
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(need)
        .collect()
}

struct Attributes {
    when: When,
    start_in: Duration,
    allow_failure: AllowFailure,
}

/// `None` when the rules leave the job out.
fn attributes(job: &Map<String, Value>) -> Option<Attributes> {
    let own = job.get("allow_failure").map(read_allow_failure);
    let Some(rules) = job.get("rules") else {
        let when = read_when(job);
        return Some(Attributes {
            when,
            start_in: start_in(job),
            allow_failure: own.unwrap_or(match when {
                When::Manual => AllowFailure::Yes,
                _ => AllowFailure::No,
            }),
        });
    };
    let rules = rules.as_array().expect("a list of rules");
    let rule = rules
        .iter()
        .filter_map(Value::as_object)
        .find(|rule| holds(rule))?;
    let when = read_when(rule);
    (when != When::Never).then(|| Attributes {
        when,
        start_in: start_in(rule),
        allow_failure: rule
            .get("allow_failure")
            .map(read_allow_failure)
            .or(own)
            .unwrap_or_default(),
    })
}

/// The cases run on a branch named `master`.
fn holds(rule: &Map<String, Value>) -> bool {
    match rule.get("if").and_then(Value::as_str) {
        None | Some("$CI_COMMIT_BRANCH" | "$CI_COMMIT_BRANCH == \"master\"") => true,
        Some(
            "$NEVER_SET" | "$CI_COMMIT_BRANCH == \"other\"" | "$CI_COMMIT_REF_NAME == \"invalid\"",
        ) => false,
        Some(other) => panic!("an unknown condition: {other}"),
    }
}

fn read_when(map: &Map<String, Value>) -> When {
    map.get("when")
        .and_then(Value::as_str)
        .map_or(When::OnSuccess, |word| {
            When::parse(word).expect("a word of GitLab")
        })
}

fn start_in(map: &Map<String, Value>) -> Duration {
    let text = map.get("start_in").and_then(Value::as_str).unwrap_or("0");
    let (number, unit) = text
        .split_once(' ')
        .unwrap_or((text.trim_end_matches('s'), "seconds"));
    let seconds = if unit.starts_with("minute") { 60 } else { 1 };
    Duration::from_secs(seconds * number.parse::<u64>().expect("a number"))
}

fn read_allow_failure(value: &Value) -> AllowFailure {
    match value.as_bool() {
        Some(true) => AllowFailure::Yes,
        Some(false) => AllowFailure::No,
        None => AllowFailure::ExitCodes(codes(&value["exit_codes"])),
    }
}

fn codes(value: &Value) -> Vec<i64> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_i64).collect(),
        one => one.as_i64().into_iter().collect(),
    }
}

fn read_retry(value: &Value) -> Retry {
    if let Some(max) = value.as_u64() {
        return Retry {
            max: u32::try_from(max).ok(),
            ..Retry::default()
        };
    }
    let entry = |word: String| match word.as_str() {
        "always" => RetryWhen::Always,
        _ => RetryWhen::Reason(word),
    };
    let when = match &value["when"] {
        Value::Null => None,
        Value::String(word) => Some(vec![word.clone()]),
        list => Some(words(list)),
    };
    Retry {
        max: value["max"]
            .as_u64()
            .and_then(|max| u32::try_from(max).ok()),
        when: when.map(|words| words.into_iter().map(entry).collect()),
        exit_codes: codes(&value["exit_codes"]),
    }
}

fn auto_cancel(config: &Map<String, Value>) -> bool {
    let Some(workflow) = config.get("workflow") else {
        return false;
    };
    // The one case with rules replaces the value there.
    let holder = workflow.get("rules").map_or(workflow, |rules| &rules[0]);
    holder["auto_cancel"]["on_job_failure"] == "all"
}

/// Lines until the first that exits other than zero ends it all.
fn script(job: &Map<String, Value>) -> Script {
    let lines = match &job["script"] {
        Value::String(line) => vec![line.clone()],
        list => words(list),
    };
    let mut lasts = Duration::ZERO;
    for line in &lines {
        match line.split_once(' ') {
            Some(("sleep", seconds)) => {
                lasts += Duration::from_secs(seconds.parse().expect("seconds"));
            }
            Some(("exit", code)) => {
                let exit_code = code.parse().unwrap_or(0);
                return Script { lasts, exit_code };
            }
            _ => {}
        }
    }
    Script {
        lasts,
        exit_code: 0,
    }
}
