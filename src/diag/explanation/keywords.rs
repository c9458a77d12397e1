//! Keywords and their values (configuration reference 5, 6).

use super::text::{Example::Pipeline, Texts, text};
use crate::diag::Code;

pub(super) const TEXTS: Texts = &[
    text(
        Code::UnknownKey,
        "GitLab knows no such keyword at this place and refuses the configuration. Mostly it is a slip, \
         or the key stands one level too high or too low.",
        Pipeline("test:\n  imgae: ruby:3.1\n  script: rspec\n"),
        "Correct the keyword, or move it. Keys that only you need may stand in a template whose name \
         begins with a dot, or below `variables`.",
    ),
    text(
        Code::MissingKey,
        "A keyword needs another one beside it, which is not there.",
        Pipeline(
            "test:\n  script: rspec\n  cache:\n    key:\n      prefix: gems\n    paths: [vendor]\n",
        ),
        "Add the key that the message names.",
    ),
    text(
        Code::ExclusiveKeys,
        "Each of the keys is fine, but they can't be used together, as `only` and `rules`.",
        Pipeline("test:\n  script: rspec\n  only: [main]\n  rules:\n    - if: $CI_COMMIT_TAG\n"),
        "Keep one of them. One that comes from a template is taken back with `null`.",
    ),
    text(
        Code::WrongType,
        "The value is of another type than the keyword takes. Without quotes `3.1` is a number and \
         `yes` is a boolean.",
        Pipeline("test:\n  script: rspec\n  allow_failure: \"yes\"\n"),
        "Write the value as the message says: quotes make text of anything.",
    ),
    text(
        Code::InvalidValue,
        "The keyword does not take this value, though its type is right; on the command line, the \
         option doesn't.",
        Pipeline("test:\n  when: on_succes\n  script: rspec\n"),
        "Choose a value that the message names.",
    ),
    text(
        Code::BlankValue,
        "The value is empty, which GitLab does not accept here.",
        Pipeline("test:\n  image: \"\"\n  script: rspec\n"),
        "Give it a value, or take the key out.",
    ),
    text(
        Code::TooMany,
        "There are more entries than GitLab accepts: 50 needs or tags of a job, 50 \
         patterns of `changes`, and the like.",
        Pipeline(
            "test:\n  script: rspec\n  tags: [t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15, t16, t17, t18, t19, t20, t21, t22, t23, t24, t25, t26, t27, t28, t29, t30, t31, t32, t33, t34, t35, t36, t37, t38, t39, t40, t41, t42, t43, t44, t45, t46, t47, t48, t49, t50, t51]\n",
        ),
        "Split the job, or say the same with fewer entries.",
    ),
    text(
        Code::InvalidDuration,
        "The text is no time that GitLab can read.",
        Pipeline("test:\n  script: rspec\n  timeout: 3 hous\n"),
        "Write a number with a unit, as `90 minutes`, `1h 30m` or `2 days`.",
    ),
    text(
        Code::InvalidRegex,
        "GitLab uses RE2, which knows no lookaround and no backreferences; or the expression is simply \
         not complete.",
        Pipeline("test:\n  script: rspec\n  coverage: '/(\\d+%/'\n"),
        "Correct the expression at the place in the message.",
    ),
    text(
        Code::InvalidExpression,
        "`if` and `only:variables` take a small language: variables, texts in quotes, regular \
         expressions, `==`, `!=`, `=~`, `!~`, `&&`, `||`, `!` and parentheses. This text is none of it.",
        Pipeline("test:\n  script: rspec\n  rules:\n    - if: $CI_COMMIT_BRANCH = \"main\"\n"),
        "The message says what to write at that place.",
    ),
    text(
        Code::JobNameInvalid,
        "A job's name is text of 1 to 255 characters. A number or `true` without quotes is no text.",
        Pipeline("build:\n  script: make\n\n2024:\n  script: make report\n"),
        "Put the name in quotes, or shorten it.",
    ),
    text(
        Code::JobReplaced,
        "A job made by `parallel` has the name of another job; the one that comes later takes the place \
         of the other, and nobody is told.",
        Pipeline(
            "check:\n  script: make check\n  parallel:\n    matrix: [{OS: [debian, alpine]}]\n\"check: [alpine]\":\n  script: make check-alpine\n",
        ),
        "Give one of them another name.",
    ),
    text(
        Code::JobWithoutScript,
        "A key at the top that is no keyword is a job, and a job needs something to do.",
        Pipeline("build:\n  stage: build\n\ntest:\n  script: make test\n"),
        "Add `script`, `run` or `trigger`. A template's name begins with a dot.",
    ),
    text(
        Code::NoVisibleJob,
        "There are only templates, or nothing but global keywords: no pipeline can come of it.",
        Pipeline(".ruby:\n  image: ruby:3.1\n"),
        "Add a job whose name does not begin with a dot.",
    ),
    text(
        Code::DefaultConflict,
        "The same keyword is given at the top level, its old place, and in `default`.",
        Pipeline("image: ruby:3.1\n\ndefault:\n  image: ruby:3.3\n\ntest:\n  script: rspec\n"),
        "Keep the one in `default`.",
    ),
    text(
        Code::KeywordIgnored,
        "The keyword is right, and GitLab honours it; on one machine there is nothing that it could \
         change.",
        Pipeline("test:\n  script: rspec\n  interruptible: true\n"),
        "Nothing: your pipeline is fine.",
    ),
    text(
        Code::KeywordNotRun,
        "The keyword is checked like all others, but `pipe run` can't do what it says yet and refuses \
         the job rather than running something else.",
        Pipeline("test:\n  script: rspec\n  identity: google_cloud\n"),
        "Run the other jobs; `--exclude` leaves this one out.",
    ),
    text(
        Code::RetryReasonUnknown,
        "GitLab 18.11 has no failure reason of that name. It accepts it all the same, and never retries \
         for it.",
        Pipeline("test:\n  script: rspec\n  retry:\n    max: 2\n    when: [runner_interrupted]\n"),
        "Correct the name; `runner_system_failure` and `script_failure` are the most useful ones.",
    ),
    text(
        Code::RuleUnreachable,
        "Rules are asked from the top, and the first that matches decides. This one is never the first: \
         one above it matches whenever it would, or its condition can't be true for any event.",
        Pipeline(
            "test:\n  script: rspec\n  rules:\n    - when: on_success\n    - if: $CI_COMMIT_TAG\n      when: never\n",
        ),
        "Put the special rule above the general one, or take it out.",
    ),
    text(
        Code::JobUnreachable,
        "Whatever is pushed, merged or scheduled, the job's rules leave it out: each of them says \
         `never`, or has a condition that can't be true.",
        Pipeline(
            "build:\n  script: make\n\ntest:\n  script: rspec\n  rules:\n    - if: $CI_COMMIT_TAG && $CI_COMMIT_BRANCH\n",
        ),
        "Correct the rules, or take the job out. `pipe explain` with the name of the job shows what each \
         rule reads.",
    ),
    text(
        Code::VariableUndefined,
        "Neither GitLab nor this configuration nor your settings define the variable that the condition \
         reads. Somebody may give it to a pipeline; else it is null, and mostly it is a slip.",
        Pipeline(
            "variables:\n  DEPLOY: \"no\"\n\ndeploy:\n  script: ./deploy\n  rules:\n    - if: $DEPLYO == \"yes\"\n",
        ),
        "Correct the name, or declare the variable with a value or a description at the top level.",
    ),
    text(
        Code::DuplicatePipelines,
        "The job's last rule lets it in whatever the event is. With a merge request open, one push \
         starts a branch pipeline and a merge request pipeline, and the job runs in both.",
        Pipeline(
            "test:\n  script: rspec\n  rules:\n    - if: $CI_COMMIT_TAG\n    - when: always\n",
        ),
        "Say once with `workflow:rules` which pipelines there should be.",
    ),
    text(
        Code::MatrixUnknown,
        "`$[[ matrix.NAME ]]` in a need stands for a value of the job's own matrix, which has no such \
         name.",
        Pipeline(
            "test:\n  script: make test\n  parallel:\n    matrix:\n      - RUBY: [\"3.1\"]\n  needs:\n    - job: build\n      parallel:\n        matrix:\n          - RUBY: [\"$[[ matrix.RUBBY ]]\"]\n\nbuild:\n  stage: build\n  script: make\n  parallel:\n    matrix:\n      - RUBY: [\"3.1\"]\n",
        ),
        "Correct the name, or add it to the matrix of the job.",
    ),
    text(
        Code::PagesConflict,
        "What is published is said twice, in `publish` of the job, its old place, and in \
         `pages:publish`.",
        Pipeline("site:\n  script: make site\n  publish: public\n  pages:\n    publish: public\n"),
        "Keep the one in `pages`.",
    ),
    text(
        Code::OnStopInvalid,
        "`on_stop` names the job that takes the environment down: one of this configuration, with the \
         same environment and `action: stop`.",
        Pipeline(
            "deploy:\n  script: make deploy\n  environment:\n    name: review\n    on_stop: stop\n\nstop:\n  script: make stop\n  environment:\n    name: review\n",
        ),
        "Correct the name, or add `action: stop` to the environment of that job.",
    ),
];
