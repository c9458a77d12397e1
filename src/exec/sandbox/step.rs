//! What is done to make a sandbox, step by step, as data: `plan` writes it, `kernel` does it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One step. Paths are those that its process sees at that moment: this machine's up to
/// [`Step::EnterRoot`], from then on those inside, where no link leads out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    /// Where memory runs out, this process and all that it starts go before others.
    Expendable,
    /// Makes a control group with limits.
    Group {
        at: PathBuf,
        settings: Vec<GroupSetting>,
    },
    /// Mounts of this process from here on are no concern of anybody else, nor theirs of it.
    PrivateMounts,
    /// Puts together a tree: what is written goes to `upper`. It lies nowhere yet. Trees are
    /// counted from 0, those first that another sandbox lent.
    Overlay {
        /// The lowest last, as the kernel names them.
        lower: Vec<PathBuf>,
        upper: PathBuf,
        work: PathBuf,
        /// Any folder: it is in use for a moment, or as long as sandboxes are made.
        staging: PathBuf,
        /// Whether it stays there for other sandboxes. What has stayed is taken as it is.
        stays: bool,
        /// Whose marks for what is gone count: those of this machine's root, or a user's own.
        marks: Marks,
    },
    /// Puts trees of this machine together below a folder, each at its own path, for reading alone:
    /// they are a layer then. They stay there for other sandboxes; what has stayed is taken as it is.
    Unite { trees: Vec<PathBuf>, at: PathBuf },
    /// Puts together a tree by copying, where the kernel lays layers over each other for root alone.
    Copied {
        /// The lowest last.
        lower: Vec<PathBuf>,
        /// An empty folder.
        upper: PathBuf,
        marks: Marks,
    },
    /// Takes a device of this machine.
    Device(PathBuf),
    /// Takes a tree of this machine as it is, with all that is mounted in it. Nobody writes there.
    Share(PathBuf),
    /// Takes a folder or a file of this machine that the user lets jobs have.
    Given { from: PathBuf, read_only: bool },
    /// Takes a new tree of the kernel's own. It gives them only where the old ones are in sight.
    KernelTree(KernelTree),
    /// Makes a tree the root, and gives up the old one: nothing of this machine can be reached any
    /// more, whatever is looked up from here on.
    EnterRoot { tree: usize },
    /// Gives a tree its place.
    Attach { tree: usize, at: PathBuf },
    /// Mounts a new file system.
    Fresh {
        kind: Fresh,
        at: PathBuf,
        options: String,
    },
    /// Makes a folder and those above it, where it is not there; the last one gets that mode.
    Folder { at: PathBuf, mode: u32 },
    /// Makes a folder, which is then open to all, also where it is there.
    OpenFolder { at: PathBuf },
    /// Makes a folder that must not be a link: what protects the kernel's own files goes by their
    /// names.
    PlainFolder { at: PathBuf },
    /// Makes a file, or gives it another content.
    File {
        at: PathBuf,
        mode: u32,
        content: String,
    },
    /// Gives what is there to a user of the image, so that nobody else may write it; one whom it does not
    /// know gets nothing.
    Own { at: PathBuf, user: String },
    /// Lays a file over one that is there: it can be written, and nobody can put another in its place.
    Lay { at: PathBuf, content: String },
    /// Makes a link.
    Link { at: PathBuf, target: PathBuf },
    /// Hides a file or a folder; one that is not there needs no hiding.
    Hide { at: PathBuf },
    /// Lets nobody write there; nothing to do where it is not there.
    ReadOnly { at: PathBuf },
    /// Makes what is mounted there ready for other sandboxes, as many times as there are.
    Lend { at: PathBuf, times: usize },
    /// Names the machine.
    Hostname(String),
    /// Gives the network its loopback, with that address besides.
    Loopback([u8; 4]),
    /// Gives it a device that leads to us alone, with that address.
    Gate([u8; 4]),
    /// Makes two devices: what goes into one comes out of the other, which is in the job's network.
    Pair { name: String, other: String },
    /// Goes into the job's network, where one of a service is made beside it.
    EnterJobNetwork,
    /// Takes a device into use, with an address where the network has none yet.
    Interface {
        name: String,
        address: Option<[u8; 4]>,
    },
    /// Has packets to the addresses that begin with these bits go to a device, and to whoever carries
    /// them on, if that is not who has them.
    Route {
        device: String,
        to: [u8; 4],
        bits: u8,
        by: Option<[u8; 4]>,
        from: [u8; 4],
    },
    /// Sets what the kernel has under `/proc/sys`. One that is not needed it may refuse.
    Sysctl {
        name: String,
        value: String,
        needed: bool,
    },
    /// No program that is run gives more rights than there are.
    NoNewPrivileges,
    /// How many processes a user may have inside.
    MostProcesses(u64),
    /// The filter of system calls.
    Filter,
    /// Only those capabilities are left that containers have by default.
    Capabilities,
    /// Nobody inside may look into this process.
    Undumpable,
}

/// What is written to a file of a control group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GroupSetting {
    pub(super) file: String,
    pub(super) value: String,
    /// Whether there is no limit without it. Others are not there in each kernel.
    pub(super) needed: bool,
}

/// What the kernel shows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum KernelTree {
    Proc,
    Sys,
}

/// A file system that the kernel makes anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Fresh {
    Proc,
    Tmp,
    /// The same, where programs can be run.
    TmpOfPrograms,
    Pts,
    Mqueue,
}

/// In which extended attributes an overlay keeps its marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Marks {
    /// `trusted.overlay.*`.
    Root,
    /// `user.overlay.*`.
    User,
}
