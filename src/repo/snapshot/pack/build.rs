//! Each object from where it is cheapest.

use std::collections::HashSet;
use std::path::Path;

use git2::{ObjectType, Oid};

use super::entry::{Data, Entry, Kind, stored};
use super::source::Sources;
use super::write::PackWriter;
use crate::repo::RepoError;
use crate::repo::stop::{self, Stop};

/// Writes `objects` into one pack in `folder`, with its index. Returns the names of both files.
pub(in crate::repo::snapshot) fn write(
    git: &git2::Repository,
    objects: &[Oid],
    folder: &Path,
    stop: Stop<'_>,
) -> Result<Vec<String>, RepoError> {
    let wanted: HashSet<Oid> = objects.iter().copied().collect();
    let sources = Sources::open(git);
    let odb = git.odb().map_err(RepoError::corrupt("the objects"))?;
    let failed = || RepoError::io("write", folder);
    let mut pack = PackWriter::create(folder, objects.len()).map_err(failed())?;
    for id in objects {
        stop::check(stop)?;
        let entry = match sources.entry(*id, &wanted) {
            Some(entry) => entry,
            None => full_entry(&odb, *id)?,
        };
        pack.add(*id, &entry).map_err(failed())?;
    }
    pack.finish().map_err(failed())
}

/// The whole object, as the database has it.
fn full_entry(odb: &git2::Odb<'_>, id: Oid) -> Result<Entry<'static>, RepoError> {
    let object = odb.read(id).map_err(RepoError::corrupt("an object"))?;
    let kind = match object.kind() {
        ObjectType::Commit => Kind::Commit,
        ObjectType::Tree => Kind::Tree,
        ObjectType::Tag => Kind::Tag,
        _ => Kind::Blob,
    };
    Ok(Entry {
        kind,
        size: object.len() as u64,
        data: Data::Bytes(stored(object.data())),
    })
}
