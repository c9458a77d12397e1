//! Says who is who in a new namespace of users, from outside of it.

use std::fs;
use std::io;
use std::process::Command;

use rustix::process::Pid;

use super::super::identity::{Identity, Ranges, same};

/// Says who is who in the namespace of `first`.
pub(super) fn write_maps(first: Pid, identity: &Identity) -> io::Result<()> {
    let number = first.as_raw_nonzero();
    let write = |file: &str, text: &str| fs::write(format!("/proc/{number}/{file}"), text);
    match identity {
        Identity::Same => {
            write("uid_map", &same(&fs::read_to_string("/proc/self/uid_map")?))?;
            write("gid_map", &same(&fs::read_to_string("/proc/self/gid_map")?))
        }
        Identity::Single { user, group } => {
            let (own, group_own) = (rustix::process::geteuid(), rustix::process::getegid());
            // Without it a user could leave a group that forbids them something.
            write("setgroups", "deny")?;
            write("gid_map", &format!("{group} {} 1\n", group_own.as_raw()))?;
            write("uid_map", &format!("{user} {} 1\n", own.as_raw()))
        }
        Identity::Ranges(Ranges { users, groups }) => {
            let (own, group_own) = (rustix::process::geteuid(), rustix::process::getegid());
            let number = number.to_string();
            map_with("newuidmap", &number, own.as_raw(), *users)?;
            map_with("newgidmap", &number, group_own.as_raw(), *groups)
        }
    }
}

fn map_with(program: &str, first: &str, own: u32, range: (u32, u32)) -> io::Result<()> {
    let (start, count) = range;
    let words = [0, own, 1, 1, start, count].map(|number| number.to_string());
    let done = Command::new(program).arg(first).args(words).output()?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(io::Error::other(format!(
        "`{program}` says: {}",
        said.trim()
    )))
}
