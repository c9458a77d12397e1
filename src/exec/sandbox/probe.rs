//! What this kernel gives this user: found out by making a sandbox of nothing.

use std::fs;
use std::path::Path;

use super::super::file_work::blocking;
use super::super::{ExecError, Layout};
use super::identity::Identity;
use super::kept::Unfinished;
use super::link::Link;
use super::plan::{Plan, Root, folders, setup};
use crate::foreign::without_number;

/// Settings of the kernel that forbid users to make namespaces, by what they are when they do.
const FORBIDS: [(&str, &str); 3] = [
    ("kernel/unprivileged_userns_clone", "0"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ("user/max_user_namespaces", "0"),
];

/// Programs that give sandboxes a way out of their network.
const WAYS_OUT: [&str; 2] = ["pasta", "slirp4netns"];

/// Who is who in a sandbox whose program is to run as `user`. Where there is one id alone, it is
/// that of the program.
pub(super) fn identity(user: &str) -> Identity {
    if rustix::process::geteuid().is_root() {
        return Identity::Same;
    }
    let (who, group) = user.split_once(':').unwrap_or((user, ""));
    Identity::Single {
        user: who.parse().unwrap_or(0),
        group: group.parse().unwrap_or(0),
    }
}

/// Makes a sandbox and ends it; says what sandboxes are like here.
pub(super) async fn probe(base: &Path) -> Result<String, ExecError> {
    let base = base.to_owned();
    let made = blocking("probe", "no folder for sandboxes can be made", move || {
        let folder = Unfinished::begin(&base)?;
        fs::create_dir(folder.content().join("nothing"))?;
        Ok(folder)
    });
    let folder = made.await?;
    let place = folder.content();
    let identity = identity("");
    let root = Root {
        layers: vec![place.join("nothing")],
        marks: None,
        trees: Vec::new(),
    };
    let layout = Layout {
        builds_dir: "/builds".to_owned(),
        project_dir: "/builds/project".to_owned(),
    };
    let plan = Plan {
        folder: &place,
        root: &root,
        layout: &layout,
        copies: &[],
        builds: &[],
        temp_files: &[],
        identity: &identity,
        is_root: matches!(identity, Identity::Same),
        own_network: true,
        joins: false,
        joined_by: 0,
        names: &[],
        resolver: None,
        groups: &[],
        no_new_privileges: true,
    };
    let (setup, folders) = (setup(&plan), folders(&plan));
    blocking("probe", "no folder for sandboxes can be made", move || {
        folders.iter().try_for_each(fs::create_dir_all)
    })
    .await?;
    let launched = Link::launch(&setup, &[]).await;
    let (mut link, _) = launched.map_err(|error| refused(&error))?;
    link.end().await?;
    let what = "the folder of a sandbox was not removed";
    blocking("probe", what, move || {
        drop(folder);
        Ok(())
    })
    .await?;
    Ok(describe(&identity, way_out()))
}

fn describe(identity: &Identity, way_out: Option<&str>) -> String {
    let release = rustix::system::uname();
    let release = release.release().to_string_lossy();
    let release = release.split('-').next().unwrap_or_default();
    let who = match identity {
        Identity::Same => "as root",
        Identity::Single { .. } => "as you, with one user id: users of images are all you",
        Identity::Ranges { .. } => "as you, with user ids of your own",
    };
    let network = match way_out {
        Some(program) => format!("out of the network by `{program}`"),
        None => "no way out of the network".to_owned(),
    };
    format!("namespaces of Linux {release}, {who}; {network}")
}

fn way_out() -> Option<&'static str> {
    // Built in, but not used yet.
    WAYS_OUT.into_iter().find(|_| false)
}

/// Why no sandbox can be made, with what to do about it.
fn refused(error: &ExecError) -> ExecError {
    let text = format!(
        "sandboxes can't be made here: {}",
        without_number(&error.message)
    );
    let remedy = FORBIDS.iter().find(|(name, value)| {
        let is = fs::read_to_string(Path::new("/proc/sys").join(name));
        is.is_ok_and(|is| is.trim() == *value)
    });
    let made = ExecError::system("probe", text);
    match remedy {
        Some((name, _)) => made.help(format!(
            "`{}` forbids it: let root change it, or use `--executor docker`",
            name.replace('/', ".")
        )),
        None => made.help("use `--executor docker`"),
    }
}
