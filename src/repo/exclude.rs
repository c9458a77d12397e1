//! Keeps a file of the user's out of git: an entry in `.git/info/exclude`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::Repository;
use super::work_tree::is_ignored;

impl Repository {
    /// Makes git ignore a file at the root's `path`, unless it does so already: `git add .` must
    /// not take the user's secrets (design chapter 7).
    pub fn exclude(&self, path: &str) -> io::Result<()> {
        if is_ignored(&self.git, self.root(), Path::new(path)) {
            return Ok(());
        }
        let folder = self.git.commondir().join("info");
        fs::create_dir_all(&folder)?;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .custom_flags(flags.bits().cast_signed())
            .open(folder.join("exclude"))?;
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // One write: another `pipe` may add its line at the same time. The line before it may
        // have no end.
        file.write_all(format!("\n# variables of pipe, which may be secrets\n/{path}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::repo::fixture::Fixture;

    const FILE: &str = ".pipe/variables.yml";

    #[test]
    fn a_file_is_excluded_once() {
        let fixture = Fixture::with(&[("a", "1")]);
        fixture.write(FILE, "TOKEN: x\n");
        let exclude = fixture.path().join(".git/info/exclude");
        fs::write(&exclude, "*.o").expect("it can be written");
        let repository = fixture.open();
        for _ in 0..2 {
            repository.exclude(FILE).expect("it can be written");
        }
        let text = fs::read_to_string(&exclude).expect("it is there");
        let expected = "*.o\n# variables of pipe, which may be secrets\n/.pipe/variables.yml\n";
        assert_eq!(text, expected);
        let status = fixture.git.status_file(FILE.as_ref()).expect("a status");
        assert!(status.is_ignored(), "{status:?}");
    }

    #[test]
    fn what_is_ignored_needs_no_entry() {
        let fixture = Fixture::with(&[(".gitignore", "/.pipe\n")]);
        fixture.write(FILE, "TOKEN: x\n");
        let exclude = fixture.path().join(".git/info/exclude");
        let before = fs::read(&exclude).ok();
        fixture.open().exclude(FILE).expect("nothing to do");
        assert_eq!(fs::read(&exclude).ok(), before);
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let fixture = Fixture::with(&[("a", "1")]);
        let info = fixture.path().join(".git/info");
        let _ = fs::remove_file(info.join("exclude"));
        fs::create_dir_all(&info).expect("a folder");
        fixture.write("elsewhere", "mine\n");
        fixture.link(".git/info/exclude", "../../elsewhere");
        assert!(fixture.open().exclude(FILE).is_err());
        let elsewhere = fixture.path().join("elsewhere");
        assert_eq!(fs::read_to_string(elsewhere).expect("a file"), "mine\n");
    }
}
