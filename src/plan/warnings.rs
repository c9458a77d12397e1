//! What is to be told of a pipeline that can be made.

use crate::diag::Diagnostic;

use super::effects::{IsHere, effects};
use super::facts::PipelineFacts;
use super::model::Plan;
use super::{elsewhere, environment};

/// Jobs that are bound to fail, then keywords that a run does not honour.
pub fn warnings(plan: &Plan, facts: &PipelineFacts, is_here: IsHere<'_>) -> Vec<Diagnostic> {
    environment::warnings(plan)
        .chain(elsewhere::warnings(plan, facts))
        .chain(effects(plan, is_here))
        .collect()
}
