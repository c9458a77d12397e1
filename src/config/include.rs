//! `include`: files laid under the file that names them (configuration reference chapter 4).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::expr::glob::IncludeGlob;
use crate::source::{SourceMap, Span};
use crate::yaml::{self, Kind, Mapping, Value};

use super::clauses::ClauseFacts;
use super::header;
use super::inputs::{Inputs, to_json};
use super::interpolate::{self, Interpolation};
use super::keywords::{INCLUDE_RULE, check_include_item, check_rules};
use super::load::Request;
use super::merge::merge_into;
use super::provider::ReadError;
use super::read;
use super::rules::read_rules;
use super::shape::Check;

/// Files that one pipeline may include, nested ones counted (configuration reference 4.5).
const MAX_INCLUDES: usize = 150;
static SUBKEYS: &[&str] = &[
    "local",
    "project",
    "remote",
    "template",
    "artifact",
    "component",
];

/// Reads the files of one pipeline. A result is `Err` when the processing ends there; what was
/// wrong is in `found`.
pub(super) struct Reader<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) sources: SourceMap,
    pub(super) found: Vec<Diagnostic>,
    files: HashMap<String, Arc<yaml::Loaded>>,
    local: HashSet<String>,
    included: usize,
}

/// The processing ended; the reasons are among the findings.
pub(super) struct Stopped;

/// One file to include.
struct Item<'v> {
    value: &'v Value,
    mapping: Option<&'v Mapping>,
}

/// How a local file is wanted.
#[derive(Clone, Copy)]
struct Wanted<'w> {
    span: Span,
    inputs: &'w Mapping,
    /// Just by its path: GitLab remembers such a file, and wildcards skip it then.
    plain: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(request: &'a Request<'a>) -> Self {
        Self {
            request,
            sources: SourceMap::default(),
            found: Vec::new(),
            files: HashMap::new(),
            local: HashSet::new(),
            included: 0,
        }
    }

    /// The main file with everything it includes.
    pub(super) fn main(&mut self) -> Result<Mapping, Stopped> {
        let path = self.request.path.to_owned();
        let text = self.request.files.read(&path).map_err(|error| {
            self.found.push(main_unreadable(&path, &error));
            Stopped
        })?;
        self.local.insert(path.clone());
        let loaded = self.parse(&path, &path, text)?;
        let given = self.request.inputs.clone();
        let content = self.interpolated(&loaded, &given, None)?;
        let merged = self.expand(&content)?;
        // Only in the main file: what nested files leave over goes with its `include`.
        if let Some(include) = merged.get("include") {
            check_left_over(&include.value, &mut self.found);
        }
        Ok(merged)
    }

    fn stop<T>(&mut self, diagnostic: Diagnostic) -> Result<T, Stopped> {
        self.found.push(diagnostic);
        Err(Stopped)
    }

    fn parse(
        &mut self,
        key: &str,
        name: &str,
        text: Arc<str>,
    ) -> Result<Arc<yaml::Loaded>, Stopped> {
        if let Some(loaded) = self.files.get(key) {
            return Ok(Arc::clone(loaded));
        }
        let file = self.sources.add(name, Arc::clone(&text));
        let (loaded, mut found) = yaml::load(file, &text);
        self.found.append(&mut found);
        let loaded = Arc::new(loaded.ok_or(Stopped)?);
        self.files.insert(key.to_owned(), Arc::clone(&loaded));
        Ok(loaded)
    }

    /// The content of a file with its inputs put in.
    fn interpolated(
        &mut self,
        loaded: &yaml::Loaded,
        given: &Mapping,
        include: Option<Span>,
    ) -> Result<Value, Stopped> {
        let Some(header) = &loaded.header else {
            if given.is_empty() {
                return Ok(loaded.content.clone());
            }
            let mut diagnostic = Diagnostic::new(
                Code::InputUnknown,
                "inputs are given to a file that declares none in a `spec` header",
            );
            diagnostic.primary = given
                .entries()
                .first()
                .map(|entry| entry.key_span)
                .or(include);
            return self.stop(diagnostic);
        };
        let mut more = Vec::new();
        for item in header::included(header) {
            more.push(self.declarations(&item)?);
        }
        let inputs = match header::resolve(header, given, &more) {
            Ok(inputs) => inputs,
            Err(found) => {
                for mut diagnostic in found {
                    if let Some(span) = include.filter(|span| diagnostic.primary != Some(*span)) {
                        diagnostic = diagnostic.with(span, "included here");
                    }
                    self.found.push(diagnostic);
                }
                return Err(Stopped);
            }
        };
        self.interpolate(&loaded.content, &inputs)
    }

    fn interpolate(&mut self, content: &Value, inputs: &Inputs) -> Result<Value, Stopped> {
        let with = Interpolation {
            inputs,
            expand: self.request.expand_known,
        };
        interpolate::apply(content, &with).or_else(|diagnostic| self.stop(diagnostic))
    }

    /// Input declarations from a file named by `spec:include`.
    fn declarations(&mut self, item: &Value) -> Result<Mapping, Stopped> {
        let path = match &item.kind {
            Kind::Str(path) => Some(Arc::clone(path)),
            Kind::Map(mapping) => read::text(mapping, "local"),
            _ => None,
        };
        let Some(path) = path else {
            return self.stop(not_fetched(item));
        };
        let loaded = self.local_file(path.trim_start_matches('/'), item.span)?;
        let mapping = loaded.content.as_map();
        let inputs = mapping
            .and_then(|m| read::get(m, "inputs"))
            .and_then(Value::as_map);
        match (mapping, inputs) {
            (Some(mapping), Some(inputs)) if mapping.len() == 1 => Ok(inputs.clone()),
            _ => self.stop(
                Diagnostic::new(
                    Code::SpecInvalid,
                    format!(
                        "`{path}` should hold nothing but `inputs`, as `spec:include` names it"
                    ),
                )
                .at(item.span),
            ),
        }
    }

    /// A file's own content laid over everything it includes.
    fn expand(&mut self, content: &Value) -> Result<Mapping, Stopped> {
        let Some(own) = content.as_map() else {
            return self.stop(
                Diagnostic::new(Code::ConfigNotMapping, "the configuration is not a mapping")
                    .at(content.span),
            );
        };
        let Some(include) = own.get("include") else {
            return Ok(own.clone());
        };
        let before = self.included;
        let mut merged = Mapping::default();
        for item in self.items(&include.value)? {
            self.item(&item, &mut merged)?;
        }
        merge_into(&mut merged, own);
        if self.included > before {
            merged.remove("include");
        }
        Ok(merged)
    }

    fn items<'v>(&mut self, include: &'v Value) -> Result<Vec<Item<'v>>, Stopped> {
        let values: Vec<&Value> = match &include.kind {
            Kind::Null => Vec::new(),
            Kind::Seq(items) => items.iter().collect(),
            _ => vec![include],
        };
        values
            .into_iter()
            .map(|value| match &value.kind {
                Kind::Str(_) => Ok(Item {
                    value,
                    mapping: None,
                }),
                Kind::Map(mapping) => Ok(Item {
                    value,
                    mapping: Some(mapping),
                }),
                _ => {
                    let message = format!(
                        "each `include` should be a path or a mapping, not {}",
                        value.type_name()
                    );
                    self.stop(Diagnostic::new(Code::IncludeInvalid, message).at(value.span))
                }
            })
            .collect()
    }

    fn item(&mut self, item: &Item<'_>, merged: &mut Mapping) -> Result<(), Stopped> {
        let Some(mapping) = item.mapping else {
            let text = item.value.as_str().unwrap_or_default();
            let location = (self.request.expand)(text);
            let remote = location.starts_with("http://") || location.starts_with("https://");
            if remote {
                return self.stop(not_fetched(item.value));
            }
            let wanted = Wanted {
                span: item.value.span,
                inputs: &Mapping::default(),
                plain: true,
            };
            return self.local(&location, wanted, merged);
        };
        if !self.applies(mapping)? {
            return Ok(());
        }
        let given = |key: &&&str| {
            mapping
                .get(key)
                .is_some_and(|entry| !entry.value.is_blank())
        };
        let kinds: Vec<&&str> = SUBKEYS.iter().filter(given).collect();
        match kinds[..] {
            [] => self.stop(no_subkey(item.value)),
            [&"local"] => {
                let Some(path) = read::text(mapping, "local") else {
                    return self.stop(no_subkey(item.value));
                };
                let path = (self.request.expand)(&path);
                let inputs = self.given_inputs(mapping)?;
                let plain = mapping.len() == 1;
                let span = mapping.get("local").map_or(item.value.span, |entry| entry.value.span);
                let wanted = Wanted {
                    span,
                    inputs: &inputs,
                    plain,
                };
                self.local(&path, wanted, merged)
            }
            [&"artifact"] => self.stop(
                Diagnostic::new(
                    Code::IncludeInvalid,
                    "`include:artifact` works only inside `trigger`",
                )
                .at(item.value.span),
            ),
            [_] => self.stop(not_fetched(item.value)),
            _ => self.stop(
                Diagnostic::new(
                    Code::IncludeInvalid,
                    "an `include` can have only one of `local`, `project`, `remote`, `template`, `artifact` and `component`",
                )
                .at(item.value.span)
                .help("write one entry for each"),
            ),
        }
    }

    fn given_inputs(&mut self, mapping: &Mapping) -> Result<Mapping, Stopped> {
        match read::get(mapping, "inputs") {
            None => Ok(Mapping::default()),
            Some(value) => match value.as_map() {
                Some(inputs) => Ok(inputs.clone()),
                None => self.stop(
                    Diagnostic::new(
                        Code::InputInvalid,
                        format!(
                            "`include:inputs` should be a mapping, not {}",
                            value.type_name()
                        ),
                    )
                    .at(value.span),
                ),
            },
        }
    }

    /// Whether the rules of an item let it in (configuration reference 4.3).
    fn applies(&mut self, mapping: &Mapping) -> Result<bool, Stopped> {
        let Some(rules) = mapping.get("rules").filter(|rules| !rules.value.is_null()) else {
            return Ok(true);
        };
        let before = self.found.len();
        let mut check = Check::new("`include`", &mut self.found);
        check.within("rules", |check| {
            check_rules(&rules.value, check, &INCLUDE_RULE)
        });
        if self.found.len() > before {
            return Err(Stopped);
        }
        let facts = ClauseFacts {
            lookup: self.request.lookup,
            expand: self.request.expand_known,
            files: self.request.files,
        };
        let rules = read_rules(&rules.value);
        match facts.first_match(&rules) {
            Ok(rule) => Ok(rule.is_some_and(|rule| rule.when != Some(crate::types::When::Never))),
            Err(error) => self.stop(error.0),
        }
    }

    fn local(
        &mut self,
        path: &str,
        wanted: Wanted<'_>,
        merged: &mut Mapping,
    ) -> Result<(), Stopped> {
        let glob = IncludeGlob::new(path);
        if let Some(path) = glob.plain_path() {
            return self.one_file(path, wanted, merged);
        }
        for path in self.matching(&glob) {
            self.one_file(&path, wanted, merged)?;
        }
        Ok(())
    }

    /// Files that a wildcard finds, in the order of the tree, without those included before in
    /// the same way.
    fn matching(&self, glob: &IncludeGlob) -> Vec<String> {
        self.request
            .files
            .paths()
            .iter()
            .filter(|path| glob.matches(path) && !self.local.contains(*path))
            .cloned()
            .collect()
    }

    fn one_file(
        &mut self,
        path: &str,
        Wanted {
            span,
            inputs,
            plain,
        }: Wanted<'_>,
        merged: &mut Mapping,
    ) -> Result<(), Stopped> {
        self.included += 1;
        if self.included > MAX_INCLUDES {
            return self.stop(
                Diagnostic::new(
                    Code::IncludeLimit,
                    format!("more than {MAX_INCLUDES} files are included"),
                )
                .at(span)
                .help("look for a file that includes itself"),
            );
        }
        let loaded = self.local_file(path, span)?;
        if plain {
            self.local.insert(path.to_owned());
        }
        let content = self.interpolated(&loaded, inputs, Some(span))?;
        let expanded = self.expand(&content)?;
        merge_into(merged, &expanded);
        Ok(())
    }

    fn local_file(&mut self, path: &str, span: Span) -> Result<Arc<yaml::Loaded>, Stopped> {
        let extension = path
            .rsplit_once('.')
            .map(|(_, extension)| extension.to_ascii_lowercase());
        if !matches!(extension.as_deref(), Some("yml" | "yaml")) {
            return self.stop(
                Diagnostic::new(
                    Code::IncludeExtension,
                    format!("included file `{path}` is not named `.yml` or `.yaml`"),
                )
                .at(span),
            );
        }
        if let Some(loaded) = self.files.get(path) {
            return Ok(Arc::clone(loaded));
        }
        let text = match self.read(path) {
            Ok(text) => text,
            Err(error) => return self.stop(self.unreadable(path, &error).at(span)),
        };
        if text.trim().is_empty() {
            return self.stop(
                Diagnostic::new(
                    Code::IncludeEmpty,
                    format!("included file `{path}` is empty"),
                )
                .at(span),
            );
        }
        let before = self.found.len();
        let loaded = self.parse(path, path, text);
        if loaded.is_err() {
            for diagnostic in &mut self.found[before..] {
                diagnostic.labels.push(crate::diag::Label {
                    span,
                    text: "included here".to_owned(),
                });
            }
        }
        let loaded = loaded?;
        if loaded.content.is_blank() {
            return self.stop(
                Diagnostic::new(
                    Code::IncludeEmpty,
                    format!("included file `{path}` holds nothing but comments"),
                )
                .at(span),
            );
        }
        Ok(loaded)
    }

    /// Paths are those of git's tree: `./a.yml` and `a/../b.yml` name nothing in it.
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        let parts: Vec<&str> = path.split('/').collect();
        if parts.first() == Some(&"..") {
            return Err(ReadError::Outside);
        }
        if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(ReadError::NotFound);
        }
        self.request.files.read(path)
    }

    fn unreadable(&self, path: &str, error: &ReadError) -> Diagnostic {
        let (code, problem) = match error {
            ReadError::Outside => (Code::IncludeOutside, "lies outside the repository"),
            ReadError::NotFound => (Code::IncludeMissing, "does not exist"),
            ReadError::NotAFile => (Code::IncludeMissing, "is not a file"),
            ReadError::NotUtf8 => (Code::NotUtf8, "is not UTF-8 text"),
            ReadError::Unreadable(_) => (Code::ConfigUnreadable, "can't be read"),
        };
        let mut diagnostic = Diagnostic::new(code, format!("included file `{path}` {problem}"));
        if let ReadError::Unreadable(why) = error {
            diagnostic = diagnostic.note(why.clone());
        }
        if code == Code::IncludeOutside {
            return diagnostic.help("only files of the repository can be included");
        }
        let paths = self.request.files.paths();
        let files = paths.iter().map(String::as_str);
        diagnostic.did_you_mean(path, files.filter(|path| path.ends_with("ml")))
    }
}

fn main_unreadable(path: &str, error: &ReadError) -> Diagnostic {
    match error {
        ReadError::NotFound => Diagnostic::new(
            Code::ConfigMissing,
            format!("there is no file `{path}`"),
        )
        .help("run `pipe` in a repository with a `.gitlab-ci.yml`, or name the file with `--file`"),
        ReadError::Outside => Diagnostic::new(
            Code::IncludeOutside,
            format!("`{path}` lies outside the repository"),
        ),
        ReadError::NotAFile => {
            Diagnostic::new(Code::ConfigUnreadable, format!("`{path}` is not a file"))
        }
        ReadError::NotUtf8 => Diagnostic::new(Code::NotUtf8, format!("`{path}` is not UTF-8 text"))
            .help("save the file as UTF-8"),
        ReadError::Unreadable(why) => Diagnostic::new(
            Code::ConfigUnreadable,
            format!("`{path}` can't be read: {why}"),
        ),
    }
}

/// An item whose file is somewhere else. The store of fetched files has no such entry.
fn not_fetched(item: &Value) -> Diagnostic {
    let what = to_json(item);
    Diagnostic::new(
        Code::IncludeNotFetched,
        format!("`include` of {what} is not on this machine"),
    )
    .at(item.span)
    .note("only files of this repository can be included so far")
}

fn no_subkey(item: &Value) -> Diagnostic {
    Diagnostic::new(
        Code::IncludeInvalid,
        "an `include` needs one of `local`, `project`, `remote`, `template` and `component`",
    )
    .at(item.span)
}

/// An `include` that brought nothing stays in the document and is checked like any keyword.
fn check_left_over(include: &Value, found: &mut Vec<Diagnostic>) {
    match &include.kind {
        Kind::Map(_) => found.push(
            Diagnostic::new(
                Code::IncludeInvalid,
                "`include` brought nothing, and then GitLab accepts only a list or a string",
            )
            .at(include.span)
            .help("write the entry as a list: `include: [{local: …, rules: …}]`"),
        ),
        Kind::Seq(items) => {
            for item in items.iter() {
                if let Some(mapping) = item.as_map() {
                    check_include_item(item, mapping, &mut Check::new("`include`", found));
                }
            }
        }
        _ => {}
    }
}
