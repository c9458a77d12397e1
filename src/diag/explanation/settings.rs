//! Settings and trust (design chapter 3, 7).

use super::text::{
    Example::{Command, Files},
    Texts, text,
};
use crate::diag::Code;

const PIPELINE: (&str, &str) = (".gitlab-ci.yml", "test:\n  script: make test\n");

pub(super) const TEXTS: Texts = &[
    text(
        Code::SettingUnknown,
        "No setting has that name. It is not ignored, for a slip in it would change what you get.",
        Files(&[
            PIPELINE,
            (".pipe/config.toml", "defualt-image = \"ruby:3.1\"\n"),
        ]),
        "Correct the name, or take the line out.",
    ),
    text(
        Code::SettingInvalid,
        "The setting does not take this value.",
        Files(&[PIPELINE, (".pipe/config.toml", "default-image = \"\"\n")]),
        "Give it a value as the message says, or take the line out.",
    ),
    text(
        Code::SettingUnreadable,
        "A file with settings or variables is there, but can't be read. Going on without it could do \
         something else than you meant.",
        Command("pipe list, where `~/.config/pipe/config.toml` is no text or may not be read"),
        "Make the file readable, or move it away.",
    ),
    text(
        Code::SettingNotAllowed,
        "A repository may not decide this: where jobs run, with what rights, and what may act outside is \
         up to you alone.",
        Files(&[PIPELINE, (".pipe/config.toml", "executor = \"shell\"\n")]),
        "If you want it, put the line that the message names into your own settings.",
    ),
    text(
        Code::GrantMissing,
        "A job needs something of this machine that could do harm, as the socket of the Docker daemon. \
         Only you can grant it, never the repository.",
        Command("pipe run, with a job that builds images through a socket"),
        "If you trust the repository, put the line that the message names into your own settings.",
    ),
    text(
        Code::VariablesInvalid,
        "Something in a file of variables is not as it has to be: names with a value, a mapping, or a \
         list of mappings for several environments.",
        Files(&[PIPELINE, (".pipe/variables.yml", "TOKEN: [a, b]\n")]),
        "Correct the place that the message shows.",
    ),
];
