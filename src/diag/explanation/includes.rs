//! Includes and templates (configuration reference 4, 6.6).

use super::text::{
    Example::{Command, Files, Pipeline},
    Texts, text,
};
use crate::diag::Code;

pub(super) const TEXTS: Texts = &[
    text(
        Code::IncludeInvalid,
        "An entry of `include` names one file by `local`, `project` and `file`, `remote`, `template` or \
         `component`. This one names none of them, or several.",
        Pipeline(
            "include:\n  - local: ci/test.yml\n    remote: https://ci.example/test.yml\n\ntest:\n  script: make test\n",
        ),
        "Make an entry of its own for each file.",
    ),
    text(
        Code::IncludeMissing,
        "The included file is not in the tree. Paths start at the top of the repository, wherever the \
         including file lies, and a file that git ignores is not in the tree.",
        Pipeline("include:\n  - local: ci/tests.yml\n"),
        "Correct the path. Where the file may be absent, `rules: [{exists: [PATH]}]` of the entry asks \
         first.",
    ),
    text(
        Code::IncludeOutside,
        "The path leads out of the repository, by `..` or through a link. GitLab has no such file.",
        Pipeline("include: ../shared/test.yml\n\ntest:\n  script: make test\n"),
        "Copy the file into the repository, or include it from its project with `include:project`.",
    ),
    text(
        Code::IncludeExtension,
        "GitLab includes only files whose names end in `.yml` or `.yaml`.",
        Files(&[
            (
                ".gitlab-ci.yml",
                "include: ci/test.txt\n\nbuild:\n  script: make\n",
            ),
            ("ci/test.txt", "test:\n  script: make test\n"),
        ]),
        "Rename the file.",
    ),
    text(
        Code::IncludeEmpty,
        "The included file is empty or holds nothing but comments, which GitLab takes for a mistake.",
        Files(&[
            (
                ".gitlab-ci.yml",
                "include: ci/test.yml\n\nbuild:\n  script: make\n",
            ),
            ("ci/test.yml", "# later\n"),
        ]),
        "Give it content, or take the entry out.",
    ),
    text(
        Code::IncludeUnmatched,
        "GitLab drops the `/` at the beginning of a plain path, but not of one with wildcards, and no path of the \
         repository begins with one: nothing is included, and that is no mistake to it.",
        Files(&[
            (
                ".gitlab-ci.yml",
                "include: /ci/*.yml\n\nbuild:\n  script: make\n",
            ),
            ("ci/test.yml", "test:\n  script: make test\n"),
        ]),
        "Write the path without the `/`: `ci/*.yml`.",
    ),
    text(
        Code::IncludeLimit,
        "A pipeline includes 150 files at most, those of included files counted.",
        Command("`include: ci/*.yml` in a folder with more than 150 files"),
        "Merge some of the files. One that is included twice counts twice.",
    ),
    text(
        Code::IncludeIntegrity,
        "`integrity` is the SHA-256 digest of a remote file, and the file that was fetched has another \
         one: somebody changed it, or the digest was not renewed with it.",
        Command(
            "`integrity: sha256-…` beside the `remote` of a file that was changed on its server",
        ),
        "Look at what changed in the file. Where it is meant, take the digest that the message gives; \
         where the file here is only old, `pipe fetch --update` brings the one that is there now.",
    ),
    text(
        Code::IncludeNotFetched,
        "The file lies in another project or on another server, and nothing of it is on this machine. \
         That is no mistake of the configuration: `pipe` can't say what the pipeline would be.",
        Pipeline("include:\n  - remote: https://ci.example/test.yml\n\nbuild:\n  script: make\n"),
        "Bring the file to this machine, as the message says, or look at a pipeline without it through \
         `--file`.",
    ),
    text(
        Code::FetchFailed,
        "Something lies elsewhere and could not be brought to this machine: the host does not answer, \
         refuses, does not have it, or says something that can't be trusted.",
        Command("pipe fetch, without a network"),
        "The message says which host it was and why; try again when it can be reached.",
    ),
    text(
        Code::ExtendsUnknown,
        "`extends` names a job or a template that is in none of the files.",
        Pipeline(".ruby:\n  image: ruby:3.1\n\ntest:\n  extends: .rubby\n  script: rspec\n"),
        "Correct the name, or include the file that has it.",
    ),
    text(
        Code::ExtendsInvalid,
        "What a job extends has to be a mapping like a job, for its keys are merged. A list can't be \
         extended.",
        Pipeline(".setup:\n  - make setup\n\ntest:\n  extends: .setup\n  script: rspec\n"),
        "Make it a mapping, or put the list in with `!reference` or an alias.",
    ),
    text(
        Code::ExtendsCircular,
        "Following `extends` leads back to where it began.",
        Pipeline(
            ".base:\n  extends: .ruby\n  tags: [fast]\n\n.ruby:\n  extends: .base\n  image: ruby:3.1\n\ntest:\n  extends: .ruby\n  script: rspec\n",
        ),
        "Take one of the names out of the circle.",
    ),
    text(
        Code::ExtendsTooDeep,
        "A job may have eleven levels of templates above it.",
        Pipeline(
            "test: {extends: .t1, script: make test}\n.t1: {extends: .t2}\n.t2: {extends: .t3}\n.t3: {extends: .t4}\n\
             .t4: {extends: .t5}\n.t5: {extends: .t6}\n.t6: {extends: .t7}\n.t7: {extends: .t8}\n.t8: {extends: .t9}\n\
             .t9: {extends: .t10}\n.t10: {extends: .t11}\n.t11: {extends: .t12}\n.t12: {tags: [fast]}\n",
        ),
        "Merge some of the templates.",
    ),
];
