//! What decided about a job, in lines for people.

use crate::app::{JobExplanation, Pipeline};
use crate::config::{Matched, ReadValue, Rule, Seen, Step, TriedClause, TriedRule};
use crate::expr::expand::{Variable, VariableOrigin};
use crate::foreign::Command;
use crate::plan::{ExplainedVariable, TriedAspect};
use crate::report::line::{Line, Tone};
use crate::source::Span;
use crate::types::{AllowFailure, VariableLevel, When};

use super::printer::Printer;
use super::table::Table;

/// Patterns that a line lists before it counts.
const PATTERNS: usize = 4;

/// What is told, and to whom.
pub(super) struct Told<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) explained: &'a JobExplanation<'a>,
    pub(super) printer: &'a Printer,
    /// Also the variables that GitLab sets.
    pub(super) all_variables: bool,
}

impl Told<'_> {
    /// All of it.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = self.head();
        let evidence = &self.explained.evidence;
        if !evidence.workflow.is_empty() {
            lines.extend(heading("rules of the workflow"));
            lines.extend(self.rules(&evidence.workflow, &[]));
        }
        if !evidence.rules.is_empty() {
            lines.extend(heading("rules"));
            lines.extend(self.rules(&evidence.rules, &evidence.untried));
        }
        if !evidence.policies.is_empty() {
            lines.extend(heading("only and except"));
            lines.extend(evidence.policies.iter().flat_map(|one| self.aspect(one)));
        }
        lines.extend(self.variables());
        lines.extend(self.elsewhere());
        lines
    }

    /// Whether the pipeline has the job, and where the job comes from.
    fn head(&self) -> Vec<Line> {
        let JobExplanation {
            config,
            job,
            instances,
            ..
        } = self.explained;
        let reference = self.pipeline.facts.reference.in_words();
        let name = Line::of(Tone::Strong, &*config.name);
        let verdict = match job {
            Some(job) => name
                .put(Tone::Good, " is in the pipeline")
                .put(Tone::Plain, format!(" for {reference}{}", starts(job.when))),
            None => name
                .put(Tone::Warn, " is not in the pipeline")
                .put(Tone::Plain, format!(" for {reference}: {}", self.reason())),
        };
        let mut place = format!(
            "stage {}, written at {}",
            config.stage,
            self.at(config.span)
        );
        if *instances > 1 {
            place.push_str(&format!(", one of {instances} that `parallel` makes"));
        }
        let mut lines = vec![verdict, Line::of(Tone::Plain, place).indented(2)];
        for step in &self.explained.way {
            let text = self.step(step);
            lines.push(Line::of(Tone::Plain, text).indented(2));
        }
        if let Some(job) = job
            && let Some(allowed) = may_fail(job.when, &job.allow_failure)
        {
            lines.push(Line::of(Tone::Plain, allowed).indented(2));
        }
        lines
    }

    fn reason(&self) -> String {
        if let Some(left_out) = self.explained.left_out {
            return self.printer.masked(&left_out.reason.to_string());
        }
        let outcome = self.pipeline.outcome.as_ref();
        match outcome.map(|outcome| (&outcome.reason, outcome.diagnostics.first())) {
            Some((Some(reason), _)) => reason.to_string(),
            Some((None, Some(mistake))) => mistake.message.clone(),
            _ => "its stage is not declared".to_owned(),
        }
    }

    fn step(&self, step: &Step) -> String {
        let at = self.at(step.span());
        match step {
            Step::Extends { name, .. } => format!("extends `{name}`, as {at} says"),
            Step::Include(_) => format!("from a file that is included at {at}"),
            Step::Reference(_) => format!("through `!reference` at {at}"),
            Step::Merge(_) => format!("through an alias at {at}"),
        }
    }

    /// `.gitlab-ci.yml:12`.
    fn at(&self, span: Span) -> String {
        let place = self.pipeline.loaded.sources.locate(span);
        place.map_or_else(String::new, |(file, at)| format!("{file}:{}", at.line))
    }

    fn rules(&self, tried: &[TriedRule], untried: &[Rule]) -> Vec<Line> {
        let mut lines = Vec::new();
        for (number, one) in (1..).zip(tried) {
            let verdict = if one.matches {
                (Tone::Good, "matches")
            } else {
                (Tone::Dim, "does not match")
            };
            let at = self.at(one.rule.span);
            let line = Line::of(Tone::Strong, format!("{number}  "))
                .put(Tone::Plain, format!("{at}  "))
                .put(verdict.0, verdict.1);
            lines.push(line.indented(2));
            if one.clauses.is_empty() {
                lines.push(Line::of(Tone::Plain, "it has no condition").indented(5));
            }
            lines.extend(one.clauses.iter().flat_map(|clause| self.clause(clause)));
            let skipped = one.rule.clauses.len() - one.clauses.len();
            if skipped > 0 {
                let text = "what follows in this rule is not asked any more";
                lines.push(Line::of(Tone::Dim, text).indented(5));
            }
            if one.matches {
                lines.push(Line::of(Tone::Plain, so(&one.rule)).indented(5));
            }
        }
        let matched = tried.len();
        for (number, rule) in (matched + 1..).zip(untried) {
            let text = format!("{number}  {}  ", self.at(rule.span));
            let line = Line::of(Tone::Dim, text)
                .put(Tone::Dim, format!("not asked: rule {matched} matches"));
            lines.push(line.indented(2));
        }
        lines
    }

    fn clause(&self, clause: &TriedClause) -> Vec<Line> {
        let verdict = if clause.holds {
            Line::of(Tone::Good, "true   ")
        } else {
            Line::of(Tone::Bad, "false  ")
        };
        let (what, seen) = match &clause.seen {
            Seen::If(text, read) => {
                let values = read.iter().map(|value| self.value(value)).collect();
                (format!("if: {text}"), values)
            }
            Seen::Changes(globs, matched) => (
                format!("changes: {}", patterns(globs)),
                vec![found(matched, "no changed file fits", "what changed")],
            ),
            Seen::Exists(globs, matched) => (
                format!("exists: {}", patterns(globs)),
                vec![found(matched, "no file fits", "what files there are")],
            ),
        };
        let what = self.printer.masked(&what);
        let seen = seen.into_iter();
        let seen = seen.map(|text: String| Line::of(Tone::Plain, text).indented(12));
        [verdict.put(Tone::Plain, what).indented(5)]
            .into_iter()
            .chain(seen)
            .collect()
    }

    /// `CI_COMMIT_TAG is not set`, `CI_COMMIT_BRANCH is "main"`.
    fn value(&self, read: &ReadValue) -> String {
        match &read.value {
            Some(value) => format!("{} is \"{}\"", read.name, self.printer.masked(value)),
            None => format!("{} is not set", read.name),
        }
    }

    fn aspect(&self, tried: &TriedAspect) -> Vec<Line> {
        let verdict = if tried.lets_in() {
            Line::of(Tone::Good, "in   ")
        } else {
            Line::of(Tone::Bad, "out  ")
        };
        let place = match tried.span {
            Some(span) => self.at(span),
            None => "what jobs have that say nothing".to_owned(),
        };
        let why = self.printer.masked(&tried.why);
        let text = format!("{}:{}  {why} ({place})", tried.keyword, tried.aspect);
        let line = verdict.put(Tone::Plain, text).indented(2);
        let read = tried.read.iter().map(|value| self.value(value));
        let read = read.map(|text| Line::of(Tone::Plain, text).indented(7));
        [line].into_iter().chain(read).collect()
    }

    fn variables(&self) -> Vec<Line> {
        let is_shown = |one: &&ExplainedVariable| {
            let predefined = one.variable.origin == VariableOrigin::Predefined;
            self.all_variables || !predefined
        };
        let all = &self.explained.evidence.variables;
        let shown: Vec<&ExplainedVariable> = all.iter().filter(is_shown).collect();
        let mut lines = Vec::new();
        if !shown.is_empty() {
            lines.extend(heading("variables"));
            let mut table = Table::new(&["name", "value", "from", "overrides"]);
            for one in &shown {
                let overridden = one.overrides.iter().map(|other| {
                    format!(
                        "{} from {}",
                        self.written(other),
                        self.origin(&other.origin)
                    )
                });
                table.row(&[
                    &one.variable.key,
                    &self.value_of(one),
                    &self.origin(&one.variable.origin),
                    &overridden.collect::<Vec<_>>().join("; "),
                ]);
            }
            lines.extend(table.lines(self.printer.width));
        }
        let hidden = all.len() - shown.len();
        if hidden > 0 {
            let text = format!("and {hidden} that GitLab sets: `--variables` lists them");
            let before = if shown.is_empty() {
                heading("variables")
            } else {
                Vec::new()
            };
            lines.extend(before);
            lines.push(Line::of(Tone::Dim, text).indented(2));
        }
        lines
    }

    /// The value as it is written, and what it comes to where that is something else.
    fn value_of(&self, one: &ExplainedVariable) -> String {
        let written = self.written(&one.variable);
        match &one.expanded {
            Some(expanded) => format!("{written} = \"{}\"", self.printer.masked(expanded)),
            None => written,
        }
    }

    fn written(&self, variable: &Variable) -> String {
        if variable.masked {
            return "[MASKED]".to_owned();
        }
        format!("\"{}\"", self.printer.masked(&variable.value))
    }

    fn origin(&self, origin: &VariableOrigin) -> String {
        match origin {
            VariableOrigin::Predefined => "GitLab".to_owned(),
            VariableOrigin::Yaml(level, span) => {
                format!("{} ({})", level.in_words(), self.at(*span))
            }
            VariableOrigin::Setting(place) => {
                let level = match place.level {
                    VariableLevel::Instance => "instance",
                    VariableLevel::Group(_) => "group",
                    VariableLevel::Project => "project",
                };
                let line = place
                    .line
                    .map_or_else(String::new, |line| format!(":{line}"));
                format!("settings of the {level} ({}{line})", place.file)
            }
            VariableOrigin::Given => "this command".to_owned(),
            VariableOrigin::Reported => "the report of a job".to_owned(),
        }
    }

    /// A ref or event that has the job.
    fn elsewhere(&self) -> Vec<Line> {
        if self.explained.job.is_some() {
            return Vec::new();
        }
        let mut lines = heading("where it would be");
        let text = match &self.explained.elsewhere {
            Some(options) => Command::new("pipe list").with(options).to_string(),
            None => "no branch, tag, merge request or schedule that was tried has it".to_owned(),
        };
        lines.push(Line::of(Tone::Plain, text).indented(2));
        lines
    }
}

fn heading(text: &str) -> Vec<Line> {
    vec![Line::new(), Line::of(Tone::Strong, text)]
}

/// How a job starts, where that is not by itself.
fn starts(when: When) -> String {
    match when {
        When::OnSuccess => String::new(),
        when => format!(", when: {}", when.as_str()),
    }
}

fn may_fail(when: When, allowed: &AllowFailure) -> Option<String> {
    match allowed {
        AllowFailure::No if when == When::Manual => Some("blocks until played".to_owned()),
        AllowFailure::Yes if when != When::Manual => Some("may fail".to_owned()),
        AllowFailure::No | AllowFailure::Yes => None,
        AllowFailure::ExitCodes(codes) => {
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            Some(format!("may fail with {}", codes.join(", ")))
        }
    }
}

/// What a rule that matches brings.
fn so(rule: &Rule) -> String {
    let mut brings = Vec::new();
    if let Some(when) = rule.when {
        brings.push(format!("when: {}", when.as_str()));
    }
    if let Some(delay) = &rule.start_in {
        brings.push(format!("start_in: {}", delay.text));
    }
    if let Some(allowed) = rule.allow_failure {
        brings.push(format!("allow_failure: {allowed}"));
    }
    if let Some(needs) = &rule.needs {
        brings.push(format!("{} needs", needs.len()));
    }
    if let Some(interruptible) = rule.interruptible {
        brings.push(format!("interruptible: {interruptible}"));
    }
    if !rule.variables.is_empty() {
        let names: Vec<&str> = rule.variables.iter().map(|one| &*one.key).collect();
        brings.push(format!("variables: {}", names.join(", ")));
    }
    if brings.is_empty() {
        return "so the job keeps what it says itself".to_owned();
    }
    format!("so {}", brings.join(", "))
}

fn patterns(globs: &[String]) -> String {
    let shown = globs.iter().take(PATTERNS).cloned().collect::<Vec<_>>();
    match globs.len().saturating_sub(PATTERNS) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn found(matched: &Matched, nothing: &str, what: &str) -> String {
    match matched {
        Matched::Unknown => format!("{what} is not known here, which counts as true"),
        Matched::Nothing => nothing.to_owned(),
        Matched::Path(glob, path) => format!("{path} fits {glob}"),
        Matched::TooMany => "GitLab gives up comparing, which counts as true".to_owned(),
    }
}
