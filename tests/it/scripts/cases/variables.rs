//! What variables hold in a script, in `after_script` and in files.

use super::{Case, NEW};

pub(in super::super) const VARIABLES: &[Case] = &[
    Case {
        name: "values with every hard character",
        variables: &[
            ("QUOTES", "a'b\"c`d`e"),
            ("DOLLAR", "$HOME $(id) 5$"),
            ("BACKSLASH", "a\\b\\\\c\\n\\"),
            ("META", "a;b|c&d<e>f(g)h{i}j[k]l#m!n~o^p%q=r:s,t?u"),
            ("SPACES", "  two  blanks  "),
            ("UNICODE", "äöü € 日本 🎉"),
            ("EMPTY", ""),
            ("LINES", "one\ntwo\n"),
        ],
        script: &[
            "for v in QUOTES DOLLAR BACKSLASH META SPACES UNICODE EMPTY LINES; do printf '%s=<%s>\\n' $v \"${!v}\"; done",
            "printenv EMPTY | wc -l",
        ],
        log: &[
            "$ for v in QUOTES DOLLAR BACKSLASH META SPACES UNICODE EMPTY LINES; do printf '%s=<%s>\\n' $v \"${!v}\"; done",
            "QUOTES=<a'b\"c`d`e>",
            "DOLLAR=<$HOME $(id) 5$>",
            "BACKSLASH=<a\\b\\\\c\\n\\>",
            "META=<a;b|c&d<e>f(g)h{i}j[k]l#m!n~o^p%q=r:s,t?u>",
            "SPACES=<  two  blanks  >",
            "UNICODE=<äöü € 日本 🎉>",
            "EMPTY=<>",
            "LINES=<one",
            "two",
            ">",
            "$ printenv EMPTY | wc -l",
            "1",
        ],
        ..NEW
    },
    Case {
        name: "a variable of the script reaches its children and not after_script",
        variables: &[("A", "one")],
        script: &["A=two", "bash -c 'echo $A'", "B=3", "cd /tmp"],
        after: &["echo \"$A [$B] ${PWD##*/}\""],
        log: &[
            "$ A=two",
            "$ bash -c 'echo $A'",
            "two",
            "$ B=3",
            "$ cd /tmp",
            "Running after script...",
            "$ echo \"$A [$B] ${PWD##*/}\"",
            "one [] project",
        ],
        ..NEW
    },
    Case {
        name: "after_script runs after a failure",
        script: &["exit 42", "echo no-more"],
        after: &["echo after"],
        exit: 42,
        log: &[
            "$ exit 42",
            "Running after script...",
            "$ echo after",
            "after",
        ],
        ..NEW
    },
    Case {
        name: "GITLAB_ENV",
        script: &[
            "echo \"ARCH=amd 64\" >> $GITLAB_ENV",
            "echo \"Q=\\\"quoted\\\"\" >> $GITLAB_ENV",
            "echo \"[$ARCH]\"",
        ],
        after: &["echo \"[$ARCH] [$Q]\""],
        log: &[
            "$ echo \"ARCH=amd 64\" >> $GITLAB_ENV",
            "$ echo \"Q=\\\"quoted\\\"\" >> $GITLAB_ENV",
            "$ echo \"[$ARCH]\"",
            "[]",
            "Running after script...",
            "$ echo \"[$ARCH] [$Q]\"",
            "[amd 64] [\"quoted\"]",
        ],
        ..NEW
    },
    Case {
        name: "file variables",
        files: &[("CERT", "line 1\nline 2\n"), ("RAW", "a$HOME \\ 'q' end")],
        script: &[
            "echo \"${CERT##*project}\"",
            "cat \"$CERT\"",
            "cat \"$RAW\"; echo",
            "stat -c %a \"$CERT\"",
            "rm \"$CERT\"",
        ],
        after: &["cat \"$CERT\""],
        log: &[
            "$ echo \"${CERT##*project}\"",
            ".tmp/CERT",
            "$ cat \"$CERT\"",
            "line 1",
            "line 2",
            "$ cat \"$RAW\"; echo",
            "a$HOME \\ 'q' end",
            "$ stat -c %a \"$CERT\"",
            "666",
            "$ rm \"$CERT\"",
            "Running after script...",
            "$ cat \"$CERT\"",
            "line 1",
            "line 2",
        ],
        ..NEW
    },
    Case {
        name: "the real directory stays",
        variables: &[("CI_PROJECT_DIR", "/elsewhere")],
        script: &["echo \"$CI_PROJECT_DIR ${PWD##*/}\""],
        log: &[
            "$ echo \"$CI_PROJECT_DIR ${PWD##*/}\"",
            "/elsewhere project",
        ],
        ..NEW
    },
];
