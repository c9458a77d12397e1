//! Texts of files, each read and parsed once.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::diag::Label;
use crate::source::Span;
use crate::yaml::{self, Kind, Value};

use super::super::own_project::{is_checked_out, is_this_project};
use super::super::provider::{FileProvider, ReadError};
use super::errors;
use super::home::Home;
use super::outside::{Outside, ProjectAt};
use super::reader::{Reader, Stopped};

impl Reader<'_> {
    /// The home of a project's files. Those of this project need not be fetched: at the commit that
    /// is checked out they are the tree's, at another one git has them (configuration reference
    /// 4.1).
    pub(super) fn home_of(&self, project: &ProjectAt) -> Home {
        let known = self.request.lookup;
        let is_own = project.host == self.host() && is_this_project(&project.path, known);
        if !is_own {
            Home::Project(project.clone())
        } else if is_checked_out(&project.revision, known) {
            Home::Here
        } else if self.request.files.commit_at(&project.revision).is_some() {
            Home::Own(project.revision.clone())
        } else {
            Home::Project(project.clone())
        }
    }

    pub(super) fn parse(
        &mut self,
        at: (Home, String),
        name: &str,
        text: &str,
    ) -> Result<Arc<yaml::Loaded>, Stopped> {
        if let Some(known) = self.files.get(&at) {
            return known.clone().ok_or(Stopped);
        }
        let file = self.sources.add(name, text);
        let (loaded, mut found) = yaml::load(file, text);
        self.found.append(&mut found);
        let loaded = loaded.map(Arc::new);
        self.files.insert(at, loaded.clone());
        loaded.ok_or(Stopped)
    }

    pub(super) fn local_file(
        &mut self,
        path: &str,
        home: &Home,
        span: Span,
    ) -> Result<Arc<yaml::Loaded>, Stopped> {
        if !is_yaml(path) {
            return self.stop(errors::extension(path, span));
        }
        let at = (home.clone(), path.to_owned());
        if let Some(known) = self.files.get(&at) {
            return known.clone().ok_or(Stopped);
        }
        let files = home.files(self.request.files);
        let text = match read_in_tree(&files, path) {
            Ok(text) => text,
            Err(ReadError::NotFound) if !matches!(home, Home::Here | Home::Own(_)) => {
                if let Home::Project(project) = home {
                    let outside = Outside::Project(project.clone(), path.to_owned());
                    self.lacks(&outside, home, span)?;
                }
                return Ok(Arc::new(nothing(span)));
            }
            Err(error) => {
                let known = files.paths();
                let path = &home.name_of(path);
                return self.stop(errors::unreadable(path, &error, &known).at(span));
            }
        };
        self.content(at, &home.name_of(path), &text, span)
    }

    /// A file from elsewhere; `None` where it was not fetched, which is noted.
    pub(super) fn outside_file(
        &mut self,
        outside: &Outside,
        span: Span,
    ) -> Result<Option<Arc<yaml::Loaded>>, Stopped> {
        if let Outside::Project(project, path) = outside {
            let home = self.home_of(project);
            if !matches!(home, Home::Project(_)) {
                return self.local_file(path, &home, span).map(Some);
            }
        }
        if let Outside::Project(_, path) = outside
            && !is_yaml(path)
        {
            return self.stop(errors::extension(path, span));
        }
        let at = match outside {
            Outside::Project(project, path) => (Home::Project(project.clone()), path.clone()),
            Outside::Remote(_) | Outside::Template(_) => (Home::Nowhere, outside.key()),
        };
        let Some(text) = self.request.files.fetched(&outside.key()) else {
            return self.lacks(outside, &at.0, span).map(|()| None);
        };
        self.content(at, &outside.name(), &text, span).map(Some)
    }

    /// The digest of a remote file is what its `integrity` says (configuration reference 4.1).
    pub(super) fn check_integrity(
        &mut self,
        outside: &Outside,
        integrity: &Value,
    ) -> Result<(), Stopped> {
        let text = self.request.files.fetched(&outside.key());
        let digest = STANDARD.encode(Sha256::digest(text.unwrap_or_default().as_bytes()));
        let found = format!("sha256-{digest}");
        if integrity.as_str() == Some(found.as_str()) {
            return Ok(());
        }
        self.stop(errors::other_content(outside, &found, integrity.span))
    }

    /// A file from elsewhere is not here: it was not fetched, or its project does not have it.
    fn lacks(&mut self, outside: &Outside, home: &Home, span: Span) -> Result<(), Stopped> {
        let listed = home.files(self.request.files).listed();
        match (outside, listed) {
            (Outside::Project(project, path), Some(paths)) if !paths.contains(path) => {
                self.stop(errors::not_in_project(path, project, &paths).at(span))
            }
            _ => {
                self.missing.push((outside.clone(), span));
                Ok(())
            }
        }
    }

    /// A text as a file, which can't be empty.
    pub(super) fn content(
        &mut self,
        at: (Home, String),
        name: &str,
        text: &str,
        span: Span,
    ) -> Result<Arc<yaml::Loaded>, Stopped> {
        if text.trim().is_empty() {
            return self.stop(errors::empty(name, "is empty", span));
        }
        let before = self.found.len();
        let loaded = self.parse(at, name, text);
        if loaded.is_err() {
            for diagnostic in &mut self.found[before..] {
                let text = "included here".to_owned();
                diagnostic.labels.push(Label { span, text });
            }
        }
        let loaded = loaded?;
        if loaded.content.is_blank() {
            return self.stop(errors::empty(name, "holds nothing but comments", span));
        }
        Ok(loaded)
    }
}

/// What stands for a file that is missing.
fn nothing(span: Span) -> yaml::Loaded {
    yaml::Loaded {
        header: None,
        content: Value::new(Kind::Map(Arc::default()), span),
    }
}

pub(super) fn is_yaml(path: &str) -> bool {
    let extension = path
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    matches!(extension.as_deref(), Some("yml" | "yaml"))
}

/// Paths are those of git's tree: `./a.yml` and `a/../b.yml` name nothing in it.
fn read_in_tree(files: &dyn FileProvider, path: &str) -> Result<Arc<str>, ReadError> {
    let mut parts = path.split('/').peekable();
    if parts.peek() == Some(&"..") {
        return Err(ReadError::Outside);
    }
    if parts.any(|part| matches!(part, "" | "." | "..")) {
        return Err(ReadError::NotFound);
    }
    files.read(path)
}
