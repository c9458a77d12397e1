//! What dead runs left on this machine.

use std::io;
use std::path::Path;

use rustix::process::Signal;

use super::super::{Reaped, owned_folder};
use super::kin::signal_all;

/// Removes the folders below `base` of `owner`'s runs that are not alive, and ends what still runs
/// from them.
pub(super) fn reap(base: &Path, owner: &str, alive: &dyn Fn(&str) -> bool) -> io::Result<Reaped> {
    let mut reaped = Reaped::default();
    let mut failed = None;
    owned_folder::sweep(base);
    for (folder, run) in owned_folder::dead(base, owner, alive)? {
        if let Err(error) = remove(&folder) {
            // The others go all the same.
            failed.get_or_insert(error);
            continue;
        }
        let name = folder.display();
        reaped.removed.push(format!("folder `{name}` of run {run}"));
    }
    failed.map_or(Ok(reaped), Err)
}

/// Ends what runs from `folder` and removes it. One that is not there is fine. Blocks.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    signal_all(folder, Signal::KILL);
    owned_folder::clear(folder, crate::remove::remove)
}
