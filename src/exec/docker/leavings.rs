//! What a job has changed, as the archive of the volume that has it: packed, as long as it is just
//! what is kept of the job.

use std::io;
use std::path::{Path, PathBuf};

use tar::{EntryType, Header};

use super::super::collect::{Archive, is_kept};
use super::download::rebased;

/// The rights of folders that a layer implies, and whose they are (runtime reference 1.6).
const OPEN: u32 = 0o777;

/// A pack that takes all or nothing.
pub(super) struct Leavings {
    /// The project directory in the volume.
    below: PathBuf,
    /// The places in it where something is kept.
    roots: Vec<String>,
    pack: Archive,
}

/// An entry of the volume.
pub(super) struct Left {
    /// Its path in the volume.
    pub(super) path: PathBuf,
    pub(super) header: Header,
    /// Whether it has rights beyond those of its mode.
    pub(super) has_rights: bool,
    /// Where a symbolic link leads.
    pub(super) target: PathBuf,
}

/// What an entry is to the pack.
enum Entry {
    /// On the way to what is kept.
    OnTheWay,
    Kept,
    Other,
}

impl Leavings {
    pub(super) fn new(below: PathBuf, roots: Vec<String>, pack: Archive) -> Self {
        Self { below, roots, pack }
    }

    /// Packs the archive of the volume; `None` as soon as there is something else in it.
    pub(super) fn pack(mut self, from: impl io::Read) -> io::Result<Option<Archive>> {
        for entry in tar::Archive::new(from).entries()? {
            let mut entry = entry?;
            let header = entry.header().clone();
            // Rights beyond those of the mode are not kept.
            let mut more = entry.pax_extensions()?.into_iter().flatten();
            let has_rights =
                more.any(|one| one.is_ok_and(|one| one.key_bytes().starts_with(b"SCHILY.xattr")));
            let target = entry.link_name()?.unwrap_or_default().into_owned();
            let left = Left {
                path: rebased("", &entry.path()?)?,
                header,
                has_rights,
                target,
            };
            if !self.take(left, entry.size(), &mut entry)? {
                return Ok(None);
            }
        }
        Ok(Some(self.pack))
    }

    /// Packs one entry of the volume; false where it is something else than what is kept.
    pub(super) fn take(
        &mut self,
        left: Left,
        size: u64,
        content: impl io::Read,
    ) -> io::Result<bool> {
        match self.look(&left)? {
            Entry::OnTheWay => return Ok(true),
            Entry::Other => return Ok(false),
            Entry::Kept => {}
        }
        let Left {
            path,
            header,
            target,
            ..
        } = left;
        let path = path.strip_prefix(&self.below).unwrap_or(&path);
        match header.entry_type() {
            EntryType::Symlink => self.pack.add_link(header, path, &target)?,
            // Others get two files, which the volume has not.
            EntryType::Link => return Ok(false),
            _ => self.pack.add(header, path, size, content)?,
        }
        Ok(true)
    }

    /// What was packed.
    pub(super) fn packed(self) -> Archive {
        self.pack
    }

    /// Whether a folder is one of those in which the project is.
    pub(super) fn is_around(&self, path: &Path) -> bool {
        self.below.starts_with(path)
    }

    fn look(&mut self, left: &Left) -> io::Result<Entry> {
        let kind = left.header.entry_type();
        let is_dir = kind == EntryType::Directory;
        if is_dir && self.is_around(&left.path) {
            return Ok(Entry::OnTheWay);
        }
        let Ok(path) = left.path.strip_prefix(&self.below) else {
            return Ok(Entry::Other);
        };
        let is_root = self.roots.iter().any(|root| Path::new(root) == path);
        // A link at a root may lead nowhere.
        if left.has_rights || !is_kept(kind) || is_root && kind == EntryType::Symlink {
            return Ok(Entry::Other);
        }
        if self.pack.wants(path, is_dir) {
            return Ok(Entry::Kept);
        }
        let header = &left.header;
        // Others get it from the layer, where an archive would have it made.
        let is_as_made =
            header.mode()? & 0o7777 == OPEN && (header.uid()?, header.gid()?) == (0, 0);
        let leads_on = self
            .roots
            .iter()
            .any(|root| Path::new(root).starts_with(path));
        Ok(if is_dir && leads_on && is_as_made {
            Entry::OnTheWay
        } else {
            Entry::Other
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tar::{Builder, EntryType, Header};

    use super::super::super::Globs;
    use super::super::super::collect::{Selection, begin, keep};
    use super::Leavings;

    /// An entry of an archive: name, kind, rights, owner, and to where it leads.
    type Made<'a> = (&'a str, EntryType, u32, u64, &'a str);

    fn archive(entries: &[Made<'_>]) -> Vec<u8> {
        let mut tar = Builder::new(Vec::new());
        for &(name, kind, mode, uid, target) in entries {
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_uid(uid);
            header.set_gid(0);
            header.set_size(0);
            if target == "rights" {
                let rights = [("SCHILY.xattr.security.capability", &b"x"[..])];
                tar.append_pax_extensions(rights).expect("an extension");
            }
            let appended = match kind {
                EntryType::Symlink | EntryType::Link => tar.append_link(&mut header, name, target),
                _ => tar.append_data(&mut header, name, std::io::empty()),
            };
            appended.expect("an entry");
        }
        tar.into_inner().expect("a tar")
    }

    /// How many entries are packed of what lies beside the folders that all have.
    fn packed(entries: &[Made<'_>]) -> Option<usize> {
        let folder = tempfile::tempdir().expect("a folder");
        let into = folder.path().join("kept.tar");
        let globs = Globs {
            paths: vec!["out".to_owned(), "a/b/dist".to_owned()],
            exclude: vec!["out/left".to_owned()],
            ..Globs::default()
        };
        let selection = Selection::new(&globs, "/builds/g/p");
        let roots = selection.roots();
        let pack = begin(selection, &globs, &into).expect("begun");
        let dir = |name| (name, EntryType::Directory, 0o755, 0, "");
        let mut all = vec![dir("layer/"), dir("layer/g/"), dir("layer/g/p/")];
        all.extend_from_slice(entries);
        let leavings = Leavings::new(PathBuf::from("g/p"), roots, pack);
        let packed = leavings.pack(&*archive(&all)).expect("read");
        packed.map(|pack| keep(pack, &into).expect("kept").entries)
    }

    #[test]
    fn all_or_nothing_is_packed() {
        let (file, dir) = (EntryType::Regular, EntryType::Directory);
        let (link, hard) = (EntryType::Symlink, EntryType::Link);
        let out = ("layer/g/p/out/", dir, 0o755, 1000, "");
        let one = ("layer/g/p/out/one", file, 0o600, 1000, "");
        for (situation, entries, wanted) in [
            ("nothing", &[][..], Some(0)),
            ("a folder", &[out, one], Some(2)),
            (
                "a link",
                &[out, ("layer/g/p/out/l", link, 0o777, 0, "/x")],
                Some(2),
            ),
            (
                "two names of a file",
                &[
                    out,
                    one,
                    ("layer/g/p/out/two", hard, 0o600, 0, "layer/g/p/out/one"),
                ],
                None,
            ),
            (
                "folders that a layer implies",
                &[
                    ("layer/g/p/a/", dir, 0o777, 0, ""),
                    ("layer/g/p/a/b/", dir, 0o777, 0, ""),
                    ("layer/g/p/a/b/dist", file, 0o644, 0, ""),
                ],
                Some(1),
            ),
            (
                "such that others can't write",
                &[("layer/g/p/a/", dir, 0o755, 0, "")],
                None,
            ),
            (
                "such of somebody",
                &[("layer/g/p/a/", dir, 0o777, 1000, "")],
                None,
            ),
            (
                "a link at a root",
                &[("layer/g/p/out", link, 0o777, 0, "x")],
                None,
            ),
            (
                "a file beside it",
                &[out, one, ("layer/g/p/x", file, 0o644, 0, "")],
                None,
            ),
            (
                "a folder beside it",
                &[("layer/g/p/x/", dir, 0o777, 0, ""), out],
                None,
            ),
            (
                "what is left out",
                &[out, ("layer/g/p/out/left", file, 0o644, 0, "")],
                None,
            ),
            (
                "what takes away",
                &[out, ("layer/g/p/out/x", EntryType::Char, 0, 0, "")],
                None,
            ),
            (
                "a pipe",
                &[out, ("layer/g/p/out/x", EntryType::Fifo, 0, 0, "")],
                None,
            ),
            (
                "rights",
                &[out, ("layer/g/p/out/x", file, 0o755, 0, "rights")],
                None,
            ),
            (".git", &[("layer/g/p/.git/", dir, 0o777, 0, "")], None),
            (
                "the temporary folder",
                &[out, one, ("layer/g/p.tmp/", dir, 0o777, 0, "")],
                None,
            ),
            (
                "the builds directory",
                &[("layer/x", file, 0o644, 0, "")],
                None,
            ),
        ] {
            assert_eq!(packed(entries), wanted, "{situation}");
        }
    }
}
