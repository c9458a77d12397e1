//! Cases of containers alone: their shells, users and processes.

use super::{BUSYBOX, Case, NEW};

pub(in super::super) const CONTAINERS: &[Case] = &[
    Case {
        name: "busybox: errexit, pipefail, noclobber",
        image: BUSYBOX,
        script: &[
            "case $- in *e*) echo errexit on;; esac",
            "set -o | grep -E '^(pipefail|noclobber)' | tr -s ' \\t' ' '",
            "echo \"$# arguments\"",
        ],
        log: &[
            "$ case $- in *e*) echo errexit on;; esac",
            "errexit on",
            "$ set -o | grep -E '^(pipefail|noclobber)' | tr -s ' \\t' ' '",
            "noclobber off",
            "pipefail on",
            "$ echo \"$# arguments\"",
            "0 arguments",
        ],
        ..NEW
    },
    Case {
        name: "the shell is process 1",
        script: &["kill -9 $$", "echo survived $$"],
        log: &["$ kill -9 $$", "$ echo survived $$", "survived 1"],
        ..NEW
    },
    Case {
        name: "a child that a signal ends",
        script: &[
            "bash -c 'kill -9 $$' || echo \"child ended with $?\"",
            "bash -c 'kill -15 $$'",
        ],
        exit: 143,
        log: &[
            "$ bash -c 'kill -9 $$' || echo \"child ended with $?\"",
            "child ended with 137",
            "$ bash -c 'kill -15 $$'",
        ],
        ..NEW
    },
    Case {
        name: "a background process does not hold the job",
        script: &["sleep 300 &", "echo end"],
        log: &["$ sleep 300 &", "$ echo end", "end"],
        ..NEW
    },
    Case {
        name: "the umask is the image's",
        script: &["umask"],
        after: &["umask"],
        log: &[
            "$ umask",
            "0022",
            "Running after script...",
            "$ umask",
            "0022",
        ],
        ..NEW
    },
    Case {
        name: "entrypoint [sh, -c] where sh is busybox",
        image: BUSYBOX,
        entrypoint: &["/bin/sh", "-c"],
        script: &["echo works"],
        log: &["$ echo works", "works"],
        ..NEW
    },
    Case {
        name: "dash: the runner's scripts fail there, so ours do and say why",
        entrypoint: &["/bin/sh", "-c"],
        script: &["echo never"],
        exit: 2,
        log: &[
            "pipe: this image has no shell that GitLab Runner's scripts work in (its sh is dash or alike, without $'...' quoting):",
            "pipe: on GitLab this job fails with exit code 2 too; use an image with bash or busybox,",
            "pipe: or set the variable FF_POSIXLY_CORRECT_ESCAPES: \"true\"",
        ],
        ..NEW
    },
    Case {
        name: "dash with FF_POSIXLY_CORRECT_ESCAPES",
        entrypoint: &["/bin/sh", "-c"],
        variables: &[
            ("FF_POSIXLY_CORRECT_ESCAPES", "true"),
            ("V", "a'b \"c\" $d \\e"),
        ],
        script: &[
            "echo works",
            "printf '<%s>\\n' \"$V\"",
            "false | true",
            "echo past",
        ],
        log: &[
            "$ echo works",
            "works",
            "$ printf '<%s>\\n' \"$V\"",
            "<a'b \"c\" $d \\e>",
            "$ false | true",
            "$ echo past",
            "past",
        ],
        ..NEW
    },
];
