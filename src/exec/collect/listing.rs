//! What packing would say of files, told from their names alone.

use std::fs::{self, FileType};
use std::io;
use std::path::Path;

use super::super::Globs;
use super::Selection;

/// What is said of packing what `globs` take of `project`, which the job sees at `project_dir`; `None`
/// where they take nothing, or where more has to be looked at to tell. Nothing is followed or opened.
pub(in crate::exec) fn listed(
    globs: &Globs,
    project: &Path,
    project_dir: &str,
) -> io::Result<Option<Vec<String>>> {
    let mut selection = Selection::new(globs, project_dir);
    let is_told = |path: &str| !path.is_empty() && !Path::new(path).starts_with(".git");
    for (_, path) in selection.named() {
        // Packing counts one that leads somewhere.
        if kind(project, &path)?.is_some_and(|kind| kind.is_symlink()) {
            return Ok(None);
        }
    }
    let mut taken = 0;
    for root in selection.roots() {
        let Some(kind) = kind(project, &root)? else {
            continue;
        };
        if !is_told(&root) || kind.is_symlink() {
            return Ok(None);
        }
        list(&project.join(&root), &root, kind, &mut |path, is_dir| {
            taken += usize::from(selection.takes(path, is_dir));
        })?;
    }
    Ok((taken > 0).then(|| selection.notes()))
}

/// What is at `path`, or the link on the way to it.
fn kind(project: &Path, path: &str) -> io::Result<Option<FileType>> {
    let ends = path.match_indices('/').map(|(at, _)| at);
    let mut found = None;
    for end in ends.chain([path.len()]) {
        let kind = match fs::symlink_metadata(project.join(&path[..end])) {
            Ok(about) => about.file_type(),
            Err(error) if is_nothing(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        found = Some(kind);
        if kind.is_symlink() {
            break;
        }
    }
    Ok(found)
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Shows `path` and all that is in it.
fn list(
    full: &Path,
    path: &str,
    kind: FileType,
    show: &mut impl FnMut(&str, bool),
) -> io::Result<()> {
    show(path, kind.is_dir());
    if kind.is_dir() {
        for entry in fs::read_dir(full)? {
            let entry = entry?;
            let name = entry.file_name();
            let path = format!("{path}/{}", name.to_string_lossy());
            list(&full.join(name), &path, entry.file_type()?, show)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::super::file_work::Stop;
    use super::super::stream;
    use super::*;

    #[test]
    fn packing_says_the_same() {
        let base = tempfile::tempdir().expect("a folder");
        let project = base.path();
        fs::create_dir_all(project.join("v/in/empty")).expect("folders");
        fs::create_dir_all(project.join(".git")).expect("folders");
        for file in ["v/a.o", "v/in/b.o", "v/in/c.c", "file", ".git/HEAD"] {
            fs::write(project.join(file), "").expect("a file");
        }
        symlink("nowhere", project.join("v/link")).expect("a link");
        symlink("v", project.join("linked")).expect("a link");
        for (paths, is_told) in [
            (&["v"][..], true),
            (&["v/", "file", "gone"], true),
            (&["v/in/*.o", "v/**/empty"], true),
            (&["v/*.x", "file"], true),
            (&["/etc", "v/in"], true),
            (&["v/a.o/b", "file"], true),
            (&["gone"], false),
            (&["v/*.x"], false),
            (&["."], false),
            (&["**/*.o"], false),
            (&[".git", "v"], false),
            (&["linked/a.o", "v"], false),
            (&["linked", "v"], false),
            (&["v/link"], false),
            (&["v", "v/link"], false),
            (&["linked/in/**", "v"], false),
        ] {
            let globs = Globs {
                paths: paths.iter().map(|&path| path.to_owned()).collect(),
                ..Globs::default()
            };
            let dir = project.to_string_lossy();
            let listed = listed(&globs, project, &dir).expect("listed");
            assert_eq!(listed.is_some(), is_told, "{paths:?}");
            let packed = stream(&globs, project, io::sink(), &Stop::default()).expect("packed");
            assert!(listed.is_none_or(|it| it == packed.notes), "{paths:?}");
        }
    }
}
