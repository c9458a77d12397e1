//! Files as a checkout writes them (design chapter 6): line ends, encodings and ids as `.gitattributes` says,
//! not what the user's own settings make of it on this machine.
//!
//! A file of the work tree goes the way of a commit and a checkout: it becomes what git stores, then what the
//! job gets. No filter program is ever run.

use std::borrow::Cow;
use std::path::Path;

use git2::{AttrCheckFlags, AttrValue};

use super::encoding::WorkTreeEncoding;
use super::ident;
use crate::repo::RepoError;
use crate::repo::listing::{Listing, Mode, Place, to_path};
use crate::repo::plain_file;

/// What such files are called.
const NAME: &str = ".gitattributes";

/// What git reads of such a file. Bytes.
const MAX_SIZE: u64 = 100 << 20;

/// What attributes make of a file's line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnds {
    /// No text, or nothing is said.
    Untouched,
    /// Text, or what looks like text when only `auto` is said.
    Text { auto: bool, crlf: bool },
}

/// What a content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As git stores it.
    Stored,
    /// As it lies in the work tree.
    WorkTree,
}

/// The attributes of one repository.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each speaks of other attributes than the others"
)]
pub(super) struct Attributes<'a> {
    git: &'a git2::Repository,
    /// Where git looks for them: in the work tree below that folder, or in the commit alone.
    root: Option<&'a Path>,
    /// Whether any file of attributes speaks of line ends; most projects have none.
    any: bool,
    /// Whether one asks for CRLF.
    crlf: bool,
    /// Whether one speaks of filters, as that of LFS.
    filters: bool,
    /// Whether one speaks of encodings or ids.
    others: bool,
}

impl<'a> Attributes<'a> {
    /// Those of the work tree: looks into the files of attributes among `files`, which are
    /// relative to `root`.
    pub(super) fn of_work_tree<'f>(
        git: &'a git2::Repository,
        root: &'a Path,
        files: impl Iterator<Item = &'f Path>,
    ) -> Self {
        let mut attributes = Self::new(git, Some(root));
        for file in files.filter(|file| file.ends_with(NAME)) {
            // As for git, a link is no such file.
            attributes.look_into(&plain_file::content(&root.join(file), MAX_SIZE));
        }
        attributes
    }

    /// Those of a commit, whatever the work tree has. `git` is a handle of nobody else's: its
    /// index becomes that of the commit, in memory.
    pub(super) fn of_commit(
        git: &'a git2::Repository,
        commit: git2::Oid,
        listing: &Listing,
    ) -> Result<Self, RepoError> {
        let failed = || RepoError::corrupt("a tree");
        let mut attributes = Self::new(git, None);
        for file in &listing.files {
            let Place::Blob(id) = file.place else {
                continue;
            };
            if file.mode != Some(Mode::Link) && to_path(&file.path).ends_with(NAME) {
                let blob = git.find_blob(id).map_err(failed())?;
                attributes.look_into(blob.content());
            }
        }
        if attributes.any || attributes.filters || attributes.others {
            let mut index = git2::Index::new().map_err(failed())?;
            git.find_commit(commit)
                .and_then(|commit| commit.tree())
                .and_then(|tree| index.read_tree(&tree))
                .and_then(|()| git.set_index(&mut index))
                .map_err(failed())?;
        }
        Ok(attributes)
    }

    fn new(git: &'a git2::Repository, root: Option<&'a Path>) -> Self {
        Self {
            git,
            root,
            any: false,
            crlf: false,
            filters: false,
            others: false,
        }
    }

    fn look_into(&mut self, text: &[u8]) {
        let says = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
        self.any |= says(b"text") || says(b"eol") || says(b"crlf");
        self.crlf |= says(b"crlf");
        self.filters |= says(b"filter");
        self.others |= says(b"working-tree-encoding") || says(b"ident");
    }

    /// Whether Git LFS keeps the content of that file.
    pub(super) fn is_lfs(&self, path: &Path) -> bool {
        self.filters && self.value(path, "filter") == AttrValue::from_string(Some("lfs"))
    }

    /// The content of a file as a job gets it.
    pub(super) fn checked_out<'c>(
        &self,
        path: &Path,
        content: &'c [u8],
        form: Form,
    ) -> Cow<'c, [u8]> {
        let (encoding, has_ids) = if self.others && self.may_look(path) {
            (self.encoding(path), self.has_ids(path))
        } else {
            (None, false)
        };
        let has_crlf = content.windows(2).any(|pair| pair == b"\r\n");
        let has_ends = has_crlf || self.crlf && content.contains(&b'\n');
        if encoding.is_none() && !has_ids && !(self.any && has_ends) {
            return Cow::Borrowed(content);
        }
        let ends = match self.line_ends(path) {
            LineEnds::Text { auto: true, .. }
                if form == Form::WorkTree && has_crlf && self.stores_crlf(path) =>
            {
                LineEnds::Untouched
            }
            ends => ends,
        };
        let made = checked_out(content, form, encoding, ends, has_ids);
        made.unwrap_or(Cow::Borrowed(content))
    }

    fn value(&self, path: &Path, name: &str) -> AttrValue<'_> {
        let flags = match self.root {
            Some(_) => AttrCheckFlags::FILE_THEN_INDEX,
            None => AttrCheckFlags::INDEX_ONLY | AttrCheckFlags::NO_SYSTEM,
        };
        let found = self.git.get_attr_bytes(path, name, flags);
        AttrValue::from_bytes(found.ok().flatten())
    }

    fn may_look(&self, path: &Path) -> bool {
        let can_look = |root| plain_file::are_rules_plain(root, path);
        self.root.is_none_or(can_look)
    }

    /// Whether git has stored CRLF of that file: where it guesses what is text, it then stores them again.
    fn stores_crlf(&self, path: &Path) -> bool {
        let index = self.git.index();
        let entry = index.ok().and_then(|index| index.get_path(path, 0));
        let blob = entry.and_then(|entry| self.git.find_blob(entry.id).ok());
        blob.is_some_and(|blob| blob.content().windows(2).any(|pair| pair == b"\r\n"))
    }

    fn encoding(&self, path: &Path) -> Option<WorkTreeEncoding> {
        match self.value(path, "working-tree-encoding") {
            AttrValue::String(name) => WorkTreeEncoding::named(name),
            _ => None,
        }
    }

    fn has_ids(&self, path: &Path) -> bool {
        self.value(path, "ident") == AttrValue::True
    }

    fn line_ends(&self, path: &Path) -> LineEnds {
        if !self.may_look(path) {
            return LineEnds::Untouched;
        }
        let value = |name| self.value(path, name);
        let is = |value: AttrValue<'_>, word: &str| value == AttrValue::from_string(Some(word));
        let (mut text, eol) = (value("text"), value("eol"));
        if text == AttrValue::Unspecified {
            // The old name.
            text = value("crlf");
        }
        match text {
            AttrValue::False => LineEnds::Untouched,
            AttrValue::Unspecified if eol == AttrValue::Unspecified => LineEnds::Untouched,
            text => LineEnds::Text {
                auto: is(text, "auto"),
                crlf: is(eol, "crlf"),
            },
        }
    }
}

/// A content as a job gets it; `None` where it is left as it is, for it is in no such encoding.
fn checked_out(
    content: &[u8],
    form: Form,
    encoding: Option<WorkTreeEncoding>,
    ends: LineEnds,
    has_ids: bool,
) -> Option<Cow<'_, [u8]>> {
    let mut made = Cow::Borrowed(content);
    if form == Form::WorkTree {
        if let Some(encoding) = encoding {
            made = Cow::Owned(encoding.decode(content)?);
        }
        made = then(made, |content| stored_ends(ends, content));
        if has_ids {
            made = Cow::Owned(ident::collapsed(&made));
        }
    }
    if has_ids {
        made = Cow::Owned(ident::expanded(&made));
    }
    made = then(made, |stored| with_ends(ends, stored));
    // Git writes what it can't encode as it is.
    let encoded = encoding.and_then(|it| it.encode(&made));
    Some(encoded.map_or(made, Cow::Owned))
}

/// What `step` makes of a content, which is copied only where that is another.
fn then(content: Cow<'_, [u8]>, step: impl Fn(&[u8]) -> Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match content {
        Cow::Borrowed(content) => step(content),
        Cow::Owned(content) => match step(&content) {
            Cow::Owned(made) => Cow::Owned(made),
            Cow::Borrowed(_) => Cow::Owned(content),
        },
    }
}

/// The line ends that git stores of a file of the work tree.
fn stored_ends(ends: LineEnds, content: &[u8]) -> Cow<'_, [u8]> {
    match ends {
        LineEnds::Untouched => Cow::Borrowed(content),
        LineEnds::Text { auto: true, .. } if is_binary(content) => Cow::Borrowed(content),
        LineEnds::Text { .. } => Cow::Owned(with_lf(content)),
    }
}

/// The line ends that a checkout writes of what git stores. It takes none away, and where it guesses what is
/// text, it leaves alone what has a CR.
fn with_ends(ends: LineEnds, stored: &[u8]) -> Cow<'_, [u8]> {
    match ends {
        LineEnds::Text { auto, crlf: true }
            if !(auto && (stored.contains(&b'\r') || is_binary(stored))) =>
        {
            Cow::Owned(with_crlf(&with_lf(stored)))
        }
        _ => Cow::Borrowed(stored),
    }
}

fn with_lf(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    for (at, byte) in content.iter().enumerate() {
        if *byte != b'\r' || content.get(at + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    out
}

fn with_crlf(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + content.len() / 16);
    for byte in content {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// As git guesses: a NUL, a CR without its LF, or too much that can't be printed. The mark at the end that
/// old systems have is nothing.
fn is_binary(content: &[u8]) -> bool {
    let content = content.strip_suffix(b"\x1a").unwrap_or(content);
    let (mut printable, mut other) = (0_usize, 0_usize);
    for (at, byte) in content.iter().enumerate() {
        match byte {
            0 => return true,
            b'\r' if content.get(at + 1) != Some(&b'\n') => return true,
            b'\r' | b'\n' => {}
            8 | b'\t' | 12 | 27 | 32..=126 | 128.. => printable += 1,
            _ => other += 1,
        }
    }
    printable / 128 < other
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (&'static str, LineEnds, [&'static str; 4]);

    /// What git stores of a content of the work tree, and what a checkout writes of that and of the content
    /// itself, if git stores it.
    #[test]
    fn line_ends() {
        let text = |auto, crlf| LineEnds::Text { auto, crlf };
        let rows: &[Row] = &[
            (
                "nothing is said",
                LineEnds::Untouched,
                ["a\r\nb\n", "a\r\nb\n", "a\r\nb\n", "a\r\nb\n"],
            ),
            (
                "text",
                text(false, false),
                ["a\r\nb\n", "a\nb\n", "a\nb\n", "a\r\nb\n"],
            ),
            (
                "text eol=crlf",
                text(false, true),
                ["a\nb\r\n", "a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n"],
            ),
            (
                "a CR of its own",
                text(false, true),
                ["a\rb\n", "a\rb\n", "a\rb\r\n", "a\rb\r\n"],
            ),
            (
                "auto",
                text(true, true),
                ["a\nb\n", "a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n"],
            ),
            (
                "auto, both",
                text(true, true),
                ["a\r\nb\n", "a\nb\n", "a\r\nb\r\n", "a\r\nb\n"],
            ),
            (
                "auto, a NUL",
                text(true, true),
                ["a\0\nb\n", "a\0\nb\n", "a\0\nb\n", "a\0\nb\n"],
            ),
            (
                "auto, a CR of its own",
                text(true, true),
                ["a\rb\n", "a\rb\n", "a\rb\n", "a\rb\n"],
            ),
            (
                "auto, control characters",
                text(true, true),
                ["\x01\x02\n", "\x01\x02\n", "\x01\x02\n", "\x01\x02\n"],
            ),
            (
                "auto, the end of old systems",
                text(true, true),
                ["a\n\x1a", "a\n\x1a", "a\r\n\x1a", "a\r\n\x1a"],
            ),
            ("no line end", text(false, true), ["a", "a", "a", "a"]),
        ];
        for (name, ends, [content, stored, job, of_stored]) in rows {
            let found = stored_ends(*ends, content.as_bytes());
            assert_eq!(&*found, stored.as_bytes(), "{name}: stored");
            assert_eq!(&*with_ends(*ends, &found), job.as_bytes(), "{name}");
            let found = with_ends(*ends, content.as_bytes());
            assert_eq!(&*found, of_stored.as_bytes(), "{name}: of git");
        }
    }
}
