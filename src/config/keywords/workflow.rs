//! `workflow` (configuration reference 5.5).

use crate::yaml::Mapping;

use super::super::model::Workflow;
use super::super::read;
use super::super::shape::{Keys, Shape, key};
use super::{auto_cancel, rules, values};

/// The keys of `workflow`.
pub(crate) static WORKFLOW: Keys = Keys {
    rows: &[
        key("name", "5.5", Shape::Rule(values::workflow_name)),
        key("rules", "5.5", Shape::Rule(rules::check_workflow_rules)),
        key("auto_cancel", "5.5", Shape::Map(&auto_cancel::AUTO_CANCEL)),
    ],
    required: &[],
    exclusive: &[],
};

/// A checked `workflow`.
pub(crate) fn read(workflow: &Mapping) -> Workflow {
    Workflow {
        name: read::text(workflow, "name"),
        rules: read::given(workflow, "rules", rules::read_rules),
        auto_cancel: auto_cancel::read(workflow),
    }
}
