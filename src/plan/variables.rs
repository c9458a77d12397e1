//! The variables of a running job, expanded by GitLab and then by the runner
//! (configuration reference 10.1, 10.2; runtime reference 12.1, 12.3).

use std::collections::HashMap;
use std::sync::Arc;

use crate::expr::expand::{References, Value, Variable, VariableOrigin, Variables, runner_expand};

use super::facts::{PipelineFacts, is_always_masked};
use super::flags;
use super::model::{Job, Plan};
use super::predefined;
use super::running::{self, RunFacts};
use super::scope;

/// What a job's shell sees.
#[derive(Debug, Clone, Default)]
pub struct JobVariables {
    /// Name and value, in order, each name once. For a file variable the value is the content.
    pub all: Vec<Variable>,
    paths: HashMap<Arc<str>, String>,
}

/// Of values that are expanded already; none is a file.
impl FromIterator<Variable> for JobVariables {
    fn from_iter<I: IntoIterator<Item = Variable>>(variables: I) -> Self {
        Self {
            all: variables.into_iter().collect(),
            paths: HashMap::new(),
        }
    }
}

impl JobVariables {
    /// The value as the shell sees it: the path for a file variable.
    pub fn value(&self, key: &str) -> Option<&str> {
        if let Some(path) = self.paths.get(key) {
            return Some(path);
        }
        let variable = self.all.iter().find(|variable| &*variable.key == key)?;
        Some(&variable.value)
    }

    /// Text with `$X` and `${X}` replaced as the runner does it; unknown names vanish.
    pub fn expand(&self, text: &str) -> String {
        runner_expand(text, |name| self.value(name)).into_owned()
    }

    /// The same with further variables, of which the last of equal names counts and which beat
    /// the job's own.
    pub fn expand_with(&self, text: &str, more: &[(String, String)]) -> String {
        let added = |name: &str| more.iter().rfind(|(key, _)| key == name);
        runner_expand(text, |name| {
            added(name)
                .map(|(_, value)| value.as_str())
                .or_else(|| self.value(name))
        })
        .into_owned()
    }

    /// Values that a log must not show.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.all
            .iter()
            .filter(|variable| variable.masked || is_always_masked(&variable.key))
            .map(|variable| &*variable.value)
    }

    /// Name and value of what its services get too (runtime reference 8.3).
    pub fn public(&self) -> impl Iterator<Item = (&str, &str)> {
        let public = self.all.iter().filter(|variable| !variable.private);
        public.map(|variable| (&*variable.key, &*variable.value))
    }
}

/// The variables of one attempt of a job. `temp_dir` is where file variables will lie.
pub fn job_variables(
    plan: &Plan,
    job: &Job,
    facts: &PipelineFacts,
    run: &RunFacts,
    temp_dir: &str,
) -> JobVariables {
    let mut known: Variables = flags::all()
        .map(|(name, on)| Variable::new(name, on.to_string()))
        .collect();
    known.extend(plain(running::runner_defaults(run)));
    known.append(&server_side(plan, job, facts, run));
    known.extend(plain(running::runner_facts(run)));
    let paths: HashMap<Arc<str>, String> = known
        .effective()
        .filter(|variable| variable.file)
        .map(|variable| {
            (
                Arc::clone(&variable.key),
                format!("{temp_dir}/{}", variable.key),
            )
        })
        .collect();
    let lookup = |name: &str| {
        paths
            .get(name)
            .map(String::as_str)
            .or_else(|| known.value(name))
            .map(str::to_owned)
    };
    let all = known
        .effective()
        .map(|variable| {
            if variable.raw || variable.file {
                return variable.clone();
            }
            let value = runner_expand(&variable.value, lookup);
            Variable {
                value: value.into_owned().into(),
                ..variable.clone()
            }
        })
        .collect();
    JobVariables { all, paths }
}

/// All levels in order, expanded as GitLab does before it hands the job out.
fn server_side(plan: &Plan, job: &Job, facts: &PipelineFacts, run: &RunFacts) -> Variables {
    let levels = levels(
        plan,
        job,
        facts,
        running::running(facts, job, run),
        &run.dotenv,
    );
    levels
        .sort_and_expand_all(References::JOB)
        .unwrap_or(levels)
}

/// All levels in order, with what is known of the job only when it starts.
pub(super) fn levels(
    plan: &Plan,
    job: &Job,
    facts: &PipelineFacts,
    late: predefined::Pairs,
    dotenv: &[(String, String)],
) -> Variables {
    let mut levels = Variables::new();
    levels.extend(plain(predefined::pipeline_variables(facts)));
    levels.extend(plain(predefined::late_pipeline_variables(facts)));
    levels.extend(plain(predefined::job(
        &job.config,
        job.environment.as_ref(),
        job.when,
    )));
    levels.extend(plain(late));
    // Empty where there is no `workflow:name`, so that `set -u` does not stumble.
    let name = plan.name.as_deref().unwrap_or_default();
    levels.push(Variable::new("CI_PIPELINE_NAME", name));
    levels.extend(job.variables.iter().map(scope::yaml));
    levels.extend(reported(dotenv));
    levels.extend(plain(predefined::user(facts)));
    let environment = job
        .environment
        .as_ref()
        .map(|environment| environment.name.as_str());
    levels.extend(scope::settings(facts, environment));
    levels.extend(scope::given(facts));
    levels
}

fn plain<V: Into<Value>>(pairs: Vec<(&'static str, V)>) -> impl Iterator<Item = Variable> {
    pairs.into_iter().map(|(key, value)| Variable {
        private: is_always_masked(key),
        ..Variable::new(key, value)
    })
}

/// Those of a job; GitLab keeps them from services as it does the project's own.
fn reported(pairs: &[(String, String)]) -> impl Iterator<Item = Variable> + '_ {
    pairs.iter().map(|(key, value)| Variable {
        private: true,
        origin: VariableOrigin::Reported,
        ..Variable::new(key.as_str(), value.as_str())
    })
}
