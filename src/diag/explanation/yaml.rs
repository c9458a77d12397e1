//! Text, YAML, the header and its inputs (configuration reference 2, 3).

use super::text::{
    Example::{Command, Files, Pipeline},
    Texts, text,
};
use crate::diag::Code;

pub(super) const TEXTS: Texts = &[
    text(
        Code::FileTooBig,
        "GitLab reads no configuration file beyond one megabyte, so `pipe` doesn't either.",
        Command("a `.gitlab-ci.yml` of more than a megabyte"),
        "Move parts of the file into others and `include` them, or let templates and \
         `parallel:matrix` say what repeats itself.",
    ),
    text(
        Code::NotUtf8,
        "Configuration is UTF-8 text. A byte in the file is no part of such a text, mostly because \
         an editor saved it in another encoding.",
        Command("a `.gitlab-ci.yml` that an editor saved as Latin-1"),
        "Save the file as UTF-8; the message shows the line with the first odd byte.",
    ),
    text(
        Code::YamlSyntax,
        "The text is no YAML: a bracket or a quote that is never closed, a wrong indentation, a tab \
         where only blanks may stand. GitLab can't read any of it.",
        Pipeline("build:\n  script: [make, make install\ntest:\n  script: make test\n"),
        "Look at the place in the message and just above it. Commands with `: `, ` #` or a leading \
         bracket need quotes around them.",
    ),
    text(
        Code::YamlUnknownAlias,
        "`*name` stands for what `&name` marked before it in the same file. No such mark was found \
         above; anchors don't reach over the borders of files.",
        Pipeline(
            ".defaults: &defaults\n  image: ruby:3.1\n\ntest:\n  <<: *default\n  script: rspec\n",
        ),
        "Correct the name, move the anchor above its use, or use `extends` or `!reference`, which \
         also reach into included files.",
    ),
    text(
        Code::YamlTooBig,
        "Written out in full, the YAML is deeper or larger than GitLab accepts. Aliases of aliases \
         multiply quickly.",
        Pipeline(
            ".a: &a [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x]\n\
             .b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n\
             .c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n\
             .d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n\
             .e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n\
             test:\n  script: make test\n",
        ),
        "Let aliases repeat less, or use `extends` in their place.",
    ),
    text(
        Code::YamlTimestamp,
        "An unquoted text like `2024-02-01` is a date for YAML, and GitLab refuses to load dates.",
        Pipeline("variables:\n  RELEASED: 2024-02-01\n\ntest:\n  script: make test\n"),
        "Put the value in quotes.",
    ),
    text(
        Code::YamlForeignTag,
        "A tag such as `!ruby/object` asks the loader to build an object of a program. GitLab refuses \
         such files.",
        Pipeline("test:\n  script: make test\n  variables: !ruby/hash:Settings\n    LEVEL: high\n"),
        "Take the tag out; plain mappings and lists are all that a configuration needs.",
    ),
    text(
        Code::YamlUnknownTag,
        "GitLab knows one tag of its own, `!reference`, and ignores others without a word: the value \
         is taken as if the tag were not there.",
        Pipeline(
            ".setup:\n  script: [make setup]\n\ntest:\n  script: !refernce [.setup, script]\n",
        ),
        "Correct the tag, or take it out.",
    ),
    text(
        Code::YamlDuplicateKey,
        "The same key stands twice in one mapping. GitLab takes the last one, and all that the first \
         one said is lost without a word.",
        Pipeline("test:\n  script: make test\n\ntest:\n  script: make check\n"),
        "Merge the two, or give one of them another name.",
    ),
    text(
        Code::YamlMergeOverrides,
        "`<<` counts where it stands: it overwrites the keys above it, and only keys below it \
         overwrite what it brings. What was written above is lost.",
        Pipeline(
            ".ruby: &ruby\n  image: ruby:3.1\n\ntest:\n  image: ruby:3.3\n  <<: *ruby\n  script: rspec\n",
        ),
        "Move `<<` to the top of the mapping, or use `extends`.",
    ),
    text(
        Code::ScalarRetyped,
        "Without quotes `3.10` is the number 3.1, `1:30` is the number 5400 and `0644` is the number \
         420. A variable gets the number, written as Ruby writes it.",
        Pipeline("variables:\n  RUBY: 3.10\n\ntest:\n  script: make test\n"),
        "Put the value in quotes.",
    ),
    text(
        Code::YamlIgnoredText,
        "GitLab reads the first document of a file, or the second where the first is a `spec` header. \
         What comes behind is never looked at.",
        Pipeline("build:\n  script: make\n---\ntest:\n  script: make test\n"),
        "Take the line `---` out, or move the text into a file of its own and include it.",
    ),
    text(
        Code::ConfigNotMapping,
        "A configuration is a mapping: keywords and the names of jobs, each with its value. This file \
         is a list or a single text.",
        Pipeline("- build\n- test\n"),
        "Begin with the name of a job and a `script` below it.",
    ),
    text(
        Code::ConfigEmpty,
        "There is no content in the file, or nothing but comments.",
        Pipeline(""),
        "Add a job; a name and a `script` are enough.",
    ),
    text(
        Code::ConfigTooBig,
        "The configuration is small as it is written, but grows beyond all measure when references, \
         templates, matrices or variables are put in their places.",
        Pipeline(
            ".a0:\n  script: [e, e, e, e, e, e, e, e, e, e, e, e, e, e, e, e]\n\
             .a1:\n  script: [!reference [.a0, script], !reference [.a0, script], !reference [.a0, script], !reference [.a0, script], !reference [.a0, script], !reference [.a0, script], !reference [.a0, script], !reference [.a0, script]]\n\
             .a2:\n  script: [!reference [.a1, script], !reference [.a1, script], !reference [.a1, script], !reference [.a1, script], !reference [.a1, script], !reference [.a1, script], !reference [.a1, script], !reference [.a1, script]]\n\
             .a3:\n  script: [!reference [.a2, script], !reference [.a2, script], !reference [.a2, script], !reference [.a2, script], !reference [.a2, script], !reference [.a2, script], !reference [.a2, script], !reference [.a2, script]]\n\
             .a4:\n  script: [!reference [.a3, script], !reference [.a3, script], !reference [.a3, script], !reference [.a3, script], !reference [.a3, script], !reference [.a3, script], !reference [.a3, script], !reference [.a3, script]]\n\
             .a5:\n  script: [!reference [.a4, script], !reference [.a4, script], !reference [.a4, script], !reference [.a4, script], !reference [.a4, script], !reference [.a4, script], !reference [.a4, script], !reference [.a4, script]]\n\
             test:\n  script: [!reference [.a5, script], !reference [.a5, script], !reference [.a5, script], !reference [.a5, script]]\n",
        ),
        "Let the parts repeat each other less.",
    ),
    text(
        Code::ReferenceInvalid,
        "`!reference` takes a list of names that lead to a value: the key at the top, and the keys \
         below it.",
        Pipeline(".setup:\n  script: [make setup]\n\ntest:\n  script: !reference .setup\n"),
        "Write `!reference [.setup, script]`.",
    ),
    text(
        Code::ReferenceMissing,
        "Nothing stands where the `!reference` points, or it is null. References are resolved when all \
         files are merged and `extends` is applied.",
        Pipeline(
            ".setup:\n  script:\n    - make setup\n\ntest:\n  script:\n    - !reference [.setup, before_script]\n    - make test\n",
        ),
        "Correct the names, or include the file that has them.",
    ),
    text(
        Code::ReferenceCircular,
        "Following the `!reference` leads back to itself, so it never comes to a value.",
        Pipeline(
            ".a:\n  script: !reference [.b, script]\n.b:\n  script: !reference [.a, script]\n\ntest:\n  script: !reference [.a, script]\n",
        ),
        "Write the value out in one of the places.",
    ),
    text(
        Code::SpecInvalid,
        "The header before `---` declares the inputs of a file. Something in it is no declaration that \
         GitLab knows.",
        Pipeline(
            "spec:\n  inputs:\n    level:\n      tpye: number\n---\ntest:\n  script: make test\n",
        ),
        "An input may have `default`, `description`, `options`, `regex`, `rules` and `type`; the type \
         is string, number, boolean or array.",
    ),
    text(
        Code::InputMissing,
        "The file declares an input without a default, and whoever includes it gives no value.",
        Pipeline(
            "spec:\n  inputs:\n    level:\n---\ntest:\n  script: make LEVEL=$[[ inputs.level ]]\n",
        ),
        "Give a value with `include:inputs` or `--input`, or declare a default.",
    ),
    text(
        Code::InputUnknown,
        "A value is given for an input that the file does not declare; GitLab refuses that, since it \
         is mostly a slip.",
        Files(&[
            (
                ".gitlab-ci.yml",
                "include:\n  - local: ci/test.yml\n    inputs:\n      colour: green\n",
            ),
            (
                "ci/test.yml",
                "spec:\n  inputs:\n    level:\n      default: high\n---\ntest:\n  script: make LEVEL=$[[ inputs.level ]]\n",
            ),
        ]),
        "Correct the name, or declare the input in the `spec` header of the file.",
    ),
    text(
        Code::InputInvalid,
        "The value does not fit what the input says: its type, its `options` or its `regex`.",
        Files(&[
            (
                ".gitlab-ci.yml",
                "include:\n  - local: ci/test.yml\n    inputs:\n      level: hihg\n",
            ),
            (
                "ci/test.yml",
                "spec:\n  inputs:\n    level:\n      options: [low, high]\n---\ntest:\n  script: make LEVEL=$[[ inputs.level ]]\n",
            ),
        ]),
        "Give a value that fits, or let the declaration allow it.",
    ),
    text(
        Code::Interpolation,
        "`$[[ … ]]` is replaced when the file is read. This one names an input that is not declared, or \
         a function that does not exist.",
        Pipeline(
            "spec:\n  inputs:\n    level:\n      default: high\n---\ntest:\n  script: make LEVEL=$[[ inputs.levle ]]\n",
        ),
        "Correct the name, or declare the input in the `spec` header.",
    ),
];
