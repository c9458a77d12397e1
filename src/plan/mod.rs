//! Configuration + ref → the jobs of one pipeline, as a value.
//!
//! Layer 4. PURE. Says which jobs there are, with which attributes, and for every other job why
//! it is left out (configuration reference 9 to 11). Cannot tell one executor from
//! another, and starts nothing.

mod build;
mod child;
mod effects;
mod elsewhere;
mod environment;
mod explain;
mod facts;
mod flags;
mod held;
mod job_errors;
mod model;
mod policy;
mod predefined;
mod reason;
mod rules;
mod running;
mod scope;
mod selection;
#[cfg(test)]
mod tests;
mod unknown_changes;
mod variables;
mod warnings;

pub use build::{Outcome, build};
pub use child::{Triggered, handed_down, take_from_parent, triggered};
pub use effects::refusals;
pub use elsewhere::exclusion;
pub use explain::{ExplainedVariable, Explanation, explain, lets_in};
pub use facts::{GivenVariable, PipelineFacts, Project, Server, SettingVariable, User};
pub use held::{Outside, Release};
pub use model::{Job, LeftOut, Need, Plan};
pub use policy::TriedAspect;
pub use reason::{LeftOutReason, NoPipeline};
pub use running::RunFacts;
pub use scope::IncludeScope;
pub use selection::{Chosen, Selection, SelectionError, choose, choose_all};
pub use unknown_changes::unknown_changes;
pub use variables::{JobVariables, job_variables};
pub use warnings::warnings;
