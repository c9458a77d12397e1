//! What one entry of `include` names (configuration reference 4.1).

use crate::diag::Diagnostic;
use crate::source::Span;
use crate::yaml::{Mapping, Value};

use super::super::read;
use super::errors;
use super::outside::{Outside, ProjectAt};

static SUBKEYS: &[&str] = &[
    "local",
    "project",
    "remote",
    "template",
    "artifact",
    "component",
];

/// Where the file of an entry is to be found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// In the home of the file that names it; perhaps with wildcards.
    Local(String, Span),
    /// Elsewhere, each with the place that names it.
    Outside(Vec<(Outside, Span)>),
    /// A component: the file is the first of these that there is.
    Component(Component),
    /// In what a job of the parent pipeline has kept.
    Kept(Kept),
}

/// A file in the artifacts of a job.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Empty where none is named.
    pub(super) job: String,
    pub(super) path: String,
    pub(super) span: Span,
}

/// A component at a version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) project: ProjectAt,
    pub(super) name: String,
}

impl Component {
    /// The files that may hold it.
    pub(super) fn candidates(&self) -> [Outside; 2] {
        ["", "/template"].map(|end| {
            let path = format!("templates/{}{end}.yml", self.name);
            Outside::Project(self.project.clone(), path)
        })
    }
}

/// How texts of an entry become names.
pub(super) struct Naming<'a> {
    /// Expansion; unknown names vanish.
    pub(super) expand: &'a dyn Fn(&str) -> String,
    /// The host of this project.
    pub(super) host: String,
}

impl Naming<'_> {
    /// What a bare string names: an address or a local file.
    pub(super) fn of_text(&self, text: &str, span: Span) -> Wanted {
        let location = (self.expand)(text);
        if location.starts_with("http://") || location.starts_with("https://") {
            Wanted::Outside(vec![(Outside::Remote(location), span)])
        } else {
            Wanted::Local(location, span)
        }
    }

    /// What a mapping names: exactly one of its keys says it.
    pub(super) fn of_mapping(&self, item: &Value, mapping: &Mapping) -> Result<Wanted, Diagnostic> {
        let given = |key: &&&str| {
            mapping
                .get(key)
                .is_some_and(|entry| !entry.value.is_blank())
        };
        let kinds: Vec<&&str> = SUBKEYS.iter().filter(given).collect();
        let kind = match kinds[..] {
            [kind] => *kind,
            [] => return Err(errors::no_subkey(item.span)),
            _ => return Err(errors::several_subkeys(item.span)),
        };
        let text = read::get(mapping, kind).and_then(Value::as_str);
        let location = (self.expand)(text.ok_or_else(|| errors::no_subkey(item.span))?);
        let span = mapping
            .get(kind)
            .map_or(item.span, |entry| entry.value.span);
        match kind {
            "local" => Ok(Wanted::Local(location, span)),
            "remote" if location.starts_with("http") => {
                Ok(Wanted::Outside(vec![(Outside::Remote(location), span)]))
            }
            "remote" => Err(errors::bad_address(&location, span)),
            "template" if location.ends_with(".gitlab-ci.yml") => {
                Ok(Wanted::Outside(vec![(Outside::Template(location), span)]))
            }
            "template" => Err(errors::bad_template(&location, span)),
            "artifact" => {
                let job = read::text(mapping, "job").unwrap_or_default();
                Ok(Wanted::Kept(Kept {
                    job: (self.expand)(&job),
                    path: location,
                    span: item.span,
                }))
            }
            "component" => component(&location, span).map(Wanted::Component),
            _ => self
                .project_files(&location, item, mapping)
                .map(Wanted::Outside),
        }
    }

    fn project_files(
        &self,
        path: &str,
        item: &Value,
        mapping: &Mapping,
    ) -> Result<Vec<(Outside, Span)>, Diagnostic> {
        let revision = read::text(mapping, "ref").map(|text| (self.expand)(&text));
        let project = ProjectAt {
            host: self.host.clone(),
            path: path.to_lowercase(),
            revision: revision
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| "HEAD".to_owned()),
        };
        let named = read::get(mapping, "file").map(|value| match value.as_seq() {
            Some(items) => items.iter().collect(),
            None => vec![value],
        });
        let named: Vec<&Value> = named.unwrap_or_default();
        let file = |value: &Value| {
            let path = (self.expand)(value.as_str()?);
            let path = path.trim_start_matches('/').to_owned();
            Some((Outside::Project(project.clone(), path), value.span))
        };
        let files: Vec<_> = named.iter().filter_map(|value| file(value)).collect();
        if files.is_empty() || files.len() < named.len() {
            return Err(errors::no_file(item.span));
        }
        Ok(files)
    }
}

/// `host/group/project/name@version`.
fn component(address: &str, span: Span) -> Result<Component, Diagnostic> {
    let parsed = || {
        let (path, version) = address.split_once('@')?;
        let (project, name) = path.rsplit_once('/')?;
        let (host, project) = project.split_once('/')?;
        let complete = ![host, project, name, version]
            .iter()
            .any(|part| part.is_empty());
        complete.then(|| Component {
            project: ProjectAt {
                host: host.to_owned(),
                path: project.to_lowercase(),
                revision: version.to_owned(),
            },
            name: name.to_owned(),
        })
    };
    parsed().ok_or_else(|| errors::bad_component(address, span))
}
