//! What this kernel gives this user: found out by making a sandbox of nothing.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use super::super::file_work::blocking;
use super::super::{ExecError, Layout, owned_folder};
use super::identity::{Identity, Ranges};
use super::inside::link::Link;
use super::inside::wire::Order;
use super::limits::counts_by_namespace;
use super::network::job_networks::JobNetworks;
use super::network::way_out::{Network, sandbox_way_out};
use super::noted::Layering;
use super::plan::{HostTree, Plan, Root, TreeForm, folders, setup};
use super::step::Marks;
use super::trees::kept::Unfinished;
use super::trees::overlays::make_places;
use crate::foreign::without_number;
use crate::images::layer::{self, Here, LayerFolders, LayerForm, Owners};

/// Settings of the kernel that forbid users to make namespaces, by what they are when they do.
const FORBIDS: [(&str, &str); 3] = [
    ("kernel/unprivileged_userns_clone", "0"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ("user/max_user_namespaces", "0"),
];

/// What this process may do with files, found out by trying in `folder`: who is called root may
/// have one id alone, or no mark that this machine's root alone can write.
pub(super) fn rights(folder: &Path) -> io::Result<LayerForm> {
    owned_folder::private(folder)?;
    Ok(Here::probe(folder)?.form())
}

/// Whether those are of this machine's root.
pub(super) fn is_root(rights: LayerForm) -> bool {
    rights.marks == layer::Marks::Trusted && rights.owners == Owners::Image
}

/// Who is who in a sandbox whose program is to run as root. `ranges` are the user's own, where its image has
/// owners.
pub(super) fn identity(rights: LayerForm, ranges: Option<Ranges>) -> Identity {
    if rights.owners == Owners::Image {
        return Identity::Same;
    }
    let alone = Identity::Single { user: 0, group: 0 };
    ranges.map_or(alone, Identity::Ranges)
}

/// The marks of overlays.
pub(super) fn marks(rights: LayerForm) -> Marks {
    match rights.marks {
        layer::Marks::Trusted => Marks::Root,
        layer::Marks::User => Marks::User,
    }
}

/// Whether the kernel counts the processes of each sandbox where no group does: those of root it
/// does not.
pub(super) fn counts_processes(rights: LayerForm) -> bool {
    let release = rustix::system::uname();
    let release = release.release().to_string_lossy();
    !is_root(rights) && counts_by_namespace(&release)
}

/// Makes a sandbox and ends it. Its network is then the first job's. For root the trees of this machine
/// are put together, if that can be done; for others layers that can't be laid over each other are
/// copied.
pub(super) async fn probe(
    base: &Path,
    rights: LayerForm,
    ranges: Option<Ranges>,
    (networks, network): (&JobNetworks, &Network),
) -> Result<Layering, ExecError> {
    let usual = Layering::Laid;
    let (first, second) = if is_root(rights) {
        (Layering::United, usual)
    } else {
        (usual, Layering::Copied)
    };
    let mut refused = None;
    for layering in [first, second] {
        match make(base, rights, ranges, layering, (networks, network)).await {
            Ok(()) => return Ok(layering),
            // What is wrong with the usual is what is to be told.
            Err(error) if layering == usual || refused.is_none() => refused = Some(error),
            Err(_) => {}
        }
    }
    Err(refused.unwrap_or_else(|| ExecError::system("probe", "sandboxes can't be made here")))
}

async fn make(
    base: &Path,
    rights: LayerForm,
    ranges: Option<Ranges>,
    layering: Layering,
    (networks, network): (&JobNetworks, &Network),
) -> Result<(), ExecError> {
    let base = base.to_owned();
    let made = blocking("probe", "no folder for sandboxes can be made", move || {
        let folder = Unfinished::begin(&base)?;
        fs::create_dir(folder.content().join("nothing"))?;
        Ok(folder)
    });
    let folder = made.await?;
    let place = folder.content();
    let identity = identity(rights, ranges);
    let of_machine = HostTree {
        at: "/usr".into(),
        form: TreeForm::United,
    };
    let is_united = layering == Layering::United;
    let root = Root {
        layers: vec![place.join("nothing")],
        marks: None,
        trees: is_united.then_some(of_machine).into_iter().collect(),
    };
    let united = place.join("united");
    let layout = Layout {
        builds_dir: "/builds".to_owned(),
        project_dir: "/builds/project".to_owned(),
    };
    let plan = Plan {
        copies_layers: layering == Layering::Copied,
        united: is_united.then_some(&united),
        own_network: network.is_own,
        ..Plan::plain(&place, &root, &layout, &identity, marks(rights))
    };
    let (setup, folders) = (setup(&plan), folders(&plan));
    blocking("probe", "no folder for sandboxes can be made", move || {
        make_places(folders)
    })
    .await?;
    let making = async {
        let network = networks.take(&identity, network).await?;
        let files = [network.users.as_fd(), network.network.as_fd()];
        let (mut link, _) = Link::launch(&Order::Sandbox(setup), &files).await?;
        link.end().await?;
        networks.give_back(network).await
    };
    making.await.map_err(|error| refused(&error))?;
    let what = "the folder of a sandbox was not removed";
    blocking("probe", what, move || {
        drop(folder);
        Ok(())
    })
    .await
}

/// What sandboxes are like here, in words, where limits hold for `held`.
pub(super) fn describe(
    rights: LayerForm,
    ranges: Option<Ranges>,
    known: Layering,
    held: &[&str],
) -> String {
    let release = rustix::system::uname();
    let release = release.release().to_string_lossy();
    let release = release.split('-').next().unwrap_or_default();
    let who = match identity(rights, ranges) {
        Identity::Same if is_root(rights) => {
            "as root, whose jobs may read of `/usr` and `/opt` what root may"
        }
        Identity::Same => "as root of a namespace of users",
        Identity::Single { .. } => "as you, with one user id: users of images are all you",
        Identity::Ranges(_) => {
            "as you, with one user id, and with those of `/etc/subuid` for images"
        }
    };
    let network = match sandbox_way_out() {
        Ok(program) => format!("out of the network by `{program}`"),
        Err(remedy) => format!("no way out of the network ({remedy})"),
    };
    let limits = match held {
        [] => "no limits can be set".to_owned(),
        [one] => format!("limits of {one} alone"),
        [all @ .., last] => format!("limits of {} and {last}", all.join(", ")),
    };
    let layers = if known == Layering::Copied {
        "; layers are copied for each job, for this kernel lays them over each other for root alone"
    } else {
        ""
    };
    format!(
        "namespaces of Linux {release}, {who}{layers}; \
         Docker's protections but profiles of AppArmor and SELinux; {limits}; {network}"
    )
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
    match (&error.help, remedy) {
        (Some(help), _) => made.help(help),
        (None, Some((name, _))) => made.help(format!(
            "`{}` forbids it: let root change it, or use `--executor docker`",
            name.replace('/', ".")
        )),
        (None, None) => made.help("use `--executor docker`"),
    }
}
