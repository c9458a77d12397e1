//! What the archive of a report holds: whether the runner would send it, and what it says of tests
//! (runtime reference 16.4). All calls block.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, EntryType};

use crate::event::TestSummary;
use crate::exec::Stop;
use crate::mask::Masker;
use crate::run::junit::{self, Junit, Unreadable};
use crate::run::spec::ReportFormat;

/// Whether the runner would send a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    Fits,
    /// Why not.
    Refused(String),
    /// It would send what this link leads to.
    Link {
        path: PathBuf,
        target: PathBuf,
    },
}

impl Fit {
    /// What the runner's archiver of this format makes of an archive.
    pub(super) fn of(tar: &Path, format: ReportFormat, stop: &Stop) -> io::Result<Self> {
        let mut fit = Self::Fits;
        if format == ReportFormat::Zip {
            return Ok(fit);
        }
        let Some(mut archive) = archive(tar)? else {
            return Ok(fit);
        };
        for (index, entry) in archive.entries_with_seek()?.enumerate() {
            stop.check()?;
            let entry = entry?;
            let path = entry.path()?.into_owned();
            let shown = path.display();
            let kind = entry.header().entry_type();
            let refused = match (format, kind) {
                (ReportFormat::Raw, _) if index > 0 => {
                    format!("only one file can be sent as it is, and `{shown}` is another")
                }
                (_, kind) if is_file(kind) => continue,
                (ReportFormat::Raw, EntryType::Symlink) => {
                    let target = entry.link_name()?.unwrap_or_default().into_owned();
                    fit = Self::Link { path, target };
                    continue;
                }
                (ReportFormat::Raw, _) => format!("`{shown}` is a folder"),
                _ => format!("`{shown}` is no regular file"),
            };
            return Ok(Self::Refused(refused));
        }
        Ok(fit)
    }
}

/// Where a link leads by its words, below the project directory; `None` where that is outside.
pub(super) fn led_to(project_dir: &Path, path: &Path, target: &Path) -> Option<PathBuf> {
    let mut place = path.to_owned();
    place.pop();
    let below = match target.strip_prefix(project_dir) {
        Ok(below) => {
            place.clear();
            below
        }
        Err(_) => target,
    };
    for part in below.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => place.push(name),
            Component::ParentDir if place.pop() => {}
            _ => return None,
        }
    }
    Some(place)
}

/// What the files of an archive say of tests, or why one of them can't be read.
pub(super) fn tests(
    tar: &Path,
    masker: Masker,
    stop: &Stop,
) -> io::Result<Result<Option<TestSummary>, Unreadable>> {
    let mut tests = Junit::new(masker);
    let Some(mut archive) = archive(tar)? else {
        return Ok(Ok(None));
    };
    let mut left = junit::MAX_SIZE;
    for entry in archive.entries_with_seek()? {
        stop.check()?;
        let entry = entry?;
        let path = entry.path()?.display().to_string();
        let size = entry.size();
        let read = if size > left {
            let text = format!("it is larger than {} MB", junit::MAX_SIZE >> 20);
            Err(Unreadable::Beyond(text))
        } else {
            left -= size;
            tests.read(BufReader::new(stop.reads(entry)))
        };
        // What broke off here says nothing of the file.
        stop.check()?;
        if let Err(why) = read {
            return Ok(Err(why.of_file(&path)));
        }
    }
    Ok(Ok(tests.summary()))
}

/// `None` where nothing was kept.
fn archive(tar: &Path) -> io::Result<Option<Archive<BufReader<File>>>> {
    match File::open(tar) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => Ok(Some(Archive::new(BufReader::new(opened?)))),
    }
}

/// A further name of a file is one too.
fn is_file(kind: EntryType) -> bool {
    matches!(
        kind,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse | EntryType::Link
    )
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::{Path, PathBuf};

    use tar::{Builder, EntryType, Header};
    use tempfile::NamedTempFile;

    use super::{Fit, led_to, tests};
    use crate::exec::Stop;
    use crate::mask::Masker;
    use crate::run::spec::ReportFormat;

    const FILE: EntryType = EntryType::Regular;
    const FOLDER: EntryType = EntryType::Directory;
    const LINK: EntryType = EntryType::Symlink;
    const HARD: EntryType = EntryType::Link;

    fn archive(entries: &[(EntryType, &str, &str)]) -> NamedTempFile {
        let file = NamedTempFile::new().expect("a file");
        let mut tar = Builder::new(file.reopen().expect("a file"));
        for (kind, path, content) in entries {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_size(0);
            if matches!(*kind, LINK | HARD) {
                tar.append_link(&mut header, path, content)
            } else {
                header.set_size(content.len() as u64);
                tar.append_data(&mut header, path, content.as_bytes())
            }
            .expect("an entry");
        }
        tar.finish().expect("an archive");
        file
    }

    #[test]
    fn what_the_runner_sends() {
        let one = &[(FILE, "a", "text")][..];
        let two = &[(FILE, "a", ""), (FILE, "d/b", "")][..];
        let further = &[(FILE, "a", ""), (HARD, "b", "a")][..];
        let folder = &[(FOLDER, "d", ""), (FILE, "d/a", "")][..];
        let link = &[(LINK, "l", "a")][..];
        let file_and_link = &[(FILE, "a", ""), (LINK, "l", "a")][..];
        let link_and_file = &[(LINK, "a", "b"), (FILE, "b", "")][..];
        for (kind, entries, wanted) in [
            ("junit", one, "sent"),
            ("dotenv", two, "sent"),
            ("cyclonedx", further, "sent"),
            ("cobertura", folder, "`d` is no regular file"),
            ("junit", link, "`l` is no regular file"),
            ("metrics", file_and_link, "`l` is no regular file"),
            ("terraform", one, "sent"),
            (
                "terraform",
                two,
                "only one file can be sent as it is, and `d/b` is another",
            ),
            (
                "sast",
                further,
                "only one file can be sent as it is, and `b` is another",
            ),
            ("sast", folder, "`d` is a folder"),
            ("codequality", link, "l leads to a"),
            (
                "dast",
                file_and_link,
                "only one file can be sent as it is, and `l` is another",
            ),
            (
                "dast",
                link_and_file,
                "only one file can be sent as it is, and `b` is another",
            ),
            ("lsif", folder, "sent"),
            ("lsif", file_and_link, "sent"),
        ] {
            let tar = archive(entries);
            let fit = Fit::of(tar.path(), ReportFormat::of(kind), &Stop::default());
            let shown = match fit.expect(kind) {
                Fit::Fits => "sent".to_owned(),
                Fit::Refused(why) => why,
                Fit::Link { path, target } => {
                    format!("{} leads to {}", path.display(), target.display())
                }
            };
            assert_eq!(shown, wanted, "{kind} of {entries:?}");
        }
    }

    #[test]
    fn where_links_lead() {
        for (path, target, wanted) in [
            ("l", "a", Some("a")),
            ("d/l", "a", Some("d/a")),
            ("d/l", "../e/./a", Some("e/a")),
            ("d/l", "/builds/p/e/a", Some("e/a")),
            ("d/l", "/builds/pp/a", None),
            ("l", "../p/a", None),
            ("l", "/etc/passwd", None),
            ("l", "/builds/p/../../etc/passwd", None),
        ] {
            let led = led_to(Path::new("/builds/p"), Path::new(path), Path::new(target));
            assert_eq!(led, wanted.map(PathBuf::from), "{path} -> {target}");
        }
    }

    #[test]
    fn work_on_a_report_can_be_stopped() {
        let xml = "<testsuite><testcase name='a'/></testsuite>";
        let tar = archive(&[(FILE, "a.xml", xml), (HARD, "b.xml", "a.xml")]);
        let read = |stop: &Stop| tests(tar.path(), Masker::new([""]), stop);
        let summary = read(&Stop::default()).expect("read").expect("tests");
        assert_eq!(summary.map(|summary| summary.total), Some(1));
        let stop = Stop::default();
        stop.ask();
        let fit = Fit::of(tar.path(), ReportFormat::Gzip, &stop);
        assert_eq!(fit.map_err(|error| error.kind()), Err(io::ErrorKind::Other));
        assert_eq!(
            read(&stop).map_err(|error| error.kind()),
            Err(io::ErrorKind::Other)
        );
    }
}
