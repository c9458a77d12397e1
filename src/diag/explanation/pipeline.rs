//! One pipeline for one ref (configuration reference 8, 10, 11).

use super::text::{
    Example::{Command, Pipeline},
    Texts, text,
};
use crate::diag::Code;

pub(super) const TEXTS: Texts = &[
    text(
        Code::NeedNotInPipeline,
        "The needed job exists, but its rules leave it out of the pipeline for this ref. GitLab then \
         makes no pipeline at all.",
        Pipeline(
            "build:\n  stage: build\n  script: make\n  rules:\n    - if: $CI_COMMIT_TAG\n\ntest:\n  needs: [build]\n  script: make test\n",
        ),
        "Write `needs: [{job: build, optional: true}]`, or give both jobs the same rules.",
    ),
    text(
        Code::RuleFailed,
        "Whether the rule is true can't be decided, and GitLab fails over it: a `compare_to` that names \
         no ref, a project that is not here, an operation that makes no sense with these values.",
        Pipeline(
            "build:\n  stage: test\n  script: make\n\ntest:\n  script: make test\n  rules:\n    - changes:\n        paths: [src/*]\n        compare_to: mian\n",
        ),
        "Correct what the message names.",
    ),
    text(
        Code::NeedElsewhere,
        "The job needs something of another pipeline or project. Of those nothing is on this machine, \
         so the job fails when its turn comes. Only a job of a child pipeline gets what jobs of the \
         parent have made, where the id that is handed down to it is the parent's.",
        Pipeline(
            "test:\n  script: make test\n  needs:\n    - pipeline: $UPSTREAM_PIPELINE_ID\n      job: build\n",
        ),
        "Run the other jobs; `--exclude` leaves this one out.",
    ),
    text(
        Code::EnvironmentInvalid,
        "The name of the environment, once its variables are known, is none that GitLab can make, or \
         its tier does not exist. The job fails before it starts.",
        Pipeline("review:\n  script: ./deploy\n  environment:\n    name: review/$VERSION\n"),
        "Set the variable, or use one that always fits, as `CI_COMMIT_REF_SLUG`.",
    ),
    text(
        Code::ChangesUnknown,
        "`changes` compares with what was there before. For a tag, a schedule or a branch of which \
         nobody knows an earlier state nothing is known, and then each `changes` counts as true, on \
         GitLab too.",
        Pipeline("docs:\n  script: make docs\n  rules:\n    - changes: [docs/**/*]\n"),
        "Say what changes with `--changed PATH` to see the pipeline of a push that changes just that.",
    ),
    text(
        Code::VariableCycle,
        "Each of the variables refers to the other, so none of them has a value.",
        Pipeline("test:\n  script: make test\n  variables:\n    A: $B\n    B: $A\n"),
        "Take one of the references out, or set `expand: false`.",
    ),
    text(
        Code::NothingToRun,
        "For this ref there is no pipeline: the workflow says no, or the rules leave out every job, or \
         none is left of those that were chosen.",
        Command("pipe run --tag v1.0, where all jobs are for branches"),
        "`pipe list` shows why each job is left out; `--branch`, `--tag` and `--merge-request` look at \
         other refs.",
    ),
    text(
        Code::JobUnknown,
        "No job of the configuration has that name.",
        Command("pipe run --job tset"),
        "`pipe list` shows the names; parallel jobs have one for each instance.",
    ),
    text(
        Code::JobNotInPipeline,
        "The job exists, but the pipeline for this ref does not have it.",
        Command("pipe run --job deploy, on a branch that deploys nothing"),
        "The message names a ref that has it. `pipe explain` with the name of the job shows each of its \
         rules.",
    ),
    text(
        Code::JobNotStartable,
        "A chosen job needs another one that starts only when somebody plays or releases it, and nobody \
         did.",
        Command("pipe run --job report, where `report` needs a manual job"),
        "Name both jobs, or play the other one with `--manual`.",
    ),
];
