//! How owners and removed files are written in the folder of a layer.

use serde::{Deserialize, Serialize};

/// How a layer is written, which depends on who writes it. Layers of different forms lie in
/// different folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerForm {
    /// Whose the files are.
    pub owners: Owners,
    /// How overlayfs is told that a folder hides what lies below.
    pub marks: Marks,
}

/// Whose the files of a layer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owners {
    /// As the image says: whoever writes is root, of this machine or of a user namespace with
    /// ranges of ids. File capabilities are kept.
    Image,
    /// The one id of whoever writes, which a container of one id shows as root. The image's owners
    /// and its file capabilities are lost. Set-user-id bits stay, and name that id alone: nobody
    /// gains by them, and the store is closed to others.
    One,
}

/// How overlayfs is told that a folder hides what lies below. A removed file is a character device
/// 0:0 in both, which Linux lets everyone make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Marks {
    /// `trusted.overlay.opaque`, which only root of the machine can write. Plain mounts.
    Trusted,
    /// `user.overlay.opaque`: the overlay must be mounted with `userxattr`.
    User,
}

impl LayerForm {
    /// All forms.
    pub(in crate::images) const ALL: [Self; 4] = [
        Self::of(Owners::Image, Marks::Trusted),
        Self::of(Owners::Image, Marks::User),
        Self::of(Owners::One, Marks::Trusted),
        Self::of(Owners::One, Marks::User),
    ];

    const fn of(owners: Owners, marks: Marks) -> Self {
        Self { owners, marks }
    }

    /// The name of the folder for layers of this form.
    pub(in crate::images) const fn folder(self) -> &'static str {
        match (self.owners, self.marks) {
            (Owners::Image, Marks::Trusted) => "root",
            (Owners::Image, Marks::User) => "mapped",
            (Owners::One, Marks::Trusted) => "one-trusted",
            (Owners::One, Marks::User) => "one",
        }
    }
}

impl Marks {
    /// The attribute of a folder that hides what lies below; its value is `y`.
    pub(super) const fn opaque(self) -> &'static str {
        match self {
            Self::Trusted => "trusted.overlay.opaque",
            Self::User => "user.overlay.opaque",
        }
    }
}
