//! Control groups: where the kernel lets `pipe` make some, and taking away those of a job.
//!
//! A sandbox's group lies below that of `pipe` itself, whose limits then hold for it too. With
//! version 2 one that has processes can't have limits below: there it lies beside it, unless that
//! one has a limit of its own, which nobody is to escape.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::process::{Pid, Signal, kill_process};

use super::inside::errand::remove_of_all;
use super::limits::{Controller, Place, Version};

/// The file in the folder of a run that says where its groups are: a line for each place, and at its
/// end what their names begin with.
pub(super) const LIST: &str = "groups";

/// The group that is made to see whether one can be.
const TRIED: &str = "pipe-tried";

/// How long a group may still have processes that end, in all.
const PAUSE: Duration = Duration::from_millis(10);
const PAUSES: u32 = 50;

/// Where groups can be made that limit those.
pub(super) fn places(wanted: &[Controller]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for hierarchy in own_hierarchies() {
        let Some(mut place) = delegated(&hierarchy) else {
            continue;
        };
        place.controllers.retain(|controller| {
            let is_new = !places.iter().any(|it| it.controllers.contains(controller));
            is_new && wanted.contains(controller)
        });
        if !place.controllers.is_empty() {
            places.push(place);
        }
    }
    places
}

/// The same, tried out: a limit that nobody asked for must not be in the way of a job.
pub(super) fn tried_places(wanted: &[Controller]) -> Vec<Place> {
    let mut places = places(wanted);
    places.retain(|place| {
        // All runs try with the same one: what a killed one leaves goes with the next.
        let tried = place.folder.join(TRIED);
        let made = match fs::create_dir(&tried) {
            Err(error) => error.kind() == io::ErrorKind::AlreadyExists,
            Ok(()) => true,
        };
        let _ = fs::remove_dir(&tried);
        made
    });
    places
}

/// Where whoever is in the group of this process would enter it, in the first tree that counts one of
/// those.
pub(super) fn own_entrance(counted: &[Controller]) -> Option<(Version, PathBuf)> {
    let counts = |it: &Hierarchy| {
        let place = delegated(it);
        let controllers = place.iter().flat_map(|place| &place.controllers);
        controllers.into_iter().any(|it| counted.contains(it))
    };
    let Hierarchy { version, own, .. } = own_hierarchies().into_iter().find(counts)?;
    Some((version, own.join(version.entrance())))
}

fn own_hierarchies() -> Vec<Hierarchy> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    hierarchies(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"))
}

/// A tree of groups, and the group of this process in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    version: Version,
    /// Those of version 1; version 2 says in each group which there are.
    controllers: Vec<Controller>,
    top: PathBuf,
    own: PathBuf,
}

/// The trees that are mounted, each with its place, from `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn hierarchies(own: &str, mounts: &str) -> Vec<Hierarchy> {
    let mut found = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(names), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let controllers: Vec<Controller> = names.split(',').filter_map(Controller::parse).collect();
        let version = if names.is_empty() {
            Version::Two
        } else if controllers.is_empty() {
            continue;
        } else {
            Version::One
        };
        let first = names.split(',').next().unwrap_or_default();
        let mounted = mounts.lines().filter_map(|line| {
            let (place, kind) = line.split_once(" - ")?;
            let mut kind = kind.split(' ');
            let is_it = match (kind.next()?, kind.nth(1)?) {
                ("cgroup2", _) => version == Version::Two,
                ("cgroup", options) => {
                    version == Version::One && options.split(',').any(|option| option == first)
                }
                _ => false,
            };
            let mut place = place.split(' ').skip(3);
            let (root, at) = (place.next()?, place.next()?);
            is_it.then(|| (root.to_owned(), PathBuf::from(at.replace("\\040", " "))))
        });
        // One tree may be mounted in several places, of which not all can be written to. A group
        // outside of what is mounted can't be reached.
        for (root, top) in mounted {
            if let Ok(below) = Path::new(path).strip_prefix(&root) {
                found.push(Hierarchy {
                    version,
                    controllers: controllers.clone(),
                    own: top.join(below),
                    top,
                });
            }
        }
    }
    // Version 1 first: what is there is not in version 2.
    found.sort_by_key(|hierarchy| hierarchy.version);
    found
}

fn delegated(hierarchy: &Hierarchy) -> Option<Place> {
    let own = &hierarchy.own;
    let place = |folder: &Path, controllers: Vec<Controller>| Place {
        folder: folder.to_owned(),
        version: hierarchy.version,
        controllers,
    };
    if hierarchy.version == Version::One {
        return may_write(own).then(|| place(own, hierarchy.controllers.clone()));
    }
    let below = |folder: &Path| {
        let text = fs::read_to_string(folder.join("cgroup.subtree_control")).unwrap_or_default();
        let controllers: Vec<Controller> = text
            .split_whitespace()
            .filter_map(Controller::parse)
            .collect();
        let is_ours = may_write(folder) && may_write(&folder.join("cgroup.procs"));
        (is_ours && !controllers.is_empty()).then(|| place(folder, controllers))
    };
    below(own).or_else(|| {
        let beside = own.parent().filter(|_| *own != hierarchy.top)?;
        (!has_limit(own)).then(|| below(beside)).flatten()
    })
}

/// Whether a group of version 2 has a limit of its own.
fn has_limit(group: &Path) -> bool {
    let limits = ["memory.max", "memory.high", "cpu.max", "pids.max"];
    limits.iter().any(|name| {
        fs::read_to_string(group.join(name)).is_ok_and(|limit| !limit.starts_with("max"))
    })
}

fn may_write(path: &Path) -> bool {
    accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

/// Notes in the folder of a run where its groups will be, and what their names begin with.
pub(super) fn note(run: &Path, places: &[Place], begin: &str) -> io::Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let all = places.iter().map(|place| place.folder.join(begin));
    let lines: Vec<String> = all.map(|all| format!("{}\n", all.display())).collect();
    fs::write(run.join(LIST), lines.concat())
}

/// Removes all groups that are noted in the folder of a run, and then the note: without it nobody
/// would know of them. Blocks.
pub(super) fn remove_noted(run: &Path) -> io::Result<()> {
    let list = run.join(LIST);
    let Ok(text) = fs::read_to_string(&list) else {
        return Ok(());
    };
    for all in text.lines().map(Path::new) {
        let (Some(place), Some(begin)) = (all.parent(), all.file_name()) else {
            continue;
        };
        let groups = match fs::read_dir(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            groups => groups?,
        };
        for group in groups {
            let group = group?;
            let name = group.file_name();
            if name.as_bytes().starts_with(begin.as_bytes()) {
                remove_group(&group.path())?;
            }
        }
    }
    match fs::remove_file(list) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Removes the groups of an attempt, and its folder. Blocks.
pub(super) fn remove_attempt(groups: &[PathBuf], folder: &Path) -> io::Result<()> {
    groups.iter().try_for_each(|group| remove_group(group))?;
    remove_of_all(folder)
}

fn remove_group(group: &Path) -> io::Result<()> {
    let mut pauses = 0;
    loop {
        match fs::remove_dir(group) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            // What is in it ends with its `pipe`, but perhaps not yet.
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && pauses < PAUSES => {
                pauses += 1;
                kill_members(group);
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

fn kill_members(group: &Path) {
    let members = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    let numbers = members.lines().filter_map(|line| line.parse().ok());
    for member in numbers.filter_map(Pid::from_raw) {
        // One that is gone already needs no more.
        let _ = kill_process(member, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
        31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
        35 31 0:32 /jail /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        36 31 0:32 / /elsewhere/memory rw - cgroup cgroup rw,memory\n\
        39 31 0:36 / /sys/fs/cgroup/my\\040pids rw - cgroup cgroup rw,pids\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw shared:1 - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_entrance_of_the_own_group_lists_this_process() {
        // Where no group is delegated there is none.
        if let Some((_, entrance)) = own_entrance(&Controller::ALL) {
            let listed = fs::read_to_string(entrance).expect("a list");
            let own = std::process::id().to_string();
            assert!(listed.lines().any(|it| it == own));
        }
    }

    #[test]
    fn the_own_group_of_each_tree_is_found() {
        let own = "9:name=systemd:/\n8:pids:/\n4:memory:/jail/in/it\n2:freezer:/\n\
                   1:cpu,cpuacct:/a\n0::/b\n";
        let found: Vec<(Version, String)> = hierarchies(own, HYBRID)
            .into_iter()
            .map(|it| (it.version, it.own.display().to_string()))
            .collect();
        let wanted = [
            (Version::One, "/sys/fs/cgroup/my pids/"),
            (Version::One, "/sys/fs/cgroup/memory/in/it"),
            (Version::One, "/elsewhere/memory/jail/in/it"),
            (Version::One, "/sys/fs/cgroup/cpu,cpuacct/a"),
            (Version::Two, "/sys/fs/cgroup/unified/b"),
        ]
        .map(|(version, at)| (version, at.to_owned()));
        assert_eq!(found, wanted);
        let outside = hierarchies("4:memory:/other\n0::/../x\n", HYBRID);
        let outside: Vec<_> = outside.iter().map(|it| it.version).collect();
        let wanted = [Version::One, Version::Two];
        assert_eq!(outside, wanted, "what is not mounted is not reached");
    }

    /// A group of version 2 that takes part in a table: its name, files and their texts.
    fn group(at: &Path, files: &[(&str, &str)]) {
        fs::create_dir_all(at).expect("a folder");
        for (name, text) in [("cgroup.procs", ""), ("cgroup.subtree_control", "")]
            .iter()
            .chain(files)
        {
            fs::write(at.join(name), text).expect("written");
        }
    }

    #[test]
    fn a_group_of_version_2_lies_below_or_beside_the_own_one() {
        let all = [("cgroup.subtree_control", "cpu memory pids\n")];
        let some = [("cgroup.subtree_control", "memory hugetlb\n")];
        let free = [("pids.max", "max\n"), ("cpu.max", "max 100000\n")];
        let limited = [("memory.max", "1000000\n")];
        for (name, top, own, wanted) in [
            ("below", &all[..], &all[..], Some(("top/own", 3))),
            ("beside", &all, &free, Some(("top", 3))),
            ("beside, some", &some, &free, Some(("top", 1))),
            ("nobody escapes a limit", &all, &limited, None),
            ("nothing is handed down", &[], &free, None),
        ] {
            let base = tempfile::tempdir().expect("a folder");
            let at = base.path().join("top");
            group(&at, top);
            group(&at.join("own"), own);
            let found = delegated(&Hierarchy {
                version: Version::Two,
                controllers: Vec::new(),
                top: at.clone(),
                own: at.join("own"),
            });
            let found = found.map(|place| (place.folder, place.controllers.len()));
            let wanted = wanted.map(|(folder, count)| (base.path().join(folder), count));
            assert_eq!(found, wanted, "{name}");
        }
        let base = tempfile::tempdir().expect("a folder");
        group(base.path(), &all);
        group(&base.path().join("top"), &free);
        let above = delegated(&Hierarchy {
            version: Version::Two,
            controllers: Vec::new(),
            top: base.path().join("top"),
            own: base.path().join("top"),
        });
        assert_eq!(above, None, "nothing above the top");
    }

    #[test]
    fn the_groups_of_a_run_are_those_of_its_names_where_it_had_some() {
        let base = tempfile::tempdir().expect("a folder");
        let at = |name: &str| base.path().join(name);
        for name in [
            "run",
            "place/pipe-ab-build",
            "place/pipe-abc-build",
            "other",
        ] {
            fs::create_dir_all(at(name)).expect("a folder");
        }
        let place = |name| Place {
            folder: at(name),
            version: Version::One,
            controllers: Vec::new(),
        };
        let run = at("run");
        remove_noted(&run).expect("there is nothing to do");
        let places = [place("gone"), place("place"), place("other")];
        note(&run, &places, "pipe-ab-").expect("noted");
        fs::write(at("place/pipe-ab-build/in the way"), "").expect("written");
        remove_noted(&run).expect_err("it is not empty");
        assert!(run.join(LIST).exists(), "it is tried again");
        fs::remove_file(at("place/pipe-ab-build/in the way")).expect("removed");
        remove_noted(&run).expect("removed");
        assert!(!run.join(LIST).exists() && !at("place/pipe-ab-build").exists());
        assert!(at("place/pipe-abc-build").exists(), "it is another's");
    }
}
