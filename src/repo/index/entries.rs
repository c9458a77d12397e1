//! The entries of an index, sorted by path as git keeps them, and finding some of them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;

use git2::Oid;

use super::entry::{Entry, Time};
use super::{cached_trees, parse};
use crate::expr::glob::Roots;
use crate::repo::RepoError;

/// Git's index.
#[derive(Debug, Default)]
pub(in crate::repo) struct Index {
    /// The file; behind it the paths that it has only in part.
    pub(super) bytes: Vec<u8>,
    pub(super) places: Vec<Place>,
    /// The bytes of the extension `TREE`.
    pub(super) cached_trees: Range<usize>,
    pub(super) written: Time,
}

/// Where in the bytes an entry is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) at: u32,
    pub(super) path: u32,
    pub(super) length: u32,
}

impl Index {
    /// The index of a repository; an empty one where it has none yet.
    pub(in crate::repo) fn read(git: &git2::Repository) -> Result<Self, RepoError> {
        let path = git.path().join("index");
        let read = || -> io::Result<_> {
            let mut file = File::open(&path)?;
            let about = file.metadata()?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let written = Time::new(about.mtime(), about.mtime_nsec());
            Ok((bytes, written))
        };
        let (bytes, written) = match read() {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(RepoError::io("read", path)(error)),
        };
        match parse::parse(bytes) {
            Some(index) => Ok(Self { written, ..index }),
            // It knows best what is wrong, and may know what is new.
            None => Self::read_by_libgit2(git, written),
        }
    }

    pub(super) fn read_by_libgit2(
        git: &git2::Repository,
        written: Time,
    ) -> Result<Self, RepoError> {
        let index = git.index().map_err(RepoError::index(git.workdir()))?;
        let mut read = Self {
            written,
            ..Self::default()
        };
        for entry in index.iter() {
            read.push(&entry);
        }
        Ok(read)
    }

    pub(in crate::repo) fn len(&self) -> usize {
        self.places.len()
    }

    /// When it was written: what changed then or later may have changed without a trace.
    pub(in crate::repo) fn written(&self) -> Time {
        self.written
    }

    pub(in crate::repo) fn entry(&self, at: usize) -> Entry<'_> {
        let place = self.places[at];
        Entry {
            fields: &self.bytes[place.at as usize..],
            path: self.path(place),
        }
    }

    pub(in crate::repo) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.len()).map(|at| self.entry(at))
    }

    /// The tracked file of that path, in a conflict any version of it.
    pub(in crate::repo) fn get(&self, path: &[u8]) -> Option<Entry<'_>> {
        let at = self.after(path);
        let place = self.places.get(at)?;
        (self.path(*place) == path).then(|| self.entry(at))
    }

    /// The places of the entries in that folder and deeper.
    pub(in crate::repo) fn below(&self, folder: &[u8]) -> Range<usize> {
        if folder.is_empty() {
            return 0..self.len();
        }
        // `0` is the character behind `/`.
        self.after(&[folder, b"/"].concat())..self.after(&[folder, b"0"].concat())
    }

    /// The places of the entries that the roots hold, in order.
    pub(in crate::repo) fn held_by(&self, roots: &Roots) -> Vec<Range<usize>> {
        let places = |root: &[u8]| {
            let from = self.after(root);
            // A conflict has several entries of one path.
            let itself = self.places[from..].partition_point(|place| self.path(*place) == root);
            [from..from + itself, self.below(root)]
        };
        let mut held: Vec<_> = roots.iter().flat_map(places).collect();
        held.retain(|places| !places.is_empty());
        held.sort_unstable_by_key(|places| places.start);
        held
    }

    /// The place of the first entry with that name in a folder, of whose entries those in `among`
    /// are left: names are to be asked for in order. `behind` is how long the folder's path is, with
    /// its `/`.
    pub(in crate::repo) fn find_next(
        &self,
        name: &[u8],
        among: &mut Range<usize>,
        behind: usize,
    ) -> Option<usize> {
        let left = self.places.get(among.clone())?;
        let comes_before = |place: &Place| &self.path(*place)[behind..] < name;
        // It is near, unless a large folder lies between.
        let mut reach = 1;
        while left.get(reach - 1).is_some_and(comes_before) {
            reach *= 2;
        }
        let near = &left[reach / 2..reach.min(left.len())];
        among.start += reach / 2 + near.partition_point(comes_before);
        let found = self.places.get(among.clone())?.first()?;
        (&self.path(*found)[behind..] == name).then_some(among.start)
    }

    /// The tree that git would write of each folder, as far as it remembers.
    pub(in crate::repo) fn cached_trees(&self) -> HashMap<Vec<u8>, Oid> {
        let bytes = self.bytes.get(self.cached_trees.clone());
        cached_trees::read(bytes.unwrap_or_default())
    }

    fn after(&self, path: &[u8]) -> usize {
        self.places
            .partition_point(|place| self.path(*place) < path)
    }

    pub(super) fn path(&self, place: Place) -> &[u8] {
        &self.bytes[place.path as usize..][..place.length as usize]
    }
}
