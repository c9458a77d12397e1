//! A folder of the user that stands for a project without being a clone: plain files.

use std::fs;
use std::path::Path;

use crate::repo::{RegularError, read_regular_text};

use super::error::FetchError;

/// Files that a folder may have: whoever names their home folder shall not wait for it.
const MAX_FILES: usize = 100_000;

/// The text of a file of a folder, which no link leads to. `None` where there is none.
pub(super) fn text(folder: &Path, path: &str, limit: u64) -> Result<Option<String>, FetchError> {
    match read_regular_text(folder, Path::new(path), limit) {
        Ok(text) => Ok(Some(text)),
        Err(RegularError::Missing) => Ok(None),
        Err(error) => {
            let path = folder.join(path);
            Err(FetchError::new(format!("`{}` {error}", path.display())))
        }
    }
}

/// The paths of all plain files below a folder, in order.
pub(super) fn paths(folder: &Path) -> Result<Vec<String>, FetchError> {
    let mut paths = Vec::new();
    let mut open = vec![String::new()];
    while let Some(inside) = open.pop() {
        let entries = fs::read_dir(folder.join(&inside)).map_err(|error| {
            let words = crate::foreign::system_words(&error);
            let place = folder.join(&inside);
            FetchError::new(format!("`{}` can't be read: {words}", place.display()))
        })?;
        for entry in entries.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            let path = match inside.as_str() {
                "" => name,
                inside => format!("{inside}/{name}"),
            };
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() && !path.contains('\n') {
                paths.push(path);
            }
        }
        if paths.len() > MAX_FILES {
            return Err(FetchError::new(format!(
                "`{}` has more than {MAX_FILES} files",
                folder.display()
            )));
        }
    }
    paths.sort();
    Ok(paths)
}
