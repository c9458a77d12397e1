//! Jobs seen together (configuration reference 12.2).

use super::text::{Example::Pipeline, Texts, text};
use crate::diag::Code;

pub(super) const TEXTS: Texts = &[
    text(
        Code::UnknownStage,
        "The job's stage is not among `stages`. Without that list there are `build`, `test` and \
         `deploy`; `.pre` and `.post` are always there.",
        Pipeline("stages: [build, test]\n\ndeploy:\n  stage: tset\n  script: make deploy\n"),
        "Correct the name, or add it to `stages`.",
    ),
    text(
        Code::UnknownNeed,
        "`needs` names a job that is in none of the files, not even one that is left out at times.",
        Pipeline(
            "build:\n  stage: build\n  script: make\n\ntest:\n  needs: [biuld]\n  script: make test\n",
        ),
        "Correct the name. A job that may not be there at all can't be needed, not even with \
         `optional`.",
    ),
    text(
        Code::NeedOrder,
        "A job can need only jobs of its own stage or of earlier ones.",
        Pipeline(
            "build:\n  stage: build\n  needs: [test]\n  script: make\n\ntest:\n  stage: test\n  script: make test\n",
        ),
        "Move one of the jobs to another stage.",
    ),
    text(
        Code::DuplicateNeed,
        "The same job is listed twice among the needs.",
        Pipeline(
            "build:\n  stage: build\n  script: make\n\ntest:\n  needs: [build, build]\n  script: make test\n",
        ),
        "Take one of the two out.",
    ),
    text(
        Code::UnknownDependency,
        "`dependencies` names a job that does not exist.",
        Pipeline(
            "build:\n  stage: build\n  script: make\n\ntest:\n  dependencies: [biuld]\n  script: make test\n",
        ),
        "Correct the name.",
    ),
    text(
        Code::DependencyOrder,
        "Artifacts come from earlier stages; this dependency is in the same stage or a later one.",
        Pipeline(
            "build:\n  stage: build\n  dependencies: [test]\n  script: make\n\ntest:\n  stage: test\n  script: make test\n",
        ),
        "Move one of the jobs, or use `needs` within a stage.",
    ),
    text(
        Code::DependencyNotNeeded,
        "A job with `needs` receives artifacts of what it needs; `dependencies` can only choose among \
         those.",
        Pipeline(
            "build:\n  stage: build\n  script: make\n\nassets:\n  stage: build\n  script: make assets\n\ntest:\n  needs: [build]\n  dependencies: [assets]\n  script: make test\n",
        ),
        "Add the job to `needs`, or take the dependency out.",
    ),
    text(
        Code::CircularNeeds,
        "Following `needs` leads back to the job, so none of them could ever start.",
        Pipeline(
            "build:\n  needs: [test]\n  script: make\n\ntest:\n  needs: [build]\n  script: make test\n",
        ),
        "Take one of the needs out of the circle.",
    ),
];
