//! The lowest layer of the image `host`, with its copy of `/etc`: how it is made, and kept.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::types::Digest;

use super::super::super::plan::{HostTree, OWN_FILES};
use super::super::kept::{self, Held, Unfinished};
use super::Machine;
use super::seen::{ETC, FOLDERS, VAR_LINKS};

/// Lowest layers that are kept: each change of this machine's `/etc` makes a new one.
const MOST: usize = 2;

/// A file of `/etc` that is longer is left out.
const LONGEST: u64 = 4 << 20;

/// The lowest layer: empty folders, links, and what is copied of `/etc`.
pub(super) fn lowest_layer(
    machine: &Machine,
    links: &[(PathBuf, PathBuf)],
    trees: &[HostTree],
    folder: &Path,
) -> io::Result<Held> {
    let mut found = Vec::new();
    for pattern in ETC {
        for path in matching(Path::new("/etc"), pattern) {
            look(&path, &mut found);
        }
    }
    let mut digest = Digest::default();
    digest.add(machine.home.as_os_str().as_encoded_bytes());
    digest.add(format!("{FOLDERS:?} {VAR_LINKS:?}"));
    digest.add(format!("{OWN_FILES:?}"));
    for tree in trees {
        digest.add(tree.at.as_os_str().as_encoded_bytes());
    }
    for (at, target) in links {
        digest.add(at.as_os_str().as_encoded_bytes());
        digest.add(target.as_os_str().as_encoded_bytes());
    }
    for (path, about) in &found {
        digest.add(path.as_os_str().as_encoded_bytes());
        digest.add(about.len().to_le_bytes());
        digest.add(about.mtime().to_le_bytes());
        digest.add(about.mtime_nsec().to_le_bytes());
        digest.add(about.mode().to_le_bytes());
    }
    let mut name = digest.finish();
    name.truncate(32);
    let place = folder.join(name);
    if let Some(held) = kept::hold(&place) {
        return Ok(held);
    }
    let made = Unfinished::begin(folder)?;
    fill(&made.content(), machine, links, trees, &found)?;
    for at in OWN_FILES {
        let place = below(&made.content(), Path::new(at));
        fs::write(&place, "")?;
        fs::set_permissions(&place, fs::Permissions::from_mode(0o644))?;
    }
    let held = made.place(&place)?;
    kept::sweep(folder);
    for old in kept::all(folder).into_iter().skip(MOST) {
        // What can't be removed is tried again by a later run.
        let _ = kept::give_up(&old);
    }
    Ok(held)
}

fn fill(
    to: &Path,
    machine: &Machine,
    links: &[(PathBuf, PathBuf)],
    trees: &[HostTree],
    etc: &[(PathBuf, Metadata)],
) -> io::Result<()> {
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    for (name, mode) in FOLDERS {
        make_folder(&to.join(name), mode)?;
    }
    make_folder(&below(to, &machine.home), 0o700)?;
    // Made now, they need not be made by every job.
    for tree in trees {
        make_folder(&below(to, &tree.at), 0o755)?;
    }
    let usual = VAR_LINKS.map(|(at, target)| (PathBuf::from(at), PathBuf::from(target)));
    for (at, target) in links.iter().chain(&usual) {
        symlink(target, below(to, at))?;
    }
    for (path, about) in etc {
        let place = below(to, path);
        if let Some(parent) = place.parent()
            && !parent.is_dir()
        {
            make_folder(parent, 0o755)?;
        }
        if about.is_dir() {
            make_folder(&place, 0o755)?;
        } else if about.is_symlink() {
            symlink(fs::read_link(path)?, place)?;
        } else if let Ok(content) = fs::read(path) {
            let content = own_part(path, content, &machine.home);
            fs::write(&place, content)?;
            let mode = about.mode() & 0o755 | 0o444;
            fs::set_permissions(&place, fs::Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

fn make_folder(at: &Path, mode: u32) -> io::Result<()> {
    fs::create_dir_all(at)?;
    fs::set_permissions(at, fs::Permissions::from_mode(mode))
}

fn below(folder: &Path, path: &Path) -> PathBuf {
    folder.join(path.strip_prefix("/").unwrap_or(path))
}

/// Of the people on this machine nothing is told: users and groups are those of the system, and
/// root lives where the user's programs are.
fn own_part(path: &Path, content: Vec<u8>, home: &Path) -> Vec<u8> {
    let is_passwd = path == Path::new("/etc/passwd");
    if !is_passwd && path != Path::new("/etc/group") {
        return content;
    }
    let text = String::from_utf8_lossy(&content);
    let mut kept = String::new();
    for line in text.lines() {
        let mut fields: Vec<&str> = line.split(':').collect();
        let number = fields.get(2).and_then(|field| field.parse::<u32>().ok());
        if !number.is_some_and(|number| number < 1000 || number == 65534) {
            continue;
        }
        let home = home.to_string_lossy();
        if is_passwd && number == Some(0) && fields.len() > 5 {
            fields[5] = &home;
        }
        // Other members are people.
        if !is_passwd && fields.len() > 3 {
            fields[3] = "";
        }
        kept.push_str(&fields.join(":"));
        kept.push('\n');
    }
    kept.into_bytes()
}

/// The entries of `folder` that `pattern` means.
fn matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let Some(start) = pattern.strip_suffix('*') else {
        return vec![folder.join(pattern)];
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(start))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

/// Writes down `path` and all below it, as far as it is of a kind that is copied.
fn look(path: &Path, found: &mut Vec<(PathBuf, Metadata)>) {
    let Ok(about) = fs::symlink_metadata(path) else {
        return;
    };
    let is_dir = about.is_dir();
    // What not everybody may read here is nothing for a job.
    let open_to_all = if is_dir { 0o001 } else { 0o004 };
    if about.mode() & open_to_all == 0 {
        return;
    }
    if is_dir || about.is_symlink() || (about.is_file() && about.len() <= LONGEST) {
        found.push((path.to_owned(), about));
    }
    if is_dir {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            look(&path, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_people_nothing_is_told() {
        let home = Path::new("/home/ann");
        let passwd = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n\
                      nobody:x:65534:65534:nobody:/:/x\nbroken\n";
        let kept = own_part(Path::new("/etc/passwd"), passwd.into(), home);
        assert_eq!(
            String::from_utf8_lossy(&kept),
            "root:x:0:0:root:/home/ann:/bin/sh\nnobody:x:65534:65534:nobody:/:/x\n"
        );
        let group = "adm:x:4:ann,bob\nann:x:1000:\n";
        let kept = own_part(Path::new("/etc/group"), group.into(), home);
        assert_eq!(String::from_utf8_lossy(&kept), "adm:x:4:\n");
    }
}
