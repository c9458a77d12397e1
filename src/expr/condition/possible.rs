//! Whether a condition can be true, or false, when only a part of its variables is known.

use super::eval::{equal, matches};
use super::lexer::{Operand, Operator};
use super::parser::{Binary, Node};
use super::value::ConditionValue;

/// What is known of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is not set.
    Unset,
    /// It is this text.
    Text(&'static str),
    /// It is some text that is not blank.
    Set,
    /// Nothing.
    Nothing,
}

/// What a condition can come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Possible {
    /// It is false whatever the unknown variables are.
    Never,
    /// It is true whatever they are.
    Always,
    /// It depends on them, or nobody can tell.
    Either,
}

/// What is known of a part of a condition.
enum Part<'a> {
    /// Its value.
    Is(ConditionValue<'a>),
    /// It is some text that is not blank.
    Set,
    /// It is null, false or blank, but nobody knows which of these.
    Untrue,
    Unknown,
}

impl Part<'_> {
    fn is_untrue(&self) -> bool {
        match self {
            Self::Is(value) => !value.is_truthy(),
            Self::Untrue => true,
            Self::Set | Self::Unknown => false,
        }
    }
}

/// What a condition can come to.
pub(super) fn possible(node: &Node, known: &dyn Fn(&str) -> Known) -> Possible {
    match part(node, known) {
        Part::Is(value) if value.is_truthy() => Possible::Always,
        Part::Is(_) | Part::Untrue => Possible::Never,
        Part::Set => Possible::Always,
        Part::Unknown => Possible::Either,
    }
}

fn part<'a>(node: &'a Node, known: &dyn Fn(&str) -> Known) -> Part<'a> {
    match node {
        Node::Leaf(operand) => leaf(operand, known),
        Node::Not(inner) => match part(inner, known) {
            Part::Is(value) => Part::Is(ConditionValue::Bool(!value.is_truthy())),
            Part::Set => Part::Is(ConditionValue::Bool(false)),
            Part::Untrue => Part::Is(ConditionValue::Bool(true)),
            Part::Unknown => Part::Unknown,
        },
        Node::Binary(binary) => operation(binary, known),
    }
}

fn leaf<'a>(operand: &'a Operand, known: &dyn Fn(&str) -> Known) -> Part<'a> {
    match operand {
        Operand::Variable(name) => match known(name) {
            Known::Unset => Part::Is(ConditionValue::Null),
            Known::Text(text) => Part::Is(ConditionValue::Text(text.into())),
            Known::Set => Part::Set,
            Known::Nothing => Part::Unknown,
        },
        Operand::Input(_) => Part::Unknown,
        Operand::Text(text) => Part::Is(ConditionValue::Text(text.into())),
        Operand::Pattern(regex) => Part::Is(ConditionValue::Pattern(regex)),
        Operand::Null => Part::Is(ConditionValue::Null),
        Operand::Bool(bool) => Part::Is(ConditionValue::Bool(*bool)),
    }
}

fn operation<'a>(binary: &'a Binary, known: &dyn Fn(&str) -> Known) -> Part<'a> {
    let left = part(&binary.left, known);
    let right = part(&binary.right, known);
    match binary.operator {
        Operator::And => and(left, right),
        Operator::Or => or(left, right),
        Operator::Equal => compared(&left, &right),
        Operator::NotEqual => opposite(compared(&left, &right)),
        Operator::Match => matched(&left, &right),
        Operator::NotMatch => opposite(matched(&left, &right)),
    }
}

fn and<'a>(left: Part<'a>, right: Part<'a>) -> Part<'a> {
    match (left, right) {
        (Part::Is(left), _) if !left.is_set() => Part::Is(left),
        (Part::Is(_) | Part::Set, right) => right,
        // Whichever of the two it comes to, that is not true.
        (Part::Unknown | Part::Untrue, right) if right.is_untrue() => Part::Untrue,
        (Part::Unknown | Part::Untrue, _) => Part::Unknown,
    }
}

fn or<'a>(left: Part<'a>, right: Part<'a>) -> Part<'a> {
    match (left, right) {
        (Part::Is(left), right) if !left.is_set() => right,
        (left @ (Part::Is(_) | Part::Set), _) => left,
        (Part::Untrue, right) if right.is_untrue() => Part::Untrue,
        (Part::Untrue | Part::Unknown, _) => Part::Unknown,
    }
}

fn compared<'a>(left: &Part<'a>, right: &Part<'a>) -> Part<'a> {
    match (left, right) {
        (Part::Is(left), Part::Is(right)) => bool(equal(left, right).ok()),
        (Part::Set, Part::Is(other)) | (Part::Is(other), Part::Set) if is_no_text(other) => {
            bool(Some(false))
        }
        _ => Part::Unknown,
    }
}

/// Whether some text that is not blank can't be equal to it.
fn is_no_text(value: &ConditionValue<'_>) -> bool {
    match value {
        ConditionValue::Null => true,
        ConditionValue::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn matched<'a>(left: &Part<'a>, right: &Part<'a>) -> Part<'a> {
    match (left, right) {
        (Part::Is(left), Part::Is(right)) => bool(matches(left, right).ok()),
        (_, Part::Is(ConditionValue::Null | ConditionValue::Bool(false))) => bool(Some(false)),
        _ => Part::Unknown,
    }
}

fn opposite(part: Part<'_>) -> Part<'_> {
    match part {
        Part::Is(value) => bool(Some(!value.is_truthy())),
        Part::Set | Part::Untrue | Part::Unknown => Part::Unknown,
    }
}

fn bool<'a>(value: Option<bool>) -> Part<'a> {
    value.map_or(Part::Unknown, |value| Part::Is(ConditionValue::Bool(value)))
}

#[cfg(test)]
mod tests {
    use super::{Known, Possible};
    use crate::expr::Condition;

    #[test]
    fn what_conditions_can_come_to() {
        for (text, expected) in [
            ("$UNSET", Possible::Never),
            ("$SET", Possible::Always),
            ("$X", Possible::Either),
            ("!$UNSET", Possible::Always),
            ("!$SET", Possible::Never),
            ("!$X", Possible::Either),
            ("$A == \"a\"", Possible::Always),
            ("$A == \"b\"", Possible::Never),
            ("$A != \"b\"", Possible::Always),
            ("$A =~ /^a/", Possible::Always),
            ("$A !~ /^a/", Possible::Never),
            ("$SET == \"a\"", Possible::Either),
            ("$SET == null", Possible::Never),
            ("$SET != null", Possible::Always),
            ("$SET == \"\"", Possible::Never),
            ("null == $SET", Possible::Never),
            ("$SET =~ /a+/", Possible::Either),
            ("$UNSET =~ /a+/", Possible::Never),
            ("$X =~ null", Possible::Never),
            ("$UNSET == null", Possible::Always),
            ("$UNSET == \"\"", Possible::Never),
            ("$X && $UNSET", Possible::Never),
            ("$UNSET && $X", Possible::Never),
            ("$X && $SET", Possible::Either),
            ("$SET && $UNSET", Possible::Never),
            ("$SET && $A", Possible::Always),
            ("$X || $SET", Possible::Either),
            ("$SET || $X", Possible::Always),
            ("$UNSET || $X", Possible::Either),
            ("$UNSET || $UNSET", Possible::Never),
            ("($SET == \"a\" || $X) && $A == \"b\"", Possible::Never),
            ("true", Possible::Always),
            ("\"\"", Possible::Never),
        ] {
            let condition = Condition::parse(text).expect("a condition");
            let known = |name: &str| match name {
                "UNSET" => Known::Unset,
                "SET" => Known::Set,
                "A" => Known::Text("a"),
                _ => Known::Nothing,
            };
            assert_eq!(condition.possible(&known), expected, "{text}");
        }
    }

    /// Whatever is said to be impossible does not happen, for every value of the variables.
    #[test]
    fn nothing_is_called_impossible_that_happens() {
        struct Values([(&'static str, Option<&'static str>); 2]);
        impl crate::expr::Lookup for Values {
            fn variable(&self, name: &str) -> Option<&str> {
                let one = self.0.iter().find(|(key, _)| *key == name)?;
                one.1
            }
        }
        let parts = ["$A", "$B", "\"a\"", "\"\"", "null", "true", "false"];
        let operators = ["==", "!=", "=~", "!~", "&&", "||"];
        let values = [None, Some(""), Some("a"), Some("b")];
        for left in parts {
            for operator in operators {
                for right in parts {
                    let text = format!("$A || {left} {operator} {right} && !$B");
                    let Ok(condition) = Condition::parse(&text) else {
                        continue;
                    };
                    for a in values {
                        let known = |name: &str| match (name, a) {
                            ("A", None) => Known::Unset,
                            ("A", Some("b")) => Known::Set,
                            ("A", Some(text)) => Known::Text(text),
                            _ => Known::Nothing,
                        };
                        let said = condition.possible(&known);
                        for b in values {
                            let is = condition.try_eval(&Values([("A", a), ("B", b)]));
                            match is {
                                Ok(true) => assert_ne!(said, Possible::Never, "{text} {a:?} {b:?}"),
                                Ok(false) => {
                                    assert_ne!(said, Possible::Always, "{text} {a:?} {b:?}");
                                }
                                Err(_) => {}
                            }
                        }
                    }
                }
            }
        }
    }
}
