//! `workflow` (configuration reference 5.5).

use crate::expr::expand::YamlLevel;
use crate::yaml::{Mapping, Value};

use super::super::model::{Rule, Workflow};
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
        rules: read::given(workflow, "rules", read_rules),
        auto_cancel: auto_cancel::read(workflow),
    }
}

fn read_rules(value: &Value) -> Vec<Rule> {
    let mut rules = rules::read_rules(value);
    let variables = rules.iter_mut().flat_map(|rule| &mut rule.variables);
    variables.for_each(|variable| variable.level = YamlLevel::WorkflowRule);
    rules
}
