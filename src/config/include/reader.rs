//! Reads the files of one pipeline, each laid over those it includes.

mod elsewhere;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::expr::Lookup;
use crate::expr::expand::{Unknown, Variables, expand};
use crate::expr::glob::IncludeGlob;
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::{self, Kind, Mapping, Value};

use super::super::budget::Budget;
use super::super::clauses::{ClauseFacts, Compared};
use super::super::component::ComponentFacts;
use super::super::inputs;
use super::super::keywords::{INCLUDE_RULE, check_rules, read_rules};
use super::super::merge::merge_into;
use super::super::provider::FileProvider;
use super::super::read;
use super::super::request::{Request, Start};
use super::super::shape::Check;
use super::child;
use super::errors;
use super::home::{Home, NoVariables};
use super::item::{Naming, Wanted};
use super::outside::Outside;
use super::unset::Unset;

/// Files that one pipeline may include, nested ones counted (configuration reference 4.5).
const MAX_INCLUDES: usize = 150;

/// Reads the files of one pipeline. A result is `Err` when the processing ends there; what was
/// wrong is in `found`.
pub(in super::super) struct Reader<'a> {
    pub(super) request: &'a Request<'a>,
    pub(in super::super) sources: SourceMap,
    pub(in super::super) found: Vec<Diagnostic>,
    /// `None` for what could not be read as YAML, which is told once.
    pub(super) files: HashMap<(Home, String), Option<Arc<yaml::Loaded>>>,
    /// Local files included just by their path: wildcards skip them.
    plain: HashSet<(Home, String)>,
    /// Files elsewhere that were not fetched; they count as empty until all is read.
    pub(in super::super) missing: Vec<(Outside, Span)>,
    /// Paths with wildcards behind a leading `/`, which no file can match, as their entries give them.
    pub(in super::super) rooted: Vec<(String, Span)>,
    /// Something that is told already is missing too.
    waits: bool,
    included: usize,
    /// By which entry of `include` each file came first.
    pub(in super::super) included_by: HashMap<FileId, Span>,
    /// For all files together.
    budget: Budget,
    compared: Compared,
}

/// The processing ended; the reasons are among the findings.
pub(in super::super) struct Stopped;

/// What an entry of `include` gives to its file.
pub(super) struct Given<'g> {
    pub(super) span: Span,
    inputs: &'g Mapping,
    /// The digest that a remote file must have.
    integrity: Option<&'g Value>,
    /// It names nothing but a path.
    plain: bool,
}

impl<'a> Reader<'a> {
    pub(in super::super) fn new(request: &'a Request<'a>) -> Self {
        Self {
            request,
            sources: SourceMap::default(),
            found: Vec::new(),
            files: HashMap::new(),
            plain: HashSet::new(),
            missing: Vec::new(),
            rooted: Vec::new(),
            waits: false,
            included: 0,
            included_by: HashMap::new(),
            budget: Budget::new(),
            compared: Compared::default(),
        }
    }

    /// The main file, or what stands for it, with everything it includes.
    pub(in super::super) fn main(&mut self) -> Result<Mapping, Stopped> {
        let content = match self.request.start {
            Start::File(path) => self.main_file(path)?,
            Start::Child { includes, sources } => {
                self.sources = sources.clone();
                child::alone(includes)
            }
        };
        let merged = self.expand(&content, &Home::Here)?;
        if !self.missing.is_empty() || self.waits {
            self.found.append(&mut errors::not_fetched(&self.missing));
            return Err(Stopped);
        }
        // Only in the main file: what nested files leave over goes with its `include`.
        if let Some(include) = merged.get("include") {
            errors::check_left_over(&include.value, &mut self.found);
        }
        Ok(merged)
    }

    fn main_file(&mut self, path: &str) -> Result<Value, Stopped> {
        let text = match self.request.files.read(path) {
            Ok(text) => text,
            Err(error) => return self.stop(errors::main_unreadable(path, &error)),
        };
        let at = (Home::Here, path.to_owned());
        self.plain.insert(at.clone());
        let loaded = self.parse(at, path, &text)?;
        let (inputs, mut problems) = inputs::read_given(self.request.inputs, &mut self.sources);
        if !problems.is_empty() {
            self.found.append(&mut problems);
            return Err(Stopped);
        }
        self.interpolated(&loaded, &Home::Here, &inputs, None, None)
    }

    pub(super) fn stop<T>(&mut self, diagnostic: Diagnostic) -> Result<T, Stopped> {
        self.found.push(diagnostic);
        Err(Stopped)
    }

    /// A file's own content laid over everything it includes.
    fn expand(&mut self, content: &Value, home: &Home) -> Result<Mapping, Stopped> {
        let Some(own) = content.as_map() else {
            let message = "the configuration is not a mapping";
            return self.stop(Diagnostic::new(Code::ConfigNotMapping, message).at(content.span));
        };
        let Some(include) = own.get("include") else {
            return Ok(own.clone());
        };
        let items = match &include.value.kind {
            Kind::Null => &[],
            Kind::Seq(items) => &items[..],
            _ => std::slice::from_ref(&include.value),
        };
        if let Some(odd) = items
            .iter()
            .find(|item| !matches!(item.kind, Kind::Str(_) | Kind::Map(_) | Kind::Null))
        {
            return self.stop(errors::wrong_kind(odd));
        }
        let before = self.included;
        let mut merged = Mapping::default();
        // GitLab stops at the first mistake; here every item is looked at.
        let mut stopped = false;
        for item in items.iter().filter(|item| !item.is_null()) {
            stopped |= self.item(item, home, &mut merged).is_err();
        }
        if stopped {
            return Err(Stopped);
        }
        merge_into(&mut merged, own);
        if self.included > before {
            merged.remove("include");
        }
        Ok(merged)
    }

    /// One entry of `include`, laid over `merged`. What comes of a variable without a value is
    /// put down to that.
    fn item(&mut self, item: &Value, home: &Home, merged: &mut Mapping) -> Result<(), Stopped> {
        let (found, missing) = (self.found.len(), self.missing.len());
        let done = self.entry(item, home, merged);
        if let Some(unset) = Unset::of(item, home, self.request.lookup) {
            unset.explain(&mut self.found, found);
            self.waits |= unset.explain_missing(&mut self.missing, missing, &mut self.found);
        }
        done
    }

    fn entry(&mut self, item: &Value, home: &Home, merged: &mut Mapping) -> Result<(), Stopped> {
        let mapping = item.as_map();
        let mut inputs = Mapping::default();
        if let Some(mapping) = mapping {
            if !self.applies(mapping, home)? {
                return Ok(());
            }
            inputs = self.given_inputs(mapping)?;
        }
        let given = Given {
            span: item.span,
            inputs: &inputs,
            integrity: mapping.and_then(|mapping| read::get(mapping, "integrity")),
            plain: mapping.is_none_or(|mapping| mapping.len() == 1),
        };
        match self.wanted(item, home)? {
            Wanted::Local(path, span) => self.local(&path, home, &Given { span, ..given }, merged),
            Wanted::Kept(kept) => self.kept(&kept, &given, merged),
            Wanted::Component(component) => self.component(&component, &given, merged),
            Wanted::Outside(files) => files.iter().try_for_each(|(outside, span)| {
                let given = Given {
                    span: *span,
                    ..given
                };
                self.outside(outside, &given, None, merged)
            }),
        }
    }

    pub(super) fn wanted(&mut self, item: &Value, home: &Home) -> Result<Wanted, Stopped> {
        let naming = Naming {
            expand: if home.sees_variables() {
                self.request.expand
            } else {
                &without_variables
            },
            host: self.host(),
        };
        let wanted = match (item.as_map(), item.as_str()) {
            (Some(mapping), _) => naming.of_mapping(item, mapping),
            (None, Some(text)) => Ok(naming.of_text(text, item.span)),
            (None, None) => Err(errors::wrong_kind(item)),
        };
        wanted.or_else(|diagnostic| self.stop(diagnostic))
    }

    /// The host of this project.
    pub(super) fn host(&self) -> String {
        let host = self.request.lookup.variable("CI_SERVER_FQDN");
        host.unwrap_or_default().to_owned()
    }

    fn given_inputs(&mut self, mapping: &Mapping) -> Result<Mapping, Stopped> {
        match read::get(mapping, "inputs").map(|value| (value, value.as_map())) {
            None => Ok(Mapping::default()),
            Some((_, Some(inputs))) => Ok(inputs.clone()),
            Some((value, None)) => {
                let message = format!(
                    "`include:inputs` should be a mapping, not {}",
                    value.type_name()
                );
                self.stop(Diagnostic::new(Code::InputInvalid, message).at(value.span))
            }
        }
    }

    /// Expansion of `expand_vars`, globs and revisions: unknown names stay.
    pub(super) fn known(&self, home: &Home) -> &'a dyn Fn(&str) -> String {
        if home.sees_variables() {
            self.request.expand_known
        } else {
            &str::to_owned
        }
    }

    /// Whether the rules of an item let it in (configuration reference 4.3).
    fn applies(&mut self, mapping: &Mapping, home: &Home) -> Result<bool, Stopped> {
        let Some(rules) = read::get(mapping, "rules") else {
            return Ok(true);
        };
        let before = self.found.len();
        let mut check = Check::new("`include`", &mut self.found);
        check.within("rules", |check| check_rules(rules, check, &INCLUDE_RULE));
        if self.found.len() > before {
            return Err(Stopped);
        }
        let lookup: &dyn Lookup = if home.sees_variables() {
            self.request.lookup
        } else {
            &NoVariables
        };
        let facts = ClauseFacts {
            lookup,
            expand: self.known(home),
            files: &home.files(self.request.files),
            compared: &self.compared,
        };
        match facts.first_match(&read_rules(rules)) {
            Ok(rule) => Ok(rule.is_some_and(|rule| rule.when != Some(crate::types::When::Never))),
            Err(error) => self.stop(error.0),
        }
    }

    /// Local files, by path or wildcard.
    fn local(
        &mut self,
        path: &str,
        home: &Home,
        given: &Given<'_>,
        merged: &mut Mapping,
    ) -> Result<(), Stopped> {
        if *home == Home::Nowhere {
            return self.stop(errors::no_project(path, given.span));
        }
        let glob = IncludeGlob::new(path);
        let paths = match glob.plain_path() {
            Some(path) => vec![path.to_owned()],
            None => self.matching(&glob, home),
        };
        if paths.is_empty() && path.starts_with('/') {
            self.rooted.push((path.to_owned(), given.span));
        }
        for path in paths {
            self.count(given.span)?;
            let loaded = self.local_file(&path, home, given.span)?;
            if given.plain {
                self.plain.insert((home.clone(), path));
            }
            self.lay(&loaded, home, given, None, merged)?;
        }
        Ok(())
    }

    /// Files that a wildcard finds, in the order of the tree, without those included before in
    /// the same way.
    fn matching(&self, glob: &IncludeGlob, home: &Home) -> Vec<String> {
        let known = |path: &String| self.plain.contains(&(home.clone(), path.clone()));
        let paths = home.files(self.request.files).paths();
        let fitting = paths
            .iter()
            .filter(|path| glob.matches(path) && !known(path));
        fitting.cloned().collect()
    }

    pub(super) fn count(&mut self, span: Span) -> Result<(), Stopped> {
        self.included += 1;
        if self.included > MAX_INCLUDES + 1 {
            return Err(Stopped);
        }
        if self.included > MAX_INCLUDES {
            return self.stop(errors::limit(MAX_INCLUDES, span));
        }
        Ok(())
    }

    /// A file with everything it includes, laid over `merged`.
    pub(super) fn lay(
        &mut self,
        loaded: &yaml::Loaded,
        home: &Home,
        given: &Given<'_>,
        component: Option<&ComponentFacts>,
        merged: &mut Mapping,
    ) -> Result<(), Stopped> {
        let file = loaded.content.span.file;
        self.included_by.entry(file).or_insert(given.span);
        let content = self.interpolated(loaded, home, given.inputs, Some(given.span), component)?;
        let weight = self.budget.scales.value(&content);
        if let Err(diagnostic) = self.budget.spend(weight, given.span, "this file") {
            return self.stop(diagnostic);
        }
        let expanded = self.expand(&content, home)?;
        merge_into(merged, &expanded);
        Ok(())
    }
}

/// Expansion where there are no variables: every name vanishes.
fn without_variables(text: &str) -> String {
    expand(text, &Variables::new(), Unknown::Empty).into_owned()
}
