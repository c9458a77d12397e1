//! The image `host`: this machine as a job may see it (design chapter 3).
//!
//! What is seen stands in lists; all else, homes, keys, services and what is mounted besides, is
//! not there. Programs and libraries are seen where they are, and what a job writes there goes to
//! a copy of its own. Of `/etc` there is a copy of what programs need.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::types::Digest;

use super::super::plan::{HostTree, Root, own_files};
use super::kept::{self, Held, Unfinished};

/// The name that jobs call it by.
pub(in super::super) const NAME: &str = "host";

/// Trees that are seen, where they are.
const TREES: [&str; 3] = ["/usr", "/opt", "/nix/store"];

/// Folders that are links into `/usr` on most machines, and trees of their own on others.
const MERGED: [&str; 6] = ["/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin"];

/// Compilers and interpreters that people keep in their home, as far as there are no keys in there.
const TOOLCHAINS: [&str; 15] = [
    ".asdf",
    ".bun/bin",
    ".cargo/bin",
    ".deno/bin",
    ".ghcup",
    ".juliaup",
    ".local/share/mise/installs",
    ".local/share/uv/python",
    ".nvm/versions",
    ".pyenv",
    ".rbenv",
    ".rustup",
    ".sdkman/candidates",
    ".volta",
    "go/bin",
];

/// What is copied of `/etc`; a `*` at the end stands for anything.
const ETC: [&str; 44] = [
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "dpkg",
    "fonts",
    "gai.conf",
    "group",
    "host.conf",
    "inputrc",
    "java*",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "locale.gen",
    "localtime",
    "login.defs",
    "magic",
    "magic.mime",
    "mime.types",
    "networks",
    "nsswitch.conf",
    "openssl",
    "os-release",
    "passwd",
    "perl",
    "pki/ca-trust",
    "pki/java",
    "pki/tls/cert.pem",
    "pki/tls/certs",
    "pki/tls/openssl.cnf",
    "protocols",
    "python*",
    "redhat-release",
    "rpc",
    "services",
    "shells",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
];

/// Folders that are there, empty.
const FOLDERS: [(&str, u32); 17] = [
    ("builds", 0o777),
    ("dev", 0o755),
    ("etc", 0o755),
    ("home", 0o755),
    ("mnt", 0o755),
    ("proc", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("run/lock", 0o1777),
    ("srv", 0o755),
    ("sys", 0o755),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/log", 0o755),
    ("var/tmp", 0o1777),
];

/// Links to where it is now what programs look for there.
const VAR_LINKS: [(&str, &str); 2] = [("/var/lock", "/run/lock"), ("/var/run", "/run")];

/// Variables of this machine that jobs get where what they name can be seen.
const VARIABLES: [&str; 11] = [
    "CARGO_HOME",
    "GOROOT",
    "JAVA_HOME",
    "LANG",
    "LC_ALL",
    "NVM_DIR",
    "PYENV_ROOT",
    "RBENV_ROOT",
    "RUSTUP_HOME",
    "SDKMAN_DIR",
    "TZ",
];

/// What every search path ends with.
const USUAL_PATH: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// Lowest layers that are kept: each change of this machine's `/etc` makes a new one.
const MOST: usize = 2;

/// Where the lowest layers of this image are, below the folder of all sandboxes.
pub(in super::super) fn folder(base: &Path) -> PathBuf {
    base.join("host")
}

/// A file of `/etc` that is longer is left out.
const LONGEST: u64 = 4 << 20;

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
    let base = base(machine, &links, &trees, folder)?;
    let environment = environment(machine, &trees);
    Ok(HostImage {
        root: Root {
            layers: vec![base.content()],
            marks: None,
            trees,
        },
        environment,
        held: base,
    })
}

/// A tree that other file systems are mounted in can't be laid under a copy, and one that nobody
/// inside may write to need not be.
fn tree(at: &Path, about: &Metadata, machine: &Machine) -> HostTree {
    HostTree {
        at: at.to_owned(),
        writable: (machine.is_root || about.uid() == machine.uid)
            && !has_mounts(&machine.mounts, at),
    }
}

/// Whether anything is mounted below `at`.
fn has_mounts(mounts: &str, at: &Path) -> bool {
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    points
        .map(|point| point.replace("\\040", " "))
        .any(|point| Path::new(&point) != at && Path::new(&point).starts_with(at))
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

/// The lowest layer: empty folders, links, and what is copied of `/etc`.
fn base(
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
    let own = own_files();
    digest.add(format!("{own:?}"));
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
    for (at, content) in own {
        let place = below(&made.content(), Path::new(at));
        fs::write(&place, content)?;
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
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
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
            writable: true,
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
        assert_eq!(name, "job\n", "not that of this machine");
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
