//! Evaluates a condition: tree → value (configuration reference 9.3).

use std::borrow::Cow;
use std::ops::Range;

use crate::expr::re2;

use super::lexer::{Operand, Operator};
use super::parser::{Binary, Node};
use super::value::{ConditionValue, InputValue, Lookup};

/// An operation that GitLab fails on.
#[derive(Debug)]
pub(super) struct Failure {
    /// Where its operator stands.
    pub(super) at: Range<usize>,
    pub(super) operator: Operator,
    pub(super) reason: FailureReason,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum FailureReason {
    /// A regular expression left of `==` or `!=`.
    ComparesPattern,
    /// `true` right of `=~` or `!~`.
    MatchesTrue,
}

/// What a node is worth.
pub(super) fn value<'a>(
    node: &'a Node,
    lookup: &'a dyn Lookup,
) -> Result<ConditionValue<'a>, Failure> {
    match node {
        Node::Leaf(operand) => Ok(leaf(operand, lookup)),
        Node::Not(inner) => Ok(ConditionValue::Bool(!value(inner, lookup)?.is_truthy())),
        Node::Binary(binary) => operation(binary, lookup),
    }
}

fn leaf<'a>(operand: &'a Operand, lookup: &'a dyn Lookup) -> ConditionValue<'a> {
    match operand {
        Operand::Variable(name) => match lookup.variable(name) {
            Some(text) => ConditionValue::Text(Cow::Borrowed(text)),
            None => ConditionValue::Null,
        },
        Operand::Input(name) => match lookup.input(name) {
            Some(InputValue::Text(text)) => ConditionValue::Text(Cow::Owned(text)),
            Some(InputValue::Bool(bool)) => ConditionValue::Bool(bool),
            Some(InputValue::Number(text) | InputValue::List(text)) => ConditionValue::Other(text),
            None => ConditionValue::Null,
        },
        Operand::Text(text) => ConditionValue::Text(Cow::Borrowed(text)),
        Operand::Pattern(regex) => ConditionValue::Pattern(regex),
        Operand::Null => ConditionValue::Null,
        Operand::Bool(bool) => ConditionValue::Bool(*bool),
    }
}

fn operation<'a>(
    binary: &'a Binary,
    lookup: &'a dyn Lookup,
) -> Result<ConditionValue<'a>, Failure> {
    let left = value(&binary.left, lookup)?;
    match binary.operator {
        Operator::And if !left.is_set() => return Ok(left),
        Operator::Or if left.is_set() => return Ok(left),
        _ => {}
    }
    let right = value(&binary.right, lookup)?;
    let result = match binary.operator {
        Operator::And | Operator::Or => return Ok(right),
        Operator::Equal => equal(&left, &right),
        Operator::NotEqual => equal(&left, &right).map(|equal| !equal),
        Operator::Match => matches(&left, &right),
        Operator::NotMatch => matches(&left, &right).map(|matched| !matched),
    };
    result.map(ConditionValue::Bool).map_err(|reason| Failure {
        at: binary.at.clone(),
        operator: binary.operator,
        reason,
    })
}

pub(super) fn equal(
    left: &ConditionValue<'_>,
    right: &ConditionValue<'_>,
) -> Result<bool, FailureReason> {
    match left {
        ConditionValue::Pattern(_) => Err(FailureReason::ComparesPattern),
        _ => Ok(left.equals(right)),
    }
}

pub(super) fn matches(
    left: &ConditionValue<'_>,
    right: &ConditionValue<'_>,
) -> Result<bool, FailureReason> {
    let text = left.to_text();
    match right {
        ConditionValue::Null | ConditionValue::Bool(false) => Ok(false),
        ConditionValue::Bool(true) | ConditionValue::Other(_) => Err(FailureReason::MatchesTrue),
        ConditionValue::Pattern(regex) => Ok(regex.is_match(&text)),
        ConditionValue::Text(pattern) => {
            match re2::from_slashes(&pattern.replace("\\/", "/")) {
                Some(Ok(regex)) => Ok(regex.is_match(&text)),
                // No regular expression: GitLab asks whether the left lies in the right.
                Some(Err(_)) | None => Ok(pattern.contains(&*text)),
            }
        }
    }
}
