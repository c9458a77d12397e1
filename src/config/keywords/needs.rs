//! `needs` (configuration reference 6.10).

use crate::diag::Code;
use crate::yaml::{Kind, Mapping, Value};

use super::super::model::{ForeignNeed, ForeignSource, NeedConfig, NeedTarget};
use super::super::read;
use super::super::shape::{Check, Keys, Shape, entries, key};
use super::parallel;

/// Needs on other pipelines that one job may have.
const MAX_EXTERNAL: usize = 5;

static JOB: Keys = Keys {
    rows: &[
        key("job", "6.10", Shape::NonBlank),
        key("artifacts", "6.10", Shape::Boolean),
        key("optional", "6.10", Shape::Boolean),
        key("parallel", "6.10", Shape::Rule(parallel::check_need)),
    ],
    required: &["job"],
    exclusive: &[],
};

static PIPELINE: Keys = Keys {
    rows: &[
        key("pipeline", "6.10", Shape::NonBlank),
        key("job", "6.10", Shape::NonBlank),
        key("artifacts", "6.10", Shape::Boolean),
    ],
    required: &["pipeline", "job"],
    exclusive: &[],
};

static PROJECT: Keys = Keys {
    rows: &[
        key("project", "6.10", Shape::NonBlank),
        key("job", "6.10", Shape::NonBlank),
        key("ref", "6.10", Shape::NonBlank),
        key("artifacts", "6.10", Shape::Boolean),
    ],
    required: &["project", "job", "ref"],
    exclusive: &[],
};

static MIRROR: Keys = Keys {
    rows: &[key("pipeline", "6.10", Shape::NonBlank)],
    required: &["pipeline"],
    exclusive: &[],
};

/// `needs`: a list, or a single mapping.
pub(super) fn check(value: &Value, check: &mut Check<'_>) {
    let items = match &value.kind {
        Kind::Map(mapping) if mapping.is_empty() => {
            return check.invalid(Code::BlankValue, value.span, "can't be an empty mapping");
        }
        Kind::Map(_) => vec![value],
        Kind::Seq(_) => entries(value).unwrap_or_default(),
        _ => return check.wrong_type(value, "a list or a mapping"),
    };
    for item in &items {
        check_item(item, check);
    }
    let external = items
        .iter()
        .filter(|item| NeedKind::of(item) == NeedKind::External)
        .count();
    if external > MAX_EXTERNAL {
        let what = format!("has more than {MAX_EXTERNAL} needs on other pipelines");
        check.invalid(Code::TooMany, value.span, &what);
    }
}

fn check_item(item: &Value, check: &mut Check<'_>) {
    match &item.kind {
        Kind::Str(_) => check.value(item, &Shape::NonBlank),
        Kind::Map(mapping) => check.value(item, &Shape::Map(keys_of(item, mapping))),
        _ => check.wrong_type(item, "a job's name or a mapping with `job`"),
    }
}

fn keys_of(item: &Value, mapping: &Mapping) -> &'static Keys {
    match NeedKind::of(item) {
        NeedKind::Job => &JOB,
        NeedKind::External if mapping.get("project").is_some() => &PROJECT,
        NeedKind::External => &PIPELINE,
        NeedKind::Mirror => &MIRROR,
    }
}

/// What an item of `needs` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NeedKind {
    /// A job of this pipeline.
    Job,
    /// A job of another pipeline or project.
    External,
    /// Another project's whole pipeline.
    Mirror,
}

impl NeedKind {
    /// The kind of an item, told by its keys.
    pub(crate) fn of(item: &Value) -> Self {
        let has = |key| {
            item.as_map()
                .is_some_and(|mapping| mapping.get(key).is_some())
        };
        match (has("project"), has("pipeline"), has("job")) {
            (true, _, _) | (false, true, true) => Self::External,
            (false, true, false) => Self::Mirror,
            (false, false, _) => Self::Job,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Job => "need a job",
            Self::External => "need a job of another pipeline",
            Self::Mirror => "mirror another pipeline",
        }
    }
}

/// The items of `needs`, lists inside it flattened; a single mapping is one item.
pub(crate) fn items(needs: &Value) -> Vec<&Value> {
    entries(needs).unwrap_or_else(|| vec![needs])
}

/// Reports items of kinds that can't stand `place`.
pub(crate) fn check_kinds(needs: &Value, allowed: &[NeedKind], place: &str, check: &mut Check<'_>) {
    for item in items(needs) {
        let kind = NeedKind::of(item);
        if !allowed.contains(&kind) {
            let what = format!("can't {}, {place}", kind.words());
            check.invalid(Code::InvalidValue, item.span, &what);
        }
    }
}

/// `needs` of a rule: only jobs of this pipeline.
pub(super) fn check_of_rule(value: &Value, found: &mut Check<'_>) {
    check(value, found);
    check_kinds(value, &[NeedKind::Job], "in a rule", found);
}

/// The entries of checked `needs`.
pub(crate) fn read(needs: &Value) -> Vec<NeedConfig> {
    items(needs).into_iter().filter_map(read_item).collect()
}

fn read_item(item: &Value) -> Option<NeedConfig> {
    let Some(mapping) = item.as_map() else {
        return Some(NeedConfig {
            target: NeedTarget::Job {
                name: item.as_str()?.into(),
                optional: false,
                matrix: None,
            },
            artifacts: true,
            span: item.span,
        });
    };
    let artifacts = read::boolean(mapping, "artifacts").unwrap_or(true);
    let target = match read_source(NeedKind::of(item), mapping) {
        Some(source) => NeedTarget::Elsewhere(ForeignNeed {
            source,
            artifacts,
            written: item.clone(),
        }),
        None => NeedTarget::Job {
            name: read::text(mapping, "job")?,
            optional: read::boolean(mapping, "optional").unwrap_or(false),
            matrix: read::get(mapping, "parallel").map(parallel::read_matrix),
        },
    };
    Some(NeedConfig {
        target,
        artifacts,
        span: item.span,
    })
}

/// What a need on another pipeline asks for.
fn read_source(kind: NeedKind, mapping: &Mapping) -> Option<ForeignSource> {
    let text = |key| read::text(mapping, key);
    Some(match kind {
        NeedKind::Job => return None,
        NeedKind::Mirror => ForeignSource::Mirror {
            project: text("pipeline")?,
        },
        NeedKind::External => match text("project") {
            Some(project) => ForeignSource::Project {
                project,
                job: text("job")?,
                reference: text("ref")?,
            },
            None => ForeignSource::Pipeline {
                pipeline: text("pipeline")?,
                job: text("job")?,
            },
        },
    })
}
