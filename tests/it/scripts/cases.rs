//! Jobs, with what the genuine runner made of such.

const DEBIAN: &str = "pipe-test-debian:1";
const BUSYBOX: &str = "pipe-test-busybox:1";

/// One job.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) image: &'static str,
    pub(super) entrypoint: &'static [&'static str],
    pub(super) variables: &'static [(&'static str, &'static str)],
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) script: &'static [&'static str],
    pub(super) after: &'static [&'static str],
    pub(super) exit: i64,
    pub(super) log: &'static [&'static str],
}

/// Cases that end the same in a container with bash and in the shell of this machine.
pub(super) const BOTH: &[Case] = &[
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
        name: "every status counts when asked",
        variables: &[("FF_ENABLE_BASH_EXIT_CODE_CHECK", "true")],
        script: &["echo a", "! true", "echo never"],
        exit: 1,
        log: &["$ echo a", "a", "$ ! true"],
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

/// Cases of containers alone.
pub(super) const DOCKER: &[Case] = &[
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

/// A job in Debian that succeeds and says nothing.
const NEW: Case = Case {
    name: "",
    image: DEBIAN,
    entrypoint: &[],
    variables: &[],
    files: &[],
    script: &[],
    after: &[],
    exit: 0,
    log: &[],
};
