//! A tar stream whose entries get another owner, and no rights for others to write: what a job sees
//! with `FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR` (runtime reference 7.2).

use std::io::{self, Write};

use tar::{EntryType, Header};

/// Bytes of a header, and of the blocks that content comes in.
const BLOCK: usize = 512;

/// What nobody but the owner may do.
const OTHERS_WRITE: u32 = 0o022;

/// Bits that the kernel takes from a file when it is given to somebody: set-user-id and set-group-id.
const SET_ID: u32 = 0o6000;

/// What is left of a mode where the project is given to the job's user.
pub(super) fn owned_mode(mode: u32, is_folder: bool) -> u32 {
    let lost = if is_folder { 0 } else { SET_ID };
    mode & 0o7777 & !(OTHERS_WRITE | lost)
}

/// Who owns the files of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u64,
    pub(super) gid: u64,
}

/// Writes a stream on, entry by entry.
pub(super) struct Owned<W> {
    owner: Owner,
    to: W,
    /// What there is of the next header.
    header: Vec<u8>,
    /// Bytes of content still to come, with what fills the last block.
    content: u64,
}

impl<W: Write> Owned<W> {
    pub(super) fn new(owner: Owner, to: W) -> Self {
        Self {
            owner,
            to,
            header: Vec::with_capacity(BLOCK),
            content: 0,
        }
    }

    fn pass_header(&mut self) -> io::Result<()> {
        let mut header = Header::new_old();
        header.as_mut_bytes().copy_from_slice(&self.header);
        self.header.clear();
        // The end of a stream is blocks of nothing.
        if header.as_bytes().iter().any(|byte| *byte != 0) {
            let size = header.entry_size()?;
            self.content = size.div_ceil(BLOCK as u64) * BLOCK as u64;
            if is_of_a_file(header.entry_type()) {
                let is_folder = header.entry_type().is_dir();
                header.set_mode(owned_mode(header.mode()?, is_folder));
                header.set_uid(self.owner.uid);
                header.set_gid(self.owner.gid);
                header.set_cksum();
            }
        }
        self.to.write_all(header.as_bytes())
    }
}

/// Others only say more of the entry behind them.
fn is_of_a_file(kind: EntryType) -> bool {
    !(kind.is_gnu_longname()
        || kind.is_gnu_longlink()
        || kind.is_pax_local_extensions()
        || kind.is_pax_global_extensions())
}

impl<W: Write> Write for Owned<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.content > 0 {
                let length = usize::try_from(self.content).unwrap_or(usize::MAX);
                let (now, later) = rest.split_at(rest.len().min(length));
                self.to.write_all(now)?;
                self.content -= now.len() as u64;
                rest = later;
                continue;
            }
            let (now, later) = rest.split_at(rest.len().min(BLOCK - self.header.len()));
            self.header.extend_from_slice(now);
            rest = later;
            if self.header.len() == BLOCK {
                self.pass_header()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use tar::{Builder, EntryType, Header};

    use super::{Owned, Owner};

    #[test]
    fn every_entry_gets_the_owner_whatever_the_pieces() {
        let long = "folder/".repeat(30) + "file";
        let mut tar = Builder::new(Vec::new());
        for (path, mode, content) in [("a", 0o6666, "hello"), (long.as_str(), 0o777, "")] {
            let mut header = Header::new_gnu();
            header.set_mode(mode);
            header.set_size(content.len() as u64);
            let added = tar.append_data(&mut header, path, content.as_bytes());
            added.expect("an entry");
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        header.set_mode(0o777);
        tar.append_link(&mut header, "link", "a").expect("a link");
        let whole = tar.into_inner().expect("a stream");
        for piece in [1, 500, 512, 513, whole.len()] {
            let owner = Owner { uid: 1000, gid: 7 };
            let mut made = Vec::new();
            let mut stream = Owned::new(owner, &mut made);
            for piece in whole.chunks(piece) {
                stream.write_all(piece).expect("written");
            }
            let mut archive = tar::Archive::new(made.as_slice());
            let mut seen = Vec::new();
            for entry in archive.entries().expect("entries") {
                let mut entry = entry.expect("an entry");
                let mut content = String::new();
                entry.read_to_string(&mut content).expect("content");
                let header = entry.header();
                assert_eq!(header.uid().expect("a user"), 1000);
                assert_eq!(header.gid().expect("a group"), 7);
                let bits = header.mode().expect("a mode");
                let path = entry.path().expect("a path").display().to_string();
                seen.push((path, bits, content));
            }
            let entry =
                |path: &str, mode, content: &str| (path.to_owned(), mode, content.to_owned());
            let wanted = [
                entry("a", 0o644, "hello"),
                entry(&long, 0o755, ""),
                entry("link", 0o755, ""),
            ];
            assert_eq!(seen, wanted, "{piece}");
        }
    }
}
