//! What holds between the lines of a script, what ends it, and with which status.

use super::{Case, NEW};

pub(in super::super) const ENDINGS: &[Case] = &[
    Case {
        name: "functions and variables hold between lines",
        script: &[
            "greet() { echo \"hello $1\"; }",
            "greet you",
            "x=5",
            "echo $((x+1))",
        ],
        log: &[
            "$ greet() { echo \"hello $1\"; }",
            "$ greet you",
            "hello you",
            "$ x=5",
            "$ echo $((x+1))",
            "6",
        ],
        ..NEW
    },
    Case {
        name: "aliases are not expanded",
        script: &["alias hi='echo alias'", "hi || echo no alias expansion"],
        log: &[
            "$ alias hi='echo alias'",
            "$ hi || echo no alias expansion",
            "<shell>: hi: command not found",
            "no alias expansion",
        ],
        ..NEW
    },
    Case {
        name: "errexit: the left side of && in the middle",
        script: &["false && echo no", "echo still here"],
        log: &["$ false && echo no", "$ echo still here", "still here"],
        ..NEW
    },
    Case {
        name: "the status of the last command is the job's",
        script: &["[ -n \"$UNSET_THING\" ] && echo y"],
        exit: 1,
        log: &["$ [ -n \"$UNSET_THING\" ] && echo y"],
        ..NEW
    },
    Case {
        name: "errexit: let",
        script: &["i=0", "((i++))", "echo no"],
        exit: 1,
        log: &["$ i=0", "$ ((i++))"],
        ..NEW
    },
    Case {
        name: "errexit: a group in a pipe",
        script: &["{ echo a; false; echo b-no; } | cat", "echo c-no"],
        exit: 1,
        log: &["$ { echo a; false; echo b-no; } | cat", "a"],
        ..NEW
    },
    Case {
        name: "errexit: a function in a condition",
        script: &[
            "f() { false; echo \"after false\"; }",
            "if f; then echo yes; fi",
            "f",
            "echo no",
        ],
        exit: 1,
        log: &[
            "$ f() { false; echo \"after false\"; }",
            "$ if f; then echo yes; fi",
            "after false",
            "yes",
            "$ f",
        ],
        ..NEW
    },
    Case {
        name: "errexit: a substitution",
        script: &["x=$(false)", "echo no"],
        exit: 1,
        log: &["$ x=$(false)"],
        ..NEW
    },
    Case {
        name: "pipefail",
        script: &["false | cat", "echo past"],
        exit: 1,
        log: &["$ false | cat"],
        ..NEW
    },
    Case {
        name: "set +e by the user",
        script: &["set +e", "false", "echo went on"],
        log: &["$ set +e", "$ false", "$ echo went on", "went on"],
        ..NEW
    },
    Case {
        name: "set -u by the user",
        script: &["set -u", "echo \"$UNDEFINED_THING\"", "echo never"],
        exit: 1,
        log: &[
            "$ set -u",
            "$ echo \"$UNDEFINED_THING\"",
            "<shell>: UNDEFINED_THING: unbound variable",
        ],
        ..NEW
    },
    Case {
        name: "stdin is empty",
        script: &[
            "while read l; do echo \"got $l\"; done",
            "cat >/dev/null",
            "[ -t 1 ] || echo no terminal",
        ],
        log: &[
            "$ while read l; do echo \"got $l\"; done",
            "$ cat >/dev/null",
            "$ [ -t 1 ] || echo no terminal",
            "no terminal",
        ],
        ..NEW
    },
    Case {
        name: "a trap on EXIT",
        script: &["trap 'echo bye' EXIT", "echo work", "exit 3"],
        exit: 3,
        log: &[
            "$ trap 'echo bye' EXIT",
            "$ echo work",
            "work",
            "$ exit 3",
            "bye",
        ],
        ..NEW
    },
    Case {
        name: "exit 0 in the middle",
        script: &["echo one", "exit 0", "echo two"],
        log: &["$ echo one", "one", "$ exit 0"],
        ..NEW
    },
    Case {
        name: "an unknown command",
        script: &["no-such-command-here"],
        exit: 127,
        log: &[
            "$ no-such-command-here",
            "<shell>: no-such-command-here: command not found",
        ],
        ..NEW
    },
    Case {
        name: "status of a function",
        script: &["f() { return 9; }", "f", "echo no"],
        exit: 9,
        log: &["$ f() { return 9; }", "$ f"],
        ..NEW
    },
    Case {
        name: "a subshell's exit",
        script: &["(exit 6)", "echo no"],
        exit: 6,
        log: &["$ (exit 6)"],
        ..NEW
    },
    Case {
        name: "wait gives the status of a background job",
        script: &["(sleep 0.1; exit 3) & p=$!", "wait $p", "echo no"],
        exit: 3,
        log: &["$ (sleep 0.1; exit 3) & p=$!", "$ wait $p"],
        ..NEW
    },
    Case {
        name: "TERM to the script's shell",
        script: &["kill -TERM $BASHPID", "sleep 1", "echo no"],
        exit: 1,
        log: &["$ kill -TERM $BASHPID"],
        ..NEW
    },
    Case {
        name: "before a syntax error the earlier lines run",
        script: &["echo first", "fi"],
        exit: 2,
        log: &[
            "$ echo first",
            "first",
            "$ fi",
            "<shell>: syntax error near unexpected token `fi'",
        ],
        ..NEW
    },
    Case {
        name: "a structure over several items",
        script: &["if true; then", "echo yes", "fi"],
        log: &["$ if true; then", "$ echo yes", "yes", "$ fi"],
        ..NEW
    },
    Case {
        name: "every status counts when asked",
        variables: &[("FF_ENABLE_BASH_EXIT_CODE_CHECK", "true")],
        script: &["echo a", "! true", "echo never"],
        exit: 1,
        log: &["$ echo a", "a", "$ ! true"],
        ..NEW
    },
];
