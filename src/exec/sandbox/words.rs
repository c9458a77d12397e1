//! What could not be done to make a sandbox, in words.

use std::io::{self, ErrorKind};

use super::inside::cause::Cause;
use super::inside::kernel::Broken;
use super::step::{KernelTree, Step};
use crate::foreign::{is_disk_full, system_words};

/// `/proc can't be mounted: operation not permitted`.
pub(super) fn broken(broken: &Broken) -> String {
    let what = match &broken.step {
        Step::Expendable => "the order in which memory is freed can't be set".to_owned(),
        Step::Group { at, .. } => format!("the limits can't be set in `{}`", at.display()),
        Step::MostProcesses(_) => "the number of processes can't be limited".to_owned(),
        Step::PrivateMounts => "the mounts can't be set apart".to_owned(),
        Step::Overlay { .. } => "the layers can't be laid over each other".to_owned(),
        Step::Unite { .. } => "the trees of this machine can't be put together".to_owned(),
        Step::Copied { .. } => "the layers can't be copied".to_owned(),
        Step::Device(path) | Step::Share(path) | Step::Given { from: path, .. } => {
            format!("`{}` can't be shared", path.display())
        }
        Step::EnterRoot { .. } => "the root can't be changed".to_owned(),
        Step::KernelTree(KernelTree::Proc) => {
            "a new `/proc` can't be mounted (is a part of it hidden?)".to_owned()
        }
        Step::KernelTree(KernelTree::Sys) => "a new `/sys` can't be mounted".to_owned(),
        Step::PlainFolder { at } if is_of_image(broken) => {
            let at = at.display();
            return format!("`{at}` of the image has to be a folder, and is a link or a file");
        }
        Step::Folder { at, .. } | Step::OpenFolder { at } if is_in_the_way(&broken.error) => {
            let at = at.display();
            return format!(
                "`{at}` can't be made: it is a file in the image, or a folder above it is one"
            );
        }
        Step::Attach { at, .. } | Step::Lend { at, .. } | Step::Lay { at, .. } => {
            format!("`{}` can't be mounted", at.display())
        }
        Step::Fresh { at, .. } => format!("a new `{}` can't be mounted", at.display()),
        Step::PlainFolder { at }
        | Step::Folder { at, .. }
        | Step::OpenFolder { at }
        | Step::Own { at, .. }
        | Step::File { at, .. }
        | Step::Link { at, .. } => {
            format!("`{}` can't be made", at.display())
        }
        Step::Hide { at } => format!("`{}` can't be hidden", at.display()),
        Step::ReadOnly { at } => format!("`{}` can't be protected", at.display()),
        Step::Hostname(_) => "the machine can't be named".to_owned(),
        Step::Gate(_) => "the gate of the network can't be made".to_owned(),
        Step::Pair { .. } | Step::EnterJobNetwork => {
            "the networks of the job and of a service can't be joined (is the kernel's module `veth` \
             there?)"
                .to_owned()
        }
        Step::Interface { name, .. } | Step::Route { device: name, .. } => {
            format!("the device `{name}` of the network can't be taken into use")
        }
        Step::Loopback(_) => "the network's loopback can't be taken into use".to_owned(),
        Step::Sysctl { name, .. } => format!("`/proc/sys/{name}` can't be set"),
        Step::NoNewPrivileges | Step::Capabilities | Step::Undumpable => {
            "rights can't be given up".to_owned()
        }
        Step::Filter => "the filter of system calls can't be set".to_owned(),
    };
    format!("{what}: {}", system_words(&broken.error))
}

/// What is to blame for it.
pub(super) fn cause(broken: &Broken) -> Cause {
    if is_of_image(broken) {
        Cause::Job
    } else if makes_folder(&broken.step) && is_in_the_way(&broken.error) {
        // Docker's daemon fails there at the start of the container, which is the system's failure and says
        // nothing of the machine.
        Cause::Moment
    } else if makes_files(&broken.step) && is_disk_full(&broken.error) {
        Cause::FullDisk
    } else {
        Cause::of(&broken.error)
    }
}

/// Whether a step makes files. Of others the kernel says that no space is left where it means something
/// else than a disk.
fn makes_files(step: &Step) -> bool {
    matches!(
        step,
        Step::Overlay { .. }
            | Step::Unite { .. }
            | Step::Copied { .. }
            | Step::Folder { .. }
            | Step::OpenFolder { .. }
            | Step::PlainFolder { .. }
            | Step::File { .. }
            | Step::Own { .. }
            | Step::Link { .. }
    )
}

fn makes_folder(step: &Step) -> bool {
    matches!(step, Step::Folder { .. } | Step::OpenFolder { .. })
}

/// Whether something else than a folder is there.
fn is_in_the_way(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory
    )
}

fn is_of_image(broken: &Broken) -> bool {
    matches!(broken.step, Step::PlainFolder { .. })
        && broken.error.kind() == ErrorKind::NotADirectory
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use super::super::inside::kernel::Broken;
    use super::{Cause, Step, cause};

    #[test]
    fn a_disk_is_full_where_files_are_made_and_files_may_be_in_the_way() {
        let at = || PathBuf::from("/x");
        let file = || Step::File {
            at: at(),
            mode: 0o644,
            content: String::new(),
        };
        let pair = || Step::Pair {
            name: String::new(),
            other: String::new(),
        };
        let group = Step::Group {
            at: at(),
            settings: Vec::new(),
        };
        for (step, number, wanted) in [
            (file(), libc::ENOSPC, Cause::FullDisk),
            (file(), libc::EDQUOT, Cause::FullDisk),
            (file(), libc::EACCES, Cause::Machine),
            (pair(), libc::EOPNOTSUPP, Cause::Machine),
            (group, libc::ENOSPC, Cause::Moment),
            (Step::PlainFolder { at: at() }, libc::ENOTDIR, Cause::Job),
            (Step::OpenFolder { at: at() }, libc::EEXIST, Cause::Moment),
            (Step::OpenFolder { at: at() }, libc::EROFS, Cause::Machine),
        ] {
            let error = io::Error::from_raw_os_error(number);
            let broken = Broken { step, error };
            assert_eq!(cause(&broken), wanted, "{broken:?}");
        }
    }
}
