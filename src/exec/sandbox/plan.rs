//! Which steps make a sandbox, from what its job needs. Pure.

use std::net::Ipv4Addr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::super::Layout;
use super::extras::{Bind, Extras};
use super::identity::Identity;
use super::inside::united::united_trees;
use super::inside::wire::{Joins, Setup};
use super::step::{Fresh, KernelTree, Marks, Step};
use super::trees::overlays::{self, Layered};
use network::names;
use programs::{for_program, hidden, rights};
use root::{has_overlay, is_united, unite};
use trees::{Trees, staging, tree_name, upper, work};

mod network;
mod programs;
mod root;
#[cfg(test)]
mod tests;
mod trees;

pub(super) use network::{OWN_FILES, network_steps, service_link_steps};
pub(super) use root::{HostTree, Root, TreeForm};

/// What the machine of a job is called.
pub(super) const HOSTNAME: &str = "job";

/// Devices of every sandbox.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Bytes of `/dev/shm`, as in Docker.
const SHM_SIZE: u64 = 64 << 20;

/// Links in `/dev`.
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// The name of the overlay that is the builds directory.
const BUILDS: &str = "builds";

/// What a sandbox is to be.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each decides on other steps than the others"
)]
pub(super) struct Plan<'a> {
    /// The folder of the attempt, in which it has all that it writes.
    pub(super) folder: &'a Path,
    pub(super) root: &'a Root,
    pub(super) layout: &'a Layout,
    /// The folders of the overlays that the run keeps, in the order of [`overlays()`]; empty where they
    /// are the attempt's own.
    pub(super) overlays: &'a [PathBuf],
    /// Layers of the builds directory, the highest first.
    pub(super) builds: &'a [PathBuf],
    /// Names of files in the temporary folder.
    pub(super) temp_files: &'a [String],
    pub(super) identity: &'a Identity,
    /// The marks that whoever runs `pipe` can make.
    pub(super) marks: Marks,
    /// Whether layers are copied, and not laid over each other.
    pub(super) copies_layers: bool,
    /// The folder in which trees of this machine are put together; `None` where that can't be done,
    /// and each has an overlay of its own.
    pub(super) united: Option<&'a Path>,
    /// The user to whom the project belongs; `None` where it is root's, and open to all.
    pub(super) owned_by: Option<&'a str>,
    /// Folders that its image wants to be there.
    pub(super) volumes: &'a [String],
    /// Whether the network that it joins is one of its own, and not this machine's.
    pub(super) own_network: bool,
    /// How many others have its builds directory too.
    pub(super) lends_to: usize,
    /// Names of the job's services, with their addresses.
    pub(super) names: &'a [(String, Ipv4Addr)],
    /// What its machine is called, and the address to which that leads.
    pub(super) hostname: &'a str,
    pub(super) address: Ipv4Addr,
    /// The text of `/etc/resolv.conf`; `None` where the image's own stays.
    pub(super) resolver: Option<&'a str>,
    /// What the user's runner adds.
    pub(super) extras: &'a Extras,
    /// Whether it is that of a job, and not of a service, which has the builds directory of its job.
    pub(super) is_job: bool,
    /// Folders and files of this machine that the user lets it have.
    pub(super) binds: &'a [Bind],
    /// How many processes a user may have inside, where no group counts them.
    pub(super) processes: Option<u64>,
    /// Whether programs may not give more rights than there are: a file that is set to run as its
    /// owner then does not.
    pub(super) no_new_privileges: bool,
}

impl<'a> Plan<'a> {
    /// One of the plainest kind: an empty builds directory, a network of its own that leads nowhere.
    pub(super) fn plain(
        folder: &'a Path,
        root: &'a Root,
        layout: &'a Layout,
        identity: &'a Identity,
        marks: Marks,
    ) -> Self {
        Self {
            folder,
            root,
            layout,
            overlays: &[],
            builds: &[],
            temp_files: &[],
            identity,
            marks,
            copies_layers: false,
            united: None,
            owned_by: None,
            volumes: &[],
            own_network: true,
            lends_to: 0,
            names: &[],
            hostname: HOSTNAME,
            address: Ipv4Addr::LOCALHOST,
            resolver: None,
            extras: Extras::none(),
            is_job: true,
            binds: &[],
            processes: None,
            no_new_privileges: true,
        }
    }
}

/// What is laid over each other, the root first.
pub(super) fn overlays(plan: &Plan<'_>) -> Vec<Layered> {
    let Setup {
        outside, inside, ..
    } = setup(plan);
    let given = inside.iter().filter(|step| {
        let makes = matches!(step, Step::Folder { .. } | Step::File { .. });
        let opens = matches!(step, Step::OpenFolder { .. } | Step::PlainFolder { .. });
        makes || opens || matches!(step, Step::Own { .. })
    });
    let given: Arc<[Step]> = given.cloned().collect();
    let layered = |step| match step {
        Step::Overlay { lower, marks, .. } => Some(Layered {
            lower,
            marks,
            given: Arc::clone(&given),
        }),
        _ => None,
    };
    outside.into_iter().filter_map(layered).collect()
}

/// The folders that have to be there before the steps are done.
pub(super) fn folders(plan: &Plan<'_>) -> Vec<PathBuf> {
    if !plan.overlays.is_empty() {
        return Vec::new();
    }
    let mut names = vec!["root".to_owned()];
    names.extend((!plan.builds.is_empty()).then(|| BUILDS.to_owned()));
    let trees = plan.root.trees.iter();
    let trees = trees.filter(|tree| has_overlay(tree, plan));
    names.extend(trees.enumerate().map(|(number, _)| tree_name(number)));
    let both = |name: &String| [upper(plan.folder, name), work(plan.folder, name)];
    names.iter().flat_map(both).chain([staging(plan)]).collect()
}

/// Where what is written to the builds directory is outside; `None` where it is no overlay.
pub(super) fn written_to_builds(plan: &Plan<'_>) -> Option<PathBuf> {
    if plan.builds.is_empty() || plan.copies_layers || !plan.is_job {
        return None;
    }
    // It is laid last.
    let kept = plan.overlays.last();
    Some(kept.map_or_else(|| upper(plan.folder, BUILDS), |it| overlays::upper(it)))
}

/// All trees of a sandbox; from that number on, what is attached is what the user gives.
fn trees<'a>(plan: &'a Plan<'a>) -> (Trees<'a>, usize) {
    let mut trees = Trees::of(plan);
    let mut layers = plan.root.layers.clone();
    if let Some(Step::Unite { at, .. }) = unite(plan) {
        layers.push(united_trees(&at));
    }
    trees.overlay(&layers, "root", plan.root.marks);
    for name in DEVICES {
        let at = Path::new("/dev").join(name);
        trees.makers.push(Step::Device(at.clone()));
        trees.attach(&at, file(&at, ""));
    }
    let mut copies = (0..).map(tree_name);
    for tree in &plan.root.trees {
        if is_united(tree, plan) {
            continue;
        }
        // A copy of all tools for each job would cost more than what is written there is worth.
        if has_overlay(tree, plan) {
            let name = copies.next().unwrap_or_default();
            trees.overlay(std::slice::from_ref(&tree.at), &name, None);
        } else {
            trees.makers.push(Step::Share(tree.at.clone()));
        }
        trees.attach(&tree.at, folder(&tree.at, 0o755));
    }
    let at = Path::new(&plan.layout.builds_dir);
    if !plan.is_job {
        let (tree, at) = (0, at.to_owned());
        trees.attach.push(folder(&at, 0o777));
        trees.attach.push(Step::Attach { tree, at });
    } else if !plan.builds.is_empty() {
        trees.overlay(plan.builds, BUILDS, None);
        trees.attach(at, folder(at, 0o777));
    }
    // Last, for it may lie in the builds directory.
    let given = trees.attach.len();
    for bind in plan.binds {
        trees.makers.push(Step::Given {
            from: bind.from.clone(),
            read_only: bind.read_only,
        });
        let parent = bind.at.parent().unwrap_or(&bind.at);
        trees.attach.push(folder(parent, 0o755));
        let place = if bind.is_folder {
            folder(&bind.at, 0o755)
        } else {
            file(&bind.at, "")
        };
        trees.attach(&bind.at, place);
    }
    (trees, given)
}

/// All that is done.
pub(super) fn setup(plan: &Plan<'_>) -> Setup {
    let (trees, given) = trees(plan);
    let root = trees.first();
    let Trees {
        makers, mut attach, ..
    } = trees;
    let given = attach.split_off(given);
    let next = root + makers.len();
    let (mut outside, mut inside) = (vec![Step::Expendable], vec![Step::PrivateMounts]);
    outside.extend(unite(plan));
    // Root lays layers over each other before rights are given up.
    if matches!(plan.identity, Identity::Same) {
        outside.extend(makers);
    } else {
        inside.extend(makers);
    }
    let kernel: &[(KernelTree, &str)] = if plan.own_network {
        &[(KernelTree::Sys, "/sys"), (KernelTree::Proc, "/proc")]
    } else {
        &[(KernelTree::Proc, "/proc")]
    };
    inside.extend(kernel.iter().map(|(kind, _)| Step::KernelTree(*kind)));
    inside.push(Step::EnterRoot { tree: root });
    for (number, (_, at)) in kernel.iter().enumerate() {
        let (tree, at) = (next + number, PathBuf::from(at));
        inside.push(Step::PlainFolder { at: at.clone() });
        inside.push(Step::Attach { tree, at });
    }
    inside.extend(devices(plan));
    inside.extend(volumes(plan));
    inside.extend(attach);
    if plan.is_job {
        inside.extend(builds(plan));
    }
    inside.extend(given);
    if plan.is_job {
        inside.extend(plan.extras.in_memory());
    }
    if plan.lends_to > 0 {
        inside.push(Step::Lend {
            at: plan.layout.builds_dir.clone().into(),
            times: plan.lends_to,
        });
    }
    inside.extend(names(plan));
    inside.extend(hidden(""));
    inside.push(Step::Undumpable);
    Setup {
        outside,
        identity: plan.identity.clone(),
        joins: Some(if plan.own_network {
            Joins::Network
        } else {
            Joins::Users
        }),
        inside,
        for_program: for_program(),
        rights: rights(plan),
        cap_drop: if plan.is_job {
            plan.extras.cap_drop.clone()
        } else {
            Vec::new()
        },
    }
}

/// Folders that are there even if the image has them not, as in a container. None of them leads out.
fn volumes(plan: &Plan<'_>) -> impl Iterator<Item = Step> {
    plan.volumes.iter().map(|name| {
        let names = Path::new(name).components();
        let names = names.filter(|it| matches!(it, Component::Normal(_)));
        folder(&Path::new("/").join(names.collect::<PathBuf>()), 0o755)
    })
}

/// `/dev`, before the devices.
fn devices(plan: &Plan<'_>) -> Vec<Step> {
    let mut steps = vec![Step::PlainFolder { at: "/dev".into() }];
    let mount = |steps: &mut Vec<Step>, kind, at: &str, options: &str| {
        steps.push(Step::Fresh {
            kind,
            at: at.into(),
            options: options.to_owned(),
        });
    };
    mount(&mut steps, Fresh::Tmp, "/dev", "mode=755,size=65536k");
    let terminals = if plan.identity.has_many() {
        // The group of terminals, which everybody's `/etc/group` has.
        "newinstance,ptmxmode=0666,mode=0620,gid=5"
    } else {
        "newinstance,ptmxmode=0666,mode=0620"
    };
    let shared_memory = format!(
        "mode=1777,size={}",
        plan.extras.shm_size.unwrap_or(SHM_SIZE)
    );
    for (kind, at, options) in [
        (Fresh::Pts, "/dev/pts", terminals),
        (Fresh::Tmp, "/dev/shm", &*shared_memory),
        (Fresh::Mqueue, "/dev/mqueue", ""),
    ] {
        steps.push(folder(Path::new(at), 0o755));
        mount(&mut steps, kind, at, options);
    }
    let links = DEVICE_LINKS.map(|(name, target)| Step::Link {
        at: Path::new("/dev").join(name),
        target: target.into(),
    });
    steps.extend(links);
    steps
}

/// The builds directory, open to all as the runner's is, and the temporary folder.
fn builds(plan: &Plan<'_>) -> Vec<Step> {
    let project = Path::new(&plan.layout.project_dir);
    let temp = PathBuf::from(plan.layout.temp_dir());
    let builds = Path::new(&plan.layout.builds_dir);
    let mut on_the_way: Vec<&Path> = project
        .ancestors()
        .take_while(|folder| folder.starts_with(builds))
        .collect();
    on_the_way.reverse();
    on_the_way.push(&temp);
    let files: Vec<PathBuf> = plan.temp_files.iter().map(|it| temp.join(it)).collect();
    let open = on_the_way
        .iter()
        .map(|at| Step::OpenFolder { at: at.into() });
    let mut steps: Vec<Step> = open.collect();
    steps.extend(files.iter().map(|at| file(at, "")));
    let own = |user: &str| {
        // But for the builds directory, which is all jobs'.
        let folders = on_the_way.iter().skip(1).map(PathBuf::from);
        let all: Vec<PathBuf> = folders.chain(files.clone()).collect();
        let user = user.to_owned();
        all.into_iter().map(move |at| Step::Own {
            at,
            user: user.clone(),
        })
    };
    steps.extend(plan.owned_by.into_iter().flat_map(own));
    steps
}

fn folder(at: &Path, mode: u32) -> Step {
    let at = at.to_owned();
    Step::Folder { at, mode }
}

fn file(at: &Path, content: &str) -> Step {
    Step::File {
        at: at.to_owned(),
        mode: 0o666,
        content: content.to_owned(),
    }
}
