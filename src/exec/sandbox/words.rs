//! What could not be done to make a sandbox, in words.

use super::kernel::Broken;
use super::step::{Fresh, Step};
use crate::foreign::system_words;

/// `/proc can't be mounted: operation not permitted`.
pub(super) fn broken(broken: &Broken) -> String {
    let what = match &broken.step {
        Step::OwnMounts | Step::PrivateMounts => "the mounts can't be set apart".to_owned(),
        Step::Overlay { .. } => "the layers can't be laid over each other".to_owned(),
        Step::Device(path) | Step::Share(path) => format!("`{}` can't be shared", path.display()),
        Step::EnterRoot { .. } | Step::LeaveHost => "the root can't be changed".to_owned(),
        Step::Attach { at, .. } | Step::Lend { at, .. } => {
            format!("`{}` can't be mounted", at.display())
        }
        Step::Fresh { kind, at, .. } => {
            let at = at.display();
            match kind {
                Fresh::Proc => format!("a new `{at}` can't be mounted (is a part of it hidden?)"),
                _ => format!("a new `{at}` can't be mounted"),
            }
        }
        Step::Folder { at, .. } | Step::File { at, .. } | Step::Link { at, .. } => {
            format!("`{}` can't be made", at.display())
        }
        Step::Hide { at } => format!("`{}` can't be hidden", at.display()),
        Step::ReadOnly { at } => format!("`{}` can't be protected", at.display()),
        Step::Hostname(_) => "the machine can't be named".to_owned(),
        Step::Loopback => "the network's loopback can't be taken into use".to_owned(),
        Step::Sysctl { name, .. } => format!("`/proc/sys/{name}` can't be set"),
        Step::NoNewPrivileges | Step::Capabilities | Step::Undumpable => {
            "rights can't be given up".to_owned()
        }
        Step::Filter => "the filter of system calls can't be set".to_owned(),
    };
    format!("{what}: {}", system_words(&broken.error))
}
