//! Does what a plan says, with the kernel's calls.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::CWD;
use rustix::mount::{MoveMountFlags, UnmountFlags, move_mount, unmount};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space, set_no_new_privs};

use super::super::super::keeps::own;
use super::super::network::devices;
use super::super::step::{GroupSetting, Step};
use super::super::trees::copied_layers::copy_layers;
use super::capabilities;
use super::mounts::{
    clone_tree, enter_root, fresh, hide, is_mounted, kernel_tree, lay, overlay, private_mounts,
    read_only,
};
use super::program::user_of;
use super::seccomp::Filter;
use super::sys;
use super::sys::Loses;
use super::united::unite;
use crate::remove::remove;

/// How likely a process goes where memory runs out, from -1000 to 1000; most have 0.
const EXPENDABLE: i32 = 500;

/// Links that are followed one after the other, as by the kernel.
const MOST_LINKS: usize = 40;

/// What does the steps of a plan.
pub(in super::super) trait Kernel {
    /// Does one.
    fn perform(&mut self, step: &Step) -> io::Result<()>;
}

/// A step that could not be done.
#[derive(Debug)]
pub(in super::super) struct Broken {
    pub(in super::super) step: Step,
    pub(in super::super) error: io::Error,
}

/// Does all steps, up to the first that can't be done.
pub(in super::super) fn perform(kernel: &mut impl Kernel, steps: &[Step]) -> Result<(), Broken> {
    for step in steps {
        kernel.perform(step).map_err(|error| Broken {
            step: step.clone(),
            error,
        })?;
    }
    Ok(())
}

/// This machine's kernel, with the trees that lie nowhere yet.
#[derive(Debug)]
pub(in super::super) struct Linux {
    filter: Option<Filter>,
    trees: Vec<OwnedFd>,
    /// Trees for other sandboxes.
    lent: Vec<OwnedFd>,
    /// The device of the network's gate.
    gate: Option<OwnedFd>,
    /// The network of the job beside whose this process makes one.
    job_network: Option<OwnedFd>,
    /// A folder over which something empty lies.
    empty: Option<PathBuf>,
}

impl Kernel for Linux {
    fn perform(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::PrivateMounts => private_mounts()?,
            Step::Expendable => expendable()?,
            Step::Group { at, settings } => group(at, settings)?,
            Step::Overlay {
                lower,
                upper,
                work,
                staging,
                stays,
                marks,
            } => {
                if !stays || !is_mounted(staging)? {
                    // What has stayed went with its maker, and the kernel takes no folder twice in
                    // which it kept the notes of another overlay.
                    remove(&work.join("work"))?;
                    overlay(lower, upper, work, staging, *marks)?;
                }
                let tree = clone_tree(staging, false);
                if !stays {
                    unmount(staging, UnmountFlags::DETACH)?;
                }
                self.trees.push(tree?);
            }
            Step::Unite { trees, at } => unite(Path::new("/"), trees, at)?,
            Step::Copied {
                lower,
                upper,
                marks,
            } => {
                copy_layers(lower, upper, *marks)?;
                let tree = clone_tree(upper, false)?;
                sys::restrict(tree.as_fd(), Loses::Nodes)?;
                self.trees.push(tree);
            }
            Step::Device(path) => {
                let tree = clone_tree(path, false)?;
                sys::restrict(tree.as_fd(), Loses::Changes)?;
                self.trees.push(tree);
            }
            Step::Share(path) => {
                let tree = clone_tree(path, true)?;
                sys::restrict(tree.as_fd(), Loses::Devices)?;
                self.trees.push(tree);
            }
            Step::Given { from, read_only } => {
                let tree = clone_tree(from, true)?;
                let loses = if *read_only {
                    Loses::Devices
                } else {
                    Loses::Nodes
                };
                sys::restrict(tree.as_fd(), loses)?;
                self.trees.push(tree);
            }
            Step::KernelTree(kind) => self.trees.push(kernel_tree(*kind)?),
            Step::EnterRoot { tree } => {
                let root = self.trees.get(*tree).ok_or(io::ErrorKind::NotFound)?;
                enter_root(root.as_fd())?;
            }
            Step::Attach { tree, at } => self.attach(*tree, at)?,
            Step::Lend { at, times } => {
                for _ in 0..*times {
                    self.lent.push(clone_tree(at, true)?);
                }
            }
            Step::Fresh { kind, at, options } => fresh(*kind, at, options)?,
            Step::Folder { at, mode } => folder(at, *mode)?,
            Step::OpenFolder { at } => open_folder(at)?,
            Step::PlainFolder { at } => plain_folder(at)?,
            Step::File { at, mode, content } => file(at, *mode, content)?,
            Step::Own { at, user } => {
                // That the image has no such user is told where its program is started.
                if let Ok(it) = user_of(user) {
                    own(at, (it.user, it.group))?;
                }
            }
            Step::Lay { at, content } => lay(content, at)?,
            Step::Link { at, target } => symlink(target, at)?,
            Step::Hide { at } => hide(at, &mut self.empty)?,
            Step::ReadOnly { at } => read_only(at)?,
            Step::Hostname(name) => rustix::system::sethostname(name.as_bytes())?,
            Step::Loopback(address) => devices::loopback(*address)?,
            Step::Gate(address) => self.gate = Some(devices::gate(*address)?),
            Step::Pair { name, other } => devices::pair(name, other, self.job_network()?)?,
            Step::EnterJobNetwork => {
                move_into_link_name_space(self.job_network()?, Some(LinkNameSpaceType::Network))?;
            }
            Step::Interface { name, address } => devices::set_up(name, *address)?,
            Step::Route {
                device,
                to,
                bits,
                by,
                from,
            } => devices::lead(device, (*to, *bits), *by, *from)?,
            Step::Sysctl {
                name,
                value,
                needed,
            } => match fs::write(Path::new("/proc/sys").join(name), value) {
                Err(_) if !needed => {}
                written => written?,
            },
            Step::MostProcesses(most) => most_processes(*most)?,
            Step::NoNewPrivileges => set_no_new_privs(true)?,
            Step::Filter => {
                let filter = self.filter.as_ref();
                // There is none for this kind of processor.
                for program in filter.ok_or(io::ErrorKind::Unsupported)? {
                    sys::filter(program)?;
                }
            }
            Step::Capabilities => capabilities::keep_usual()?,
            Step::Undumpable => set_dumpable_behavior(DumpableBehavior::NotDumpable)?,
        }
        Ok(())
    }
}

impl Linux {
    /// Begins with trees that another sandbox lent.
    pub(in super::super) fn with(trees: Vec<OwnedFd>, filter: Option<Filter>) -> Self {
        Self {
            filter,
            trees,
            lent: Vec::new(),
            gate: None,
            job_network: None,
            empty: None,
        }
    }

    /// Makes a network beside that of a job.
    pub(in super::super) fn beside(job_network: OwnedFd) -> Self {
        Self {
            job_network: Some(job_network),
            ..Self::with(Vec::new(), None)
        }
    }

    /// The device of the network's gate, for whoever opens that.
    pub(in super::super) fn take_gate(&mut self) -> Option<OwnedFd> {
        self.gate.take()
    }

    /// What is to be lent, and the filter.
    pub(in super::super) fn done(self) -> (Vec<OwnedFd>, Option<Filter>) {
        (self.lent, self.filter)
    }

    fn job_network(&self) -> io::Result<BorrowedFd<'_>> {
        let network = self.job_network.as_ref();
        Ok(network.ok_or(io::ErrorKind::NotFound)?.as_fd())
    }

    fn attach(&self, tree: usize, at: &Path) -> io::Result<()> {
        let tree = self.trees.get(tree).ok_or(io::ErrorKind::NotFound)?;
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
        Ok(move_mount(tree.as_fd(), "", CWD, at, flags)?)
    }
}

/// Lets the kernel choose this process and all that come from it, where it has to free memory.
/// Anybody may make it more likely for their own.
fn expendable() -> io::Result<()> {
    let file = "/proc/self/oom_score_adj";
    let now = fs::read_to_string(file)?.trim().parse::<i32>();
    if now.is_ok_and(|now| now < EXPENDABLE) {
        fs::write(file, EXPENDABLE.to_string())?;
    }
    Ok(())
}

fn group(at: &Path, settings: &[GroupSetting]) -> io::Result<()> {
    fs::create_dir(at)?;
    for setting in settings {
        let written = fs::write(at.join(&setting.file), &setting.value);
        if setting.needed {
            written?;
        }
    }
    Ok(())
}

fn most_processes(most: u64) -> io::Result<()> {
    let now = getrlimit(Resource::Nproc);
    let most = now.maximum.map_or(most, |now| now.min(most));
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(setrlimit(Resource::Nproc, limit)?)
}

/// The folder may be there already, also behind a link.
fn folder(at: &Path, mode: u32) -> io::Result<()> {
    if at.is_dir() {
        return Ok(());
    }
    make_folder(at, MOST_LINKS)?;
    fs::set_permissions(at, fs::Permissions::from_mode(mode))
}

/// Makes a folder and those above it. Behind a link that leads nowhere it is made where that leads to, as
/// container runtimes do it.
fn make_folder(at: &Path, links: usize) -> io::Result<()> {
    let make = || fs::DirBuilder::new().mode(0o755).create(at);
    let above = at.parent().unwrap_or(at);
    match make() {
        Err(error) if error.kind() == io::ErrorKind::NotFound && above != at => {
            make_folder(above, links)?;
            make()
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !at.is_dir() => {
            match (fs::read_link(at), links.checked_sub(1)) {
                (Ok(target), Some(links)) => make_folder(&above.join(target), links),
                _ => Err(error),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// A job's user may be anybody.
fn open_folder(at: &Path) -> io::Result<()> {
    const OPEN: u32 = 0o777;
    folder(at, OPEN)?;
    if fs::metadata(at)?.permissions().mode() & OPEN != OPEN {
        fs::set_permissions(at, fs::Permissions::from_mode(OPEN))?;
    }
    Ok(())
}

/// One that is there and as it should be is left alone: a new one takes longer.
fn file(at: &Path, mode: u32, content: &str) -> io::Result<()> {
    match fs::symlink_metadata(at) {
        Ok(about)
            if about.is_file()
                && about.permissions().mode() & 0o7777 == mode
                && about.len() == content.len() as u64
                && fs::read(at)? == content.as_bytes() =>
        {
            return Ok(());
        }
        // What is there may be a link, which is replaced like everything else.
        Ok(_) => fs::remove_file(at)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::write(at, content)?;
    fs::set_permissions(at, fs::Permissions::from_mode(mode))
}

/// A folder, which nothing but a folder stands for.
fn plain_folder(at: &Path) -> io::Result<()> {
    match fs::symlink_metadata(at) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::DirBuilder::new().mode(0o755).create(at)
        }
        Err(error) => Err(error),
        Ok(about) if about.is_dir() => Ok(()),
        Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, Kernel, Step, perform};

    /// Writes down what it is to do, and does nothing.
    #[derive(Default)]
    struct Recorder {
        steps: Vec<Step>,
        fails_at: Option<usize>,
    }

    impl Kernel for Recorder {
        fn perform(&mut self, step: &Step) -> std::io::Result<()> {
            if self.fails_at == Some(self.steps.len()) {
                return Err(std::io::ErrorKind::PermissionDenied.into());
            }
            self.steps.push(step.clone());
            Ok(())
        }
    }

    #[test]
    fn nothing_is_done_behind_a_step_that_broke() {
        let loopback = Step::Loopback([10, 0, 2, 100]);
        let steps = [Step::PrivateMounts, loopback.clone(), Step::Filter];
        let mut all = Recorder::default();
        perform(&mut all, &steps).expect("all is done");
        assert_eq!(all.steps, steps);
        let mut some = Recorder {
            fails_at: Some(1),
            ..Recorder::default()
        };
        let Broken { step, .. } = perform(&mut some, &steps).expect_err("one breaks");
        assert_eq!((step, some.steps.len()), (loopback, 1));
    }
}
