//! Line ends as a checkout writes them (design chapter 6): what `.gitattributes` says, not what
//! the user's own settings make of it on this machine.
//!
//! A file of the work tree goes the way of a commit and a checkout: its line ends become those
//! that git stores, then those that the job gets. No filter program is ever run.

use std::borrow::Cow;
use std::path::Path;

use git2::{AttrCheckFlags, AttrValue};

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

/// The attributes of one repository.
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
        if attributes.any || attributes.filters {
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
        }
    }

    fn look_into(&mut self, text: &[u8]) {
        let says = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
        self.any |= says(b"text") || says(b"eol") || says(b"crlf");
        self.crlf |= says(b"crlf");
        self.filters |= says(b"filter");
    }

    /// Whether Git LFS keeps the content of that file.
    pub(super) fn is_lfs(&self, path: &Path) -> bool {
        self.filters && self.value(path, "filter") == AttrValue::from_string(Some("lfs"))
    }

    /// The content of a file as a job gets it.
    pub(super) fn checked_out<'c>(&self, path: &Path, content: &'c [u8]) -> Cow<'c, [u8]> {
        let has_crlf = content.windows(2).any(|pair| pair == b"\r\n");
        let may_change = has_crlf || self.crlf && content.contains(&b'\n');
        if !self.any || !may_change {
            return Cow::Borrowed(content);
        }
        converted(self.line_ends(path), content)
    }

    fn value(&self, path: &Path, name: &str) -> AttrValue<'_> {
        let flags = match self.root {
            Some(_) => AttrCheckFlags::FILE_THEN_INDEX,
            None => AttrCheckFlags::INDEX_ONLY | AttrCheckFlags::NO_SYSTEM,
        };
        let found = self.git.get_attr_bytes(path, name, flags);
        AttrValue::from_bytes(found.ok().flatten())
    }

    fn line_ends(&self, path: &Path) -> LineEnds {
        let can_look = |root| plain_file::are_rules_plain(root, path);
        if !self.root.is_none_or(can_look) {
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

fn converted(ends: LineEnds, content: &[u8]) -> Cow<'_, [u8]> {
    match ends {
        LineEnds::Untouched => Cow::Borrowed(content),
        LineEnds::Text { auto: true, .. } if is_binary(content) => Cow::Borrowed(content),
        LineEnds::Text { crlf, .. } => {
            let stored = with_lf(content);
            Cow::Owned(if crlf { with_crlf(&stored) } else { stored })
        }
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

/// As git guesses: a NUL, a CR without its LF, or too much that can't be printed.
fn is_binary(content: &[u8]) -> bool {
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
    use super::{LineEnds, converted};

    #[test]
    fn line_ends() {
        let text = |auto, crlf| LineEnds::Text { auto, crlf };
        let rows: &[(&str, LineEnds, &[u8], &[u8])] = &[
            (
                "nothing is said",
                LineEnds::Untouched,
                b"a\r\nb\n",
                b"a\r\nb\n",
            ),
            ("text", text(false, false), b"a\r\nb\n", b"a\nb\n"),
            (
                "text eol=crlf",
                text(false, true),
                b"a\nb\r\n",
                b"a\r\nb\r\n",
            ),
            ("a CR of its own", text(false, true), b"a\rb\n", b"a\rb\r\n"),
            ("auto", text(true, true), b"a\nb\n", b"a\r\nb\r\n"),
            ("auto, a NUL", text(true, true), b"a\0\nb\n", b"a\0\nb\n"),
            (
                "auto, a CR of its own",
                text(true, true),
                b"a\rb\n",
                b"a\rb\n",
            ),
            (
                "auto, control characters",
                text(true, true),
                b"\x01\x02\n",
                b"\x01\x02\n",
            ),
            ("no line end", text(false, true), b"a", b"a"),
        ];
        for (name, ends, content, wanted) in rows {
            assert_eq!(&*converted(*ends, content), *wanted, "{name}");
        }
    }
}
