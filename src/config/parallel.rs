//! `parallel`: instances of jobs, and the names in `needs` and `dependencies` that mean them
//! (configuration reference 6.16, 6.17).

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::expr::expand::YamlLevel;
use crate::source::{Span, SpannedText};

use super::budget::{Budget, Weight};
use super::jobs::Built;
use super::model::{
    JobConfig, MatrixInstance, NeedConfig, NeedTarget, ParallelConfig, YamlVariable,
};

/// Instances by the base name of their job.
type Instances = HashMap<Arc<str>, Vec<Arc<str>>>;

/// Every job with `parallel` replaced by its instances, and names of such jobs in needs and
/// dependencies by those of the instances. Each job comes with what it weighs.
pub(super) fn expand(
    jobs: Vec<(Built, Weight)>,
    found: &mut Vec<Diagnostic>,
) -> Result<Vec<Arc<JobConfig>>, Diagnostic> {
    let (mut budget, mut names_budget) = (Budget::new(), Budget::of_names());
    let mut instances = Instances::new();
    let mut expanded: Vec<Arc<JobConfig>> = Vec::with_capacity(jobs.len());
    let mut places: HashMap<Arc<str>, usize> = HashMap::new();
    for (Built { job, parallel }, weight) in jobs {
        let Some(parts) = parallel.as_ref().map(instances_of) else {
            budget.spend(weight, job.span, "this job")?;
            place(job, &mut places, &mut expanded, found);
            continue;
        };
        let suffixes = Weight::of_texts(parts.iter().map(|(suffix, _)| suffix.as_str()));
        names_budget.spend(suffixes, job.span, "the names of the instances of this job")?;
        budget.spend(
            weight.times(parts.len()),
            job.span,
            "the instances of this job",
        )?;
        let made: Vec<JobConfig> = parts.into_iter().map(|part| instance(&job, part)).collect();
        let names = made.iter().map(|made| Arc::clone(&made.name)).collect();
        instances.insert(Arc::clone(&job.name), names);
        for job in made {
            place(Arc::new(job), &mut places, &mut expanded, found);
        }
    }
    for job in &mut expanded {
        let weight = weight_of_names(job, &instances);
        budget.spend(weight, job.span, "the needs of this job")?;
        if job.needs.is_some() || job.dependencies.is_some() {
            resolve_names(Arc::make_mut(job), &instances, found);
        }
    }
    Ok(expanded)
}

/// What the names in needs and dependencies weigh when those of parallel jobs are expanded.
fn weight_of_names(job: &JobConfig, instances: &Instances) -> Weight {
    let written = job.needs.iter().flatten().map(|need| match &need.target {
        NeedTarget::Job { name, matrix, .. } => match matrix {
            Some(matrix) => matrix.count(),
            None => instances.get(name).map_or(1, Vec::len),
        },
        NeedTarget::Elsewhere(_) => 1,
    });
    let dependencies = job.dependencies.iter().flatten();
    let dependencies = dependencies.map(|job| instances.get(&job.text).map_or(1, Vec::len));
    let values: usize = written.chain(dependencies).sum();
    Weight {
        values: values as u64,
        ..Weight::default()
    }
}

/// Adds a job. Of two with the same name the later takes the place of the earlier.
fn place(
    job: Arc<JobConfig>,
    places: &mut HashMap<Arc<str>, usize>,
    expanded: &mut Vec<Arc<JobConfig>>,
    found: &mut Vec<Diagnostic>,
) {
    if let Some(at) = places.get(&job.name) {
        found.push(replaced(&expanded[*at], &job));
        expanded[*at] = job;
    } else {
        places.insert(Arc::clone(&job.name), expanded.len());
        expanded.push(job);
    }
}

fn replaced(earlier: &JobConfig, later: &JobConfig) -> Diagnostic {
    let message = format!(
        "two jobs have the name `{}`: the later one takes the place of the earlier, as on GitLab",
        later.name
    );
    let what = |job: &JobConfig| match job.instance {
        Some(_) => format!("as an instance of `{}`", job.base_name),
        None => "as a job of its own".to_owned(),
    };
    Diagnostic::new(Code::JobReplaced, message)
        .at(later.span)
        .label(what(later))
        .with(earlier.span, what(earlier))
        .help("give one of them another name")
}

/// Name suffix and instance of each part of a `parallel`.
fn instances_of(parallel: &ParallelConfig) -> Vec<(String, MatrixInstance)> {
    match parallel {
        ParallelConfig::Count(total) => (1..=*total)
            .map(|index| {
                let instance = MatrixInstance {
                    index,
                    total: *total,
                    matrix: Vec::new(),
                };
                (format!(" {index}/{total}"), instance)
            })
            .collect(),
        ParallelConfig::Matrix(matrix) => {
            let combinations = matrix.combinations();
            let total = u32::try_from(combinations.len()).unwrap_or(u32::MAX);
            (1..=total)
                .zip(combinations)
                .map(|(index, matrix)| {
                    let suffix = matrix_suffix(&matrix);
                    let instance = MatrixInstance {
                        index,
                        total,
                        matrix,
                    };
                    (suffix, instance)
                })
                .collect()
        }
    }
}

/// `: [v1, v2]`.
fn matrix_suffix(matrix: &[(Arc<str>, Arc<str>)]) -> String {
    let values: Vec<&str> = matrix.iter().map(|(_, value)| &**value).collect();
    format!(": [{}]", values.join(", "))
}

fn instance(job: &JobConfig, (suffix, instance): (String, MatrixInstance)) -> JobConfig {
    let mut made = job.clone();
    made.name = format!("{}{suffix}", job.name).into();
    for (key, value) in &instance.matrix {
        made.variables.retain(|variable| variable.key != *key);
        made.variables.push(YamlVariable {
            key: Arc::clone(key),
            value: Arc::clone(value),
            raw: false,
            span: job.span,
            level: YamlLevel::Matrix,
        });
    }
    made.instance = Some(instance);
    made
}

fn resolve_names(job: &mut JobConfig, instances: &Instances, found: &mut Vec<Diagnostic>) {
    if let Some(needs) = job.needs.take() {
        job.needs = Some(
            needs
                .into_iter()
                .flat_map(|need| expand_need(job, need, instances, found))
                .collect(),
        );
    }
    if let Some(dependencies) = job.dependencies.take() {
        job.dependencies = Some(
            dependencies
                .into_iter()
                .flat_map(|job| match instances.get(&job.text) {
                    Some(names) => {
                        let instance = |name| SpannedText {
                            text: Arc::clone(name),
                            span: job.span,
                        };
                        names.iter().map(instance).collect()
                    }
                    None => vec![job],
                })
                .collect(),
        );
    }
}

/// The needs that one written need stands for.
fn expand_need(
    job: &JobConfig,
    need: NeedConfig,
    instances: &Instances,
    found: &mut Vec<Diagnostic>,
) -> Vec<NeedConfig> {
    let NeedTarget::Job {
        name,
        optional,
        matrix,
    } = &need.target
    else {
        return vec![need];
    };
    let mut own = |text: &Arc<str>| matrix_values(job, text, need.span, found);
    let name = own(name);
    let names: Vec<Arc<str>> = match matrix {
        Some(matrix) => matrix
            .combinations()
            .iter()
            .map(|row| {
                let row: Vec<_> = row
                    .iter()
                    .map(|(key, value)| (Arc::clone(key), own(value)))
                    .collect();
                format!("{name}{}", matrix_suffix(&row)).into()
            })
            .collect(),
        None => match instances.get(&name) {
            Some(names) => names.clone(),
            None => vec![name],
        },
    };
    names
        .into_iter()
        .map(|name| NeedConfig {
            target: NeedTarget::Job {
                name,
                optional: *optional,
                matrix: None,
            },
            ..need.clone()
        })
        .collect()
}

/// `$[[ matrix.X ]]` replaced by the instance's own value.
fn matrix_values(
    job: &JobConfig,
    text: &Arc<str>,
    span: Span,
    found: &mut Vec<Diagnostic>,
) -> Arc<str> {
    if !text.contains("$[[") {
        return Arc::clone(text);
    }
    let mut out = String::new();
    let mut rest = &**text;
    while let Some((before, block, after)) = next_block(rest) {
        out.push_str(before);
        let Some(name) = block.strip_prefix("matrix.") else {
            out.push_str(&rest[before.len()..rest.len() - after.len()]);
            rest = after;
            continue;
        };
        let own = job
            .instance
            .iter()
            .flat_map(|instance| &instance.matrix)
            .find(|(key, _)| &**key == name);
        let declared = job.variables.iter().any(|variable| &*variable.key == name);
        match own {
            Some((_, value)) => out.push_str(value),
            None if declared => out.push_str(&rest[before.len()..rest.len() - after.len()]),
            None => found.push(unknown_matrix(job, name, span)),
        }
        rest = after;
    }
    out.push_str(rest);
    out.into()
}

fn unknown_matrix(job: &JobConfig, name: &str, span: Span) -> Diagnostic {
    let known = job.instance.iter().flat_map(|instance| &instance.matrix);
    Diagnostic::new(
        Code::MatrixUnknown,
        format!(
            "job `{}` uses `matrix.{name}`, which its matrix does not have",
            job.name
        ),
    )
    .at(span)
    .did_you_mean(name, known.map(|(key, _)| &**key))
}

/// Text before the first `$[[ … ]]`, its trimmed inside, and the text behind it.
fn next_block(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find("$[[")?;
    let length = text[start..].find("]]")?;
    let inside = &text[start + 3..start + length];
    Some((&text[..start], inside.trim(), &text[start + length + 2..]))
}
