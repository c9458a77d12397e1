//! The texts of all files that a pipeline was read from, by id.

use std::sync::Arc;

use super::{FileId, LineIndex, Position, Span};

/// One file: the name shown to people, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path as the user knows it, relative to the repository.
    pub name: Arc<str>,
    /// The whole text, as read.
    pub text: Arc<str>,
    lines: LineIndex,
}

impl SourceFile {
    /// The starts of its lines.
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }

    /// The position of byte `offset`.
    pub fn position(&self, offset: u32) -> Position {
        self.lines.position(&self.text, offset)
    }
}

/// All files that a pipeline was read from.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a file and names it.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile {
            name: name.into(),
            lines: LineIndex::new(&text),
            text,
        });
        id
    }

    /// The file of that id, if it is of this map.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// File name and position of the start of `span`.
    pub fn locate(&self, span: Span) -> Option<(&str, Position)> {
        let file = self.get(span.file)?;
        Some((&file.name, file.position(span.start)))
    }

    /// The text under `span`.
    pub fn text(&self, span: Span) -> Option<&str> {
        self.get(span.file)?
            .text
            .get(span.start as usize..span.end as usize)
    }
}
