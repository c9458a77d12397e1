//! A parsed condition, ready to be evaluated.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::eval;
use super::lexer::{self, Operand, Operator};
use super::parser::{self, Node};
use super::{ConditionError, Known, Lookup, Possible, explain, order, possible};

/// Conditions that are remembered, and the bytes of one, at most.
const MOST: usize = 256;
const LONGEST: usize = 1024;

thread_local! {
    static REMEMBERED: RefCell<HashMap<String, Arc<Condition>>> = RefCell::default();
}

/// A condition of `rules:if`, `workflow:rules:if`, `only:variables` or an input's rules.
#[derive(Debug, Clone)]
pub struct Condition {
    tree: Node,
}

impl Condition {
    /// Reads a condition. The error's places are bytes of `text`.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let tokens = lexer::tokens(text)?;
        let tree = parser::tree(&tokens).ok_or_else(|| order::broken(text, &tokens))?;
        // GitLab tries a condition without any variable; what fails then is not valid.
        eval::value(&tree, &NoVariables).map_err(explain::failure)?;
        Ok(Self { tree })
    }

    /// Reads a condition that many jobs may have from one template. The last ones are remembered, and
    /// with them what their regular expressions have worked out: that takes far more room than a text.
    pub fn shared(text: &str) -> Result<Arc<Self>, ConditionError> {
        let known = REMEMBERED.with_borrow(|remembered| remembered.get(text).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let condition = Arc::new(Self::parse(text)?);
        if text.len() <= LONGEST {
            REMEMBERED.with_borrow_mut(|remembered| {
                if remembered.len() >= MOST {
                    remembered.clear();
                }
                remembered.insert(text.to_owned(), Arc::clone(&condition));
            });
        }
        Ok(condition)
    }

    /// Whether the rule matches; false for an operation that GitLab fails on.
    pub fn eval(&self, lookup: &dyn Lookup) -> bool {
        self.try_eval(lookup).unwrap_or(false)
    }

    /// Whether the rule matches. Some operations make GitLab fail, and with it the pipeline: a
    /// regular expression on the left of `==`, reached only with these variables.
    pub fn try_eval(&self, lookup: &dyn Lookup) -> Result<bool, ConditionError> {
        let value = eval::value(&self.tree, lookup).map_err(explain::failure)?;
        Ok(value.is_truthy())
    }

    /// What it can come to when no more than this is known of its variables.
    pub fn possible(&self, known: &dyn Fn(&str) -> Known) -> Possible {
        possible::possible(&self.tree, known)
    }

    /// The names of its variables, each once, in the order in which they stand.
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        variables(&self.tree, &mut names);
        names
    }

    /// Bytes of text that [`try_eval`](Self::try_eval) looks at, at most. Reading a regular
    /// expression out of a variable takes as long as comparing many times its length.
    pub fn cost(&self, lookup: &dyn Lookup) -> u64 {
        cost(&self.tree, lookup)
    }
}

fn variables<'a>(node: &'a Node, names: &mut Vec<&'a str>) {
    match node {
        Node::Leaf(Operand::Variable(name)) if !names.contains(&name.as_str()) => names.push(name),
        Node::Leaf(_) => {}
        Node::Not(inner) => variables(inner, names),
        Node::Binary(binary) => {
            variables(&binary.left, names);
            variables(&binary.right, names);
        }
    }
}

fn cost(node: &Node, lookup: &dyn Lookup) -> u64 {
    const COMPILING: u64 = 64;
    match node {
        Node::Leaf(operand) => length(operand, lookup),
        Node::Not(inner) => cost(inner, lookup),
        Node::Binary(binary) => {
            let right = match (&binary.operator, &binary.right) {
                (Operator::Match | Operator::NotMatch, Node::Leaf(operand)) => {
                    length(operand, lookup).saturating_mul(COMPILING)
                }
                (_, node) => cost(node, lookup),
            };
            cost(&binary.left, lookup).saturating_add(right)
        }
    }
}

/// The length of a variable; what stands in the condition itself is read once.
fn length(operand: &Operand, lookup: &dyn Lookup) -> u64 {
    match operand {
        Operand::Variable(name) => lookup.variable(name).map_or(0, str::len) as u64,
        _ => 0,
    }
}

struct NoVariables;

impl Lookup for NoVariables {
    fn variable(&self, _name: &str) -> Option<&str> {
        None
    }
}
