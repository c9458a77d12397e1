//! What came of making a sandbox of nothing is noted, and believed by later runs as long as nothing is
//! other that may decide about it: the kernel, this program, its rights, the namespaces it is in.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::inside::errand::ranges;
use crate::images::layer::LayerForm;

/// How the trees of sandboxes come about: what was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layering {
    /// Layers are laid over each other, and trees of this machine are put together to be one.
    United,
    /// Layers are laid over each other.
    Laid,
    /// Layers have to be copied.
    Copied,
}

/// What decides about sandboxes here, as text. What can't be read is nothing, then as before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Surroundings(String);

impl Surroundings {
    /// Those of this process, whose sandboxes are below `base`. Blocks.
    pub(super) fn here(base: &Path, rights: LayerForm, own_network: bool) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let status = read("/proc/self/status");
        let rights_of_process = status.lines().filter(|line| {
            let names = ["Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Seccomp"];
            names.iter().any(|name| line.starts_with(name))
        });
        let mut text = rights_of_process.fold(String::new(), |text, line| text + line + "\n");
        let namespaces = ["user", "mnt", "pid"]
            .map(|name| fs::read_link(format!("/proc/self/ns/{name}")).unwrap_or_default());
        let about = |path: &Path| {
            let about = fs::metadata(path).ok()?;
            Some((about.dev(), about.ino(), about.size(), about.mtime_nsec()))
        };
        let program = about(Path::new("/proc/self/exe"));
        let device = about(base).map(|(device, ..)| device);
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{}{}{namespaces:?} {program:?} {device:?} {rights:?} {:?} {own_network}",
            read("/proc/sys/kernel/random/boot_id"),
            read("/proc/self/attr/current"),
            ranges(),
        );
        Self(text)
    }

    /// What was noted in the same surroundings. Blocks.
    pub(super) fn known(&self, base: &Path) -> Option<Layering> {
        let noted = fs::read_to_string(place(base)).ok()?;
        [Layering::United, Layering::Laid, Layering::Copied]
            .into_iter()
            .find(|known| self.note(*known) == noted)
    }

    /// Notes it. Where that can't be done, it is found out again. Blocks.
    pub(super) fn keep(&self, base: &Path, known: Layering) {
        let _ = fs::write(place(base), self.note(known));
    }

    fn note(&self, known: Layering) -> String {
        format!("{}layers: {known:?}\n", self.0)
    }
}

/// Nothing is believed any more. Blocks.
pub(super) fn forget(base: &Path) {
    let _ = fs::remove_file(place(base));
}

fn place(base: &Path) -> PathBuf {
    base.join("known")
}

#[cfg(test)]
mod tests {
    use super::super::super::{Cx, Executor, Keyring};
    use super::super::{
        SandboxExecutor, SandboxExtras, SandboxLimits, SandboxNetwork, SandboxSettings,
    };
    use super::*;
    use crate::images::layer::{Marks, Owners};

    #[tokio::test]
    async fn a_run_believes_and_whoever_only_looks_tries() {
        let base = tempfile::tempdir().expect("a folder");
        let base = base.path();
        for believes in [true, false] {
            let executor = SandboxExecutor::new(SandboxSettings {
                base: base.to_owned(),
                images: base.join("images"),
                keyring: Keyring::of_user(None, None),
                limits: SandboxLimits::default(),
                certificates: None,
                network: SandboxNetwork::Alone,
                extras: SandboxExtras::default(),
                run: "1".to_owned(),
                believes,
            });
            let rights = executor.rights().await.expect("known");
            let here = Surroundings::here(base, rights, executor.network().is_own);
            here.keep(base, Layering::Copied);
            let probed = executor.probe(&Cx::unstoppable()).await;
            probed.expect("sandboxes can be made");
            assert!(!believes || executor.layering() == Layering::Copied);
            assert_eq!(here.known(base), Some(executor.layering()));
        }
    }

    #[test]
    fn what_was_noted_is_believed_in_the_same_surroundings_alone() {
        let base = tempfile::tempdir().expect("a folder");
        let base = base.path();
        let rights = |marks| LayerForm {
            owners: Owners::Image,
            marks,
        };
        let here = || Surroundings::here(base, rights(Marks::Trusted), true);
        assert_eq!(here().known(base), None, "nothing is noted");
        for known in [Layering::Copied, Layering::Laid, Layering::United] {
            here().keep(base, known);
            assert_eq!(here().known(base), Some(known));
        }
        let others = [
            Surroundings::here(base, rights(Marks::User), true),
            Surroundings::here(base, rights(Marks::Trusted), false),
            Surroundings(here().0.replacen("Seccomp:\t", "Seccomp:\t1", 1)),
            Surroundings(here().0.replacen("CapEff:\t", "CapEff:\t1", 1)),
            Surroundings(here().0.replacen("user:[", "user:[1", 1)),
        ];
        for other in others {
            assert_ne!(other, here());
            assert_eq!(other.known(base), None, "{other:?}");
        }
        forget(base);
        assert_eq!(here().known(base), None, "it is forgotten");
    }
}
