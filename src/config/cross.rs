//! Checks across jobs (configuration reference 12.2). GitLab stops at the first; here every
//! mistake is reported.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, closest, some_of};
use crate::source::{Span, SpannedText};
use crate::types::EnvironmentAction;
use crate::yaml::Mapping;

use super::findings::MAX_FINDINGS;
use super::jobs::NAME_LIMIT;
use super::model::{Config, JobConfig, NeedConfig, NeedTarget, TriggerTarget};
use super::provenance::say_who_uses;

/// Steps of a circle that a message shows.
const MAX_STEPS: usize = 12;

/// Reports every mistake that only shows when jobs are seen together. Unless every job was
/// understood, nothing is said about names that stand for none.
pub(super) fn check(
    document: &Mapping,
    config: &Config,
    all_understood: bool,
    found: &mut Vec<Diagnostic>,
) {
    let checker = Checker {
        known: if all_understood { None } else { Some(document) },
        config,
        stages: config
            .stages
            .iter()
            .enumerate()
            .rev()
            .map(|(at, name)| (&**name, at))
            .collect(),
        jobs: config.jobs.iter().map(|job| (&*job.name, &**job)).collect(),
    };
    for job in &config.jobs {
        let before = found.len();
        checker.job(job, found);
        if let Some(entry) = document.get(&job.base_name) {
            say_who_uses(document, entry, &mut found[before..]);
        }
        if found.len() > MAX_FINDINGS {
            return;
        }
    }
    if found.is_empty() {
        checker.cycles(found);
    }
}

struct Checker<'a> {
    /// Where jobs may stand that were not understood.
    known: Option<&'a Mapping>,
    config: &'a Config,
    stages: HashMap<&'a str, usize>,
    jobs: HashMap<&'a str, &'a JobConfig>,
}

impl Checker<'_> {
    fn job(&self, job: &JobConfig, found: &mut Vec<Diagnostic>) {
        let Some(stage) = self.stages.get(&*job.stage) else {
            found.push(self.unknown_stage(job));
            return;
        };
        for SpannedText { text: name, span } in job.dependencies.iter().flatten() {
            if found.len() > MAX_FINDINGS {
                return;
            }
            self.dependency(job, *stage, name, *span, found);
        }
        self.needs(job, *stage, job.needs.as_deref().unwrap_or_default(), found);
        for rule in job.rules.entries() {
            self.needs(
                job,
                *stage,
                rule.needs.as_deref().unwrap_or_default(),
                found,
            );
        }
        self.trigger(job, *stage, found);
        self.on_stop(job, found);
    }

    fn unknown_stage(&self, job: &JobConfig) -> Diagnostic {
        let names = || self.config.stages.iter().map(|stage| &**stage);
        let mut diagnostic = Diagnostic::new(
            Code::UnknownStage,
            format!(
                "job `{}` uses stage `{}`, which is not declared",
                job.name, job.stage
            ),
        )
        .at(job.stage_span)
        .note(format!("the stages are {}", some_of(names())));
        if let Some(span) = self.config.stages_span {
            diagnostic = diagnostic.with(span, "declared here");
        }
        match closest(&job.stage, names()) {
            Some(close) => diagnostic.help(format!("did you mean `{close}`?")),
            None if job.stage_span == job.span => diagnostic.help(
                "a job without `stage` is in `test`: give it a stage, or add `test` to `stages`",
            ),
            None => diagnostic.help(format!("add `{}` to `stages`", job.stage)),
        }
    }

    fn dependency(
        &self,
        job: &JobConfig,
        stage: usize,
        name: &str,
        span: Span,
        found: &mut Vec<Diagnostic>,
    ) {
        match self.jobs.get(name) {
            None if self.may_exist(name) => {}
            None => found.push(
                Diagnostic::new(
                    Code::UnknownDependency,
                    format!(
                        "job `{}` depends on `{name}`, which does not exist",
                        job.name
                    ),
                )
                .at(span)
                .did_you_mean(name, self.jobs.keys().copied()),
            ),
            Some(other) if self.is_later(other, stage) => found.push(
                Diagnostic::new(
                    Code::DependencyOrder,
                    format!(
                        "job `{}` depends on `{name}`, which is in a later stage",
                        job.name
                    ),
                )
                .at(span)
                .with(
                    other.stage_span,
                    format!("`{name}` is in stage `{}`", other.stage),
                )
                .help("a job can depend on jobs of earlier stages"),
            ),
            Some(_) => {}
        }
    }

    /// Whether a job of that name may be written, but was not understood.
    fn may_exist(&self, name: &str) -> bool {
        // `a: [1]` and `a 1/2` are instances of `a`.
        let matrix = name.split_once(": [").map(|(base, _)| base);
        let numbered = name.rsplit_once(' ').map(|(base, _)| base);
        let names = [Some(name), matrix, numbered];
        let written = |document: &&Mapping| {
            names
                .iter()
                .flatten()
                .any(|name| document.get(name).is_some())
        };
        !name.starts_with('.') && self.known.as_ref().is_some_and(written)
    }

    fn is_later(&self, other: &JobConfig, stage: usize) -> bool {
        self.stages.get(&*other.stage).is_some_and(|at| *at > stage)
    }

    fn needs(
        &self,
        job: &JobConfig,
        stage: usize,
        needs: &[NeedConfig],
        found: &mut Vec<Diagnostic>,
    ) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for need in needs {
            let NeedTarget::Job { name, optional, .. } = &need.target else {
                continue;
            };
            if found.len() > MAX_FINDINGS {
                return;
            }
            match self.jobs.get(&**name) {
                None if *optional || self.may_exist(name) => {}
                None => found.push(self.unknown_need(job, name, need.span)),
                Some(other) if self.is_later(other, stage) => found.push(
                    Diagnostic::new(
                        Code::NeedOrder,
                        format!(
                            "job `{}` needs `{name}`, which is in a later stage",
                            job.name
                        ),
                    )
                    .at(need.span)
                    .with(
                        other.stage_span,
                        format!("`{name}` is in stage `{}`", other.stage),
                    )
                    .help("a job can need jobs of its own and of earlier stages"),
                ),
                Some(_) => {}
            }
            if name.chars().count() > NAME_LIMIT {
                found.push(too_long(job, need.span));
            }
            if let Some(first) = seen.insert(name, need.span) {
                found.push(
                    Diagnostic::new(
                        Code::DuplicateNeed,
                        format!("job `{}` needs `{name}` twice", job.name),
                    )
                    .at(need.span)
                    .with(first, "already needed here"),
                );
            }
        }
    }

    fn unknown_need(&self, job: &JobConfig, name: &str, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::new(
            Code::UnknownNeed,
            format!("job `{}` needs `{name}`, which does not exist", job.name),
        )
        .at(span);
        if name.starts_with('.') {
            return diagnostic.help("a template can't be needed: it is no job");
        }
        diagnostic.did_you_mean(name, self.jobs.keys().copied())
    }

    /// The job whose artifact holds a child's configuration is checked like a dependency.
    fn trigger(&self, job: &JobConfig, stage: usize, found: &mut Vec<Diagnostic>) {
        let Some(TriggerTarget::Child(includes)) = job.trigger.as_ref().map(|it| &it.target) else {
            return;
        };
        for SpannedText { text: name, span } in
            includes.iter().filter_map(|include| include.job.as_ref())
        {
            self.dependency(job, stage, name, *span, found);
        }
    }

    fn on_stop(&self, job: &JobConfig, found: &mut Vec<Diagnostic>) {
        let Some(environment) = &job.environment else {
            return;
        };
        let Some(SpannedText { text: name, span }) = &environment.on_stop else {
            return;
        };
        let stop = self.jobs.get(&**name);
        if stop.is_none() && self.may_exist(name) {
            return;
        }
        let problem = match stop.map(|stop| &stop.environment) {
            None => "does not exist",
            Some(None) => "has no `environment`",
            Some(Some(other)) if other.name != environment.name => "has another environment",
            Some(Some(other)) if other.action != EnvironmentAction::Stop => "has no `action: stop`",
            Some(Some(_)) => return,
        };
        let message = format!(
            "`on_stop` of job `{}` names `{name}`, which {problem}",
            job.name
        );
        let diagnostic = Diagnostic::new(Code::OnStopInvalid, message).at(*span);
        found.push(match stop {
            None => diagnostic.did_you_mean(name, self.jobs.keys().copied()),
            Some(stop) => diagnostic.with(stop.span, "defined here").help(format!(
                "give `{name}` an `environment` with `name: {}` and `action: stop`",
                environment.name
            )),
        });
    }

    /// Needs that lead back, found by walking depth first.
    fn cycles(&self, found: &mut Vec<Diagnostic>) {
        let mut done: HashMap<&str, bool> = HashMap::new();
        for job in &self.config.jobs {
            if done.contains_key(&*job.name) {
                continue;
            }
            let mut stack: Vec<(&JobConfig, usize)> = vec![(job, 0)];
            done.insert(&job.name, false);
            while let Some((current, at)) = stack.pop() {
                let needs = current.needs.as_deref().unwrap_or_default();
                let Some(need) = needs.get(at) else {
                    done.insert(&current.name, true);
                    continue;
                };
                stack.push((current, at + 1));
                let NeedTarget::Job { name, .. } = &need.target else {
                    continue;
                };
                let Some(next) = self.jobs.get(&**name).copied() else {
                    continue;
                };
                match done.get(&*next.name) {
                    Some(true) => {}
                    Some(false) => {
                        found.push(circle(&stack, next, need.span));
                        return;
                    }
                    None => {
                        done.insert(&next.name, false);
                        stack.push((next, 0));
                    }
                }
            }
        }
    }
}

/// `` `a` needs `b` needs `c` ``; of a long way the first steps.
fn way(names: &[Arc<str>], step: &str) -> String {
    let shown = names.iter().take(MAX_STEPS);
    let shown: Vec<String> = shown.map(|name| format!("`{name}`")).collect();
    let mut way = shown.join(&format!(" {step} "));
    if names.len() > MAX_STEPS {
        way.push_str(&format!(" and so on, {} steps in all", names.len() - 1));
    }
    way
}

fn too_long(job: &JobConfig, span: Span) -> Diagnostic {
    let message = format!(
        "job `{}` needs a job whose name has more than {NAME_LIMIT} characters",
        job.name
    );
    Diagnostic::new(Code::JobNameInvalid, message)
        .at(span)
        .help("give the job a shorter name, or its matrix shorter values")
}

fn circle(stack: &[(&JobConfig, usize)], back_to: &JobConfig, span: Span) -> Diagnostic {
    let start = stack
        .iter()
        .position(|(job, _)| job.name == back_to.name)
        .unwrap_or(0);
    let circle = &stack[start..];
    let mut names: Vec<Arc<str>> = circle
        .iter()
        .map(|(job, _)| Arc::clone(&job.name))
        .collect();
    names.push(Arc::clone(&back_to.name));
    let message = format!("needs lead in a circle: {}", way(&names, "needs"));
    let mut diagnostic = Diagnostic::new(Code::CircularNeeds, message)
        .at(span)
        .label("this need closes the circle");
    // Each job of the circle stands at the need that leads on; the last one is the place itself.
    let shown = circle.len().saturating_sub(1).min(MAX_STEPS);
    for (job, next) in &circle[..shown] {
        if let Some(need) = job.needs.iter().flatten().nth(next - 1) {
            diagnostic = diagnostic.with(need.span, format!("`{}` needs this", job.name));
        }
    }
    diagnostic.help("take one of these needs away")
}
