//! The repository (design chapter 2).

use super::text::{
    Example::{Command, Files},
    Texts, text,
};
use crate::diag::Code;

pub(super) const TEXTS: Texts = &[
    text(
        Code::ConfigMissing,
        "The repository has no `.gitlab-ci.yml`, or not the file that `--file` or the setting `file` \
         names.",
        Files(&[("README.md", "A project without a pipeline.\n")]),
        "Add the file at the top of the repository, or say with `--file` where it is.",
    ),
    text(
        Code::ConfigUnreadable,
        "Something of that name is there, but it is no file that can be read: a folder, a device, a link \
         that leads out of the repository, or the system refuses.",
        Files(&[(".gitlab-ci.yml/build.yml", "build:\n  script: make\n")]),
        "Put a file there that you may read.",
    ),
    text(
        Code::NotARepository,
        "`pipe` works in a checkout of git, and this folder is in none.",
        Command("pipe list, in a folder outside of any checkout"),
        "Go into the checkout, or name it with `-C`.",
    ),
    text(
        Code::NoCommit,
        "A pipeline is for a commit, and this repository has none yet.",
        Command("pipe list, right after `git init`"),
        "Commit something.",
    ),
    text(
        Code::BareRepository,
        "The repository has no work tree: it is one to push to, not one to work in.",
        Command("pipe list, in a repository made with `git init --bare`"),
        "Clone it, and work in the clone.",
    ),
    text(
        Code::RepositoryUnreadable,
        "Files of git are damaged, missing or of a kind that `pipe` can't read.",
        Command("pipe list, in a repository that lost some of its objects"),
        "`git fsck` says what is broken; a fresh clone mends most of it.",
    ),
    text(
        Code::RevisionUnknown,
        "A branch, tag or commit of that name is not in this repository.",
        Command("pipe list --merge-request --target-branch no-such-branch"),
        "Correct the name, or bring it with `git fetch`.",
    ),
];
