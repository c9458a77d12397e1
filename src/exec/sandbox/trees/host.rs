//! The image `host`: this machine as a job may see it (design chapter 3).
//!
//! What is seen stands in [lists](seen); all else, homes, keys, services and what is mounted besides,
//! is not there. Programs and libraries are seen where they are, and what a job writes there goes to
//! a copy of its own. Of `/etc` there is a copy of what programs need.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::plan::{HostTree, Root, TreeForm};
use super::kept::Held;
use lowest::lowest_layer;
use seen::{MERGED, TOOLCHAINS, TREES, USUAL_PATH, VARIABLES};

mod lowest;
mod seen;

/// The name that jobs call it by.
pub(in super::super) const NAME: &str = "host";

/// Where the lowest layers of this image are, below the folder of all sandboxes.
pub(in super::super) fn folder(base: &Path) -> PathBuf {
    base.join("host")
}

/// This machine as an image.
#[derive(Debug)]
pub(in super::super) struct HostImage {
    pub(in super::super) root: Root,
    pub(in super::super) environment: Vec<(String, String)>,
    /// Keeps its lowest layer.
    pub(in super::super) held: Held,
}

/// What is known of this machine and its user.
#[derive(Debug, Clone)]
pub(in super::super) struct Machine {
    pub(in super::super) home: PathBuf,
    pub(in super::super) variables: Vec<(String, String)>,
    /// `/proc/self/mountinfo`.
    pub(in super::super) mounts: String,
    pub(in super::super) uid: u32,
    /// Whether that is root of it, and not of a namespace of users, where other owners are nobody.
    pub(in super::super) is_root: bool,
}

impl Machine {
    /// Looks at this one.
    pub(in super::super) fn here(is_root: bool) -> Self {
        let home = std::env::home_dir().filter(|home| home.is_absolute());
        let texts = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            home: home.unwrap_or_else(|| PathBuf::from("/root")),
            variables: std::env::vars_os().filter_map(texts).collect(),
            mounts: fs::read_to_string("/proc/self/mountinfo").unwrap_or_default(),
            uid: rustix::process::geteuid().as_raw(),
            is_root,
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.variables.iter();
        variables
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Plans the image. Its lowest layer is made in `folder`, once for all runs that find this machine
/// as it is now.
pub(in super::super) fn plan(machine: &Machine, folder: &Path) -> io::Result<HostImage> {
    let mut trees = Vec::new();
    let mut links = Vec::new();
    for place in MERGED {
        match fs::symlink_metadata(place) {
            Ok(about) if about.is_symlink() => {
                links.push((PathBuf::from(place), fs::read_link(place)?));
            }
            Ok(about) if about.is_dir() => trees.push(tree(Path::new(place), &about, machine)),
            _ => {}
        }
    }
    let homes = TOOLCHAINS.iter().map(|name| machine.home.join(name));
    for place in TREES.iter().map(PathBuf::from).chain(homes) {
        // Behind a link could be anything.
        if let Ok(about) = fs::symlink_metadata(&place)
            && about.is_dir()
        {
            trees.push(tree(&place, &about, machine));
        }
    }
    let lowest = lowest_layer(machine, &links, &trees, folder)?;
    let environment = environment(machine, &trees);
    Ok(HostImage {
        root: Root {
            layers: vec![lowest.content()],
            marks: None,
            trees,
        },
        environment,
        held: lowest,
    })
}

/// A tree that other file systems are mounted in can't be laid under a copy, and one that nobody
/// inside may write to need not be.
fn tree(at: &Path, about: &Metadata, machine: &Machine) -> HostTree {
    let is_written = machine.is_root || about.uid() == machine.uid;
    let form = if !is_written || has_mounts(&machine.mounts, at) {
        TreeForm::Shared
    } else if machine.is_root && is_of_root(&machine.mounts, at) && !is_behind_link(at) {
        TreeForm::United
    } else {
        TreeForm::Layered
    };
    HostTree {
        at: at.to_owned(),
        form,
    }
}

/// Where something is mounted.
fn mount_points(mounts: &str) -> impl Iterator<Item = PathBuf> {
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    points.map(|point| PathBuf::from(point.replace("\\040", " ")))
}

/// Whether anything is mounted below `at`.
fn has_mounts(mounts: &str, at: &Path) -> bool {
    mount_points(mounts).any(|point| point != at && point.starts_with(at))
}

/// Whether `at` is on the same file system as the root, with nothing mounted on the way.
fn is_of_root(mounts: &str, at: &Path) -> bool {
    !mount_points(mounts).any(|point| point != Path::new("/") && at.starts_with(point))
}

fn is_behind_link(at: &Path) -> bool {
    at.canonicalize().ok().as_deref() != Some(at)
}

fn environment(machine: &Machine, trees: &[HostTree]) -> Vec<(String, String)> {
    let is_seen = |path: &str| {
        let path = Path::new(path);
        let in_tree = trees.iter().any(|tree| path.starts_with(&tree.at));
        in_tree || MERGED.iter().any(|merged| path.starts_with(merged))
    };
    let mut path: Vec<&str> = Vec::new();
    let own = machine.variable("PATH").unwrap_or_default().split(':');
    for folder in own.filter(|folder| is_seen(folder)).chain(USUAL_PATH) {
        if !path.contains(&folder) {
            path.push(folder);
        }
    }
    // Where a user lives stands in `/etc/passwd`, for each of them.
    let mut environment = vec![("PATH".to_owned(), path.join(":"))];
    for name in VARIABLES {
        if let Some(value) = machine.variable(name)
            && (!value.starts_with('/') || is_seen(value))
        {
            environment.push((name.to_owned(), value.to_owned()));
        }
    }
    environment
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn machine(home: &Path, variables: &[(&str, &str)]) -> Machine {
        let text = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Machine {
            home: home.to_owned(),
            variables: variables.iter().map(text).collect(),
            mounts: String::new(),
            uid: 0,
            is_root: true,
        }
    }

    #[test]
    fn mounts_below_a_tree_are_seen() {
        let mounts = "21 1 254:0 / / rw - ext4 /dev/vda rw\n\
                      22 21 0:5 / /usr/local/my\\040disk rw - tmpfs tmpfs rw\n\
                      23 21 0:5 / /opt rw - tmpfs tmpfs rw\n";
        for (at, wanted) in [
            ("/usr", true),
            ("/usr/local/my disk", false),
            ("/opt", false),
            ("/us", false),
        ] {
            assert_eq!(has_mounts(mounts, Path::new(at)), wanted, "{at}");
        }
    }

    #[test]
    fn trees_are_put_together_that_lie_in_the_root_and_behind_no_link() {
        let about = fs::metadata("/").expect("a folder");
        let form = |mounts: &str, is_root, at: &Path| {
            let machine = Machine {
                mounts: mounts.to_owned(),
                is_root,
                uid: about.uid() + u32::from(!is_root),
                ..machine(Path::new("/home/ann"), &[])
            };
            tree(at, &about, &machine).form
        };
        let root = "21 1 254:0 / / rw - ext4 /dev/vda rw\n";
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path().canonicalize().expect("a path");
        let own = format!("{root}22 21 0:5 / {} rw - tmpfs tmpfs rw\n", dir.display());
        let below = format!(
            "{root}22 21 0:5 / {}/a rw - tmpfs tmpfs rw\n",
            dir.display()
        );
        let link = dir.join("link");
        std::os::unix::fs::symlink("/usr", &link).expect("a link");
        for (mounts, is_root, at, wanted) in [
            (root, true, &*dir, TreeForm::United),
            (&own, true, &dir, TreeForm::Layered),
            (&below, true, &dir, TreeForm::Shared),
            (root, false, &dir, TreeForm::Shared),
            (root, true, &link, TreeForm::Layered),
            (root, true, &link.join("bin"), TreeForm::Layered),
        ] {
            assert_eq!(
                form(mounts, is_root, at),
                wanted,
                "{mounts} {is_root} {at:?}"
            );
        }
    }

    #[test]
    fn only_what_can_be_seen_is_in_the_search_path() {
        let machine = machine(
            Path::new("/home/ann"),
            &[
                ("PATH", "/home/ann/bin:/home/ann/.cargo/bin:/usr/bin:/srv/x"),
                ("JAVA_HOME", "/srv/java"),
                ("RUSTUP_HOME", "/home/ann/.rustup"),
                ("LANG", "C.UTF-8"),
                ("AWS_SECRET_ACCESS_KEY", "no"),
            ],
        );
        let trees = ["/usr", "/home/ann/.cargo/bin", "/home/ann/.rustup"].map(|at| HostTree {
            at: at.into(),
            form: TreeForm::Layered,
        });
        let have = environment(&machine, &trees);
        let have: Vec<(&str, &str)> = (have.iter())
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            have,
            [
                (
                    "PATH",
                    "/home/ann/.cargo/bin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin"
                ),
                ("LANG", "C.UTF-8"),
                ("RUSTUP_HOME", "/home/ann/.rustup"),
            ]
        );
    }

    #[test]
    fn the_lowest_layer_is_made_once_and_holds_no_secrets() {
        let dir = tempfile::tempdir().expect("a folder");
        let machine = machine(Path::new("/home/ann"), &[]);
        let first = plan(&machine, dir.path()).expect("planned");
        let again = plan(&machine, dir.path()).expect("planned");
        assert_eq!(first.root, again.root);
        let base = &first.root.layers[0];
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
        assert!(base.join("etc/passwd").is_file());
        assert!(base.join("home/ann").is_dir());
        for secret in ["etc/shadow", "etc/ssh", "etc/ssl/private"] {
            assert!(!base.join(secret).exists(), "{secret}");
        }
        let name = fs::read_to_string(base.join("etc/hostname")).expect("a name");
        assert_eq!(name, "", "not that of this machine");
        let mode = fs::metadata(base.join("tmp")).expect("there").permissions();
        assert_eq!(mode.mode() & 0o7777, 0o1777);
    }

    #[test]
    fn old_lowest_layers_go_unless_they_are_in_use() {
        let dir = tempfile::tempdir().expect("a folder");
        let of = |home: &str| plan(&machine(Path::new(home), &[]), dir.path()).expect("planned");
        let first = of("/home/1");
        for home in ["/home/2", "/home/3", "/home/4"] {
            drop(of(home));
        }
        let count = || fs::read_dir(dir.path()).expect("a folder").count();
        assert!(first.root.layers[0].is_dir());
        assert_eq!(count(), 3, "the two newest, and the one in use");
        drop(first);
        drop(of("/home/5"));
        assert_eq!(count(), 2);
    }
}
