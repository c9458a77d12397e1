//! What a trigger job includes: the beginning of its child's configuration, and files that jobs of
//! the parent pipeline have kept (configuration reference 6.25).

use crate::source::{FileId, Span};
use crate::yaml::{Entry, Key, Kind, Mapping, Value};

use super::super::model::ChildInclude;
use super::super::provider::KeptError;
use super::super::request::Start;
use super::errors;
use super::files::is_yaml;
use super::home::Home;
use super::item::Kept;
use super::reader::{Given, Reader, Stopped};

/// A configuration of nothing but these entries of `include`.
pub(super) fn alone(includes: &[ChildInclude]) -> Value {
    let entries = includes.iter().map(|include| include.entry.clone());
    let span = includes
        .first()
        .map_or(Span::new(FileId(0), 0, 0), |include| include.entry.span);
    let mut content = Mapping::default();
    content.insert(Entry {
        key: Key::Str("include".into()),
        key_span: span,
        value: Value::new(Kind::Seq(entries.collect()), span),
        via: None,
    });
    Value::new(Kind::Map(content.into()), span)
}

impl Reader<'_> {
    /// A file that a job of the parent pipeline has kept.
    pub(super) fn kept(
        &mut self,
        kept: &Kept,
        given: &Given<'_>,
        merged: &mut Mapping,
    ) -> Result<(), Stopped> {
        if !matches!(self.request.start, Start::Child { .. }) {
            return self.stop(errors::artifact(kept.span));
        }
        let Kept { job, path, span } = kept;
        if !is_yaml(path) {
            return self.stop(errors::extension(path, *span));
        }
        self.count(*span)?;
        let text = match self.request.files.kept(job, path) {
            Ok(text) => text,
            Err(KeptError::Unreadable(error)) => {
                return self.stop(errors::not_kept(path, job, &error, *span));
            }
            Err(KeptError::NothingKept) => return self.stop(errors::nothing_kept(job, *span)),
        };
        let home = Home::Kept(job.clone());
        let name = home.name_of(path);
        let loaded = self.content((home, path.clone()), &name, &text, *span)?;
        self.lay(&loaded, &Home::Here, given, None, merged)
    }
}
