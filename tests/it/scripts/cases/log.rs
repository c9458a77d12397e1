//! What the log shows: commands, sections, and the output in its order.

use super::{Case, NEW};

pub(in super::super) const LOG: &[Case] = &[
    Case {
        name: "echo: blocks, blanks, empty lines",
        script: &[
            "echo one\necho two\n",
            "",
            "  echo spaced\t",
            "echo kept\n\n\n",
        ],
        log: &[
            "$ echo one # collapsed multi-line command",
            "one",
            "two",
            "",
            "$ echo spaced",
            "spaced",
            "$ echo kept",
            "kept",
        ],
        ..NEW
    },
    Case {
        name: "echo: hard characters",
        script: &[
            "echo 'a\\nb' '100% %s' '$V'",
            "printf '%d%%\\n' 5",
            "echo \"hi! !! !$\"",
        ],
        variables: &[("V", "value")],
        log: &[
            "$ echo 'a\\nb' '100% %s' '$V'",
            "a\\nb 100% %s $V",
            "$ printf '%d%%\\n' 5",
            "5%",
            "$ echo \"hi! !! !$\"",
            "hi! !! !$",
        ],
        ..NEW
    },
    Case {
        name: "sections show the whole block",
        variables: &[("FF_SCRIPT_SECTIONS", "true")],
        script: &["echo one\necho two", "echo three"],
        log: &[
            "$ echo one",
            "echo two",
            "",
            "one",
            "two",
            "$ echo three",
            "three",
        ],
        ..NEW
    },
    Case {
        name: "output without an end of line",
        script: &["printf no-newline", "echo next"],
        log: &["$ printf no-newline", "no-newline$ echo next", "next"],
        ..NEW
    },
    Case {
        name: "stdout and stderr keep their order",
        script: &["echo 1; echo 2 >&2; echo 3; echo 4 >&2"],
        log: &[
            "$ echo 1; echo 2 >&2; echo 3; echo 4 >&2",
            "1",
            "2",
            "3",
            "4",
        ],
        ..NEW
    },
];
