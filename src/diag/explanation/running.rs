//! Running, and what was run (design chapter 3, 6).

use super::text::{Example::Command, Texts, text};
use crate::diag::Code;

pub(super) const TEXTS: Texts = &[
    text(
        Code::KeywordUnsupported,
        "Jobs that were chosen use a keyword that changes what they do and that `pipe run` can't honour \
         yet. It refuses them rather than running something else.",
        Command("pipe run, with a job that has `identity`"),
        "The message has the command that leaves such jobs out.",
    ),
    text(
        Code::ExecutorUnavailable,
        "What should run the jobs can't be used: no Docker daemon answers, or the one that was named is \
         out of reach.",
        Command("pipe run --executor docker, without a daemon"),
        "`pipe doctor` says what this machine offers.",
    ),
    text(
        Code::ImageMissing,
        "Images that jobs need are not on this machine, and can't or may not be brought.",
        Command("pipe run --offline, with an image that was never pulled"),
        "Pull them while you are online, or correct the names.",
    ),
    text(
        Code::ImageUnset,
        "The job names no image, nor does the configuration, and in Docker a job can't do without. On \
         GitLab the runner has one of its own.",
        Command("pipe run, with a job without `image` and no default"),
        "Set `default-image` in your settings, or `default:image` in the configuration.",
    ),
    text(
        Code::JobWithoutShell,
        "`pipe shell` opens a shell in the place of one job's script. The name stands for several jobs, \
         as that of a parallel job does, or for a job that starts a pipeline.",
        Command("pipe shell test, with a job `test` that has `parallel: 3`"),
        "Name one job with a script: `pipe list` shows them.",
    ),
    text(
        Code::TerminalMissing,
        "`pipe shell` is for a person at a terminal: both what it reads and what it writes have to be \
         one.",
        Command("echo make | pipe shell test"),
        "Start it in a terminal. `pipe run` needs none.",
    ),
    text(
        Code::RunUnknown,
        "No run of that id or number is on record here. The newest 20 of a project are kept.",
        Command("pipe logs --run 999"),
        "`pipe runs` lists those there are.",
    ),
    text(
        Code::JobNotRecorded,
        "No run on record has what you ask for of that job: it never ran, or kept nothing.",
        Command("pipe logs no-such-job"),
        "`pipe runs` lists the runs; the job may have had another name then.",
    ),
    text(
        Code::StateUnwritable,
        "`pipe` keeps its records in folders of your home, and can't write there.",
        Command("pipe run, with a home folder on a full disk"),
        "Make room, or give the folder back to its owner. `XDG_STATE_HOME` moves it.",
    ),
    text(
        Code::OutputUnwritable,
        "What the command says could not be written to its end, so that something is missing in it.",
        Command("pipe list > /dev/full"),
        "Make room where the output goes.",
    ),
];
