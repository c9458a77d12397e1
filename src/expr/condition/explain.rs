//! Messages about text that is no token of a condition: what was found, what to write instead.

use std::ops::Range;

use crate::expr::re2;

use super::ConditionError;
use super::eval::{Failure, FailureReason};
use super::lexer::{Operand, Token, TokenKind, is_word};

pub(super) fn too_many_tokens(at: Range<usize>) -> ConditionError {
    ConditionError::new(at, "the condition has more than 99 parts, GitLab's limit")
        .help("split it into several rules")
}

pub(super) fn line_break_in_pattern(at: Range<usize>) -> ConditionError {
    ConditionError::new(at, "a regular expression can't run over a line break")
        .help("write `\\n` for a line break inside of `/…/`")
}

/// A regular expression that RE2 refuses. `literal` stands at `at`.
pub(super) fn pattern(literal: &str, at: usize, error: &re2::Error) -> ConditionError {
    // The body was compiled with `\/` written as `/`, so its places have moved.
    let place = |target: usize| at + 1 + with_escapes(&literal[1..], target);
    let found = ConditionError::new(place(error.at.start)..place(error.at.end), &error.message);
    match &error.help {
        Some(help) => found.help(help),
        None => found,
    }
}

/// Where byte `target` of the text without `\/` escapes lies in the text with them.
fn with_escapes(body: &str, target: usize) -> usize {
    let mut passed = 0;
    let mut at = 0;
    while passed < target && at < body.len() {
        at += if body[at..].starts_with("\\/") {
            2
        } else {
            body[at..].chars().next().map_or(1, char::len_utf8)
        };
        passed += if body[..at].ends_with("\\/") {
            1
        } else {
            body[..at].chars().next_back().map_or(1, char::len_utf8)
        };
    }
    at.min(body.len())
}

/// An operation that GitLab fails on.
pub(super) fn failure(failure: Failure) -> ConditionError {
    let operator = failure.operator.as_str();
    let (message, help) = match failure.reason {
        FailureReason::ComparesPattern => (
            format!("a regular expression can't stand on the left of `{operator}`"),
            "put the variable on the left and match it with `=~` or `!~`",
        ),
        FailureReason::MatchesTrue => (
            format!("`{operator}` needs a regular expression or a text on its right"),
            "write a regular expression such as `/^release-/`",
        ),
    };
    ConditionError::new(failure.at, message).help(help)
}

/// No token begins at `at`.
pub(super) fn unknown(text: &str, at: usize, before: Option<&Token>) -> ConditionError {
    let rest = &text[at..];
    let first = rest.chars().next().unwrap_or(' ');
    let adjacent = before.filter(|token| token.at.end == at);
    match (first, adjacent.map(|token| &token.kind)) {
        (letter, Some(TokenKind::Operand(Operand::Pattern(_)))) if letter.is_alphanumeric() => {
            let at = at..at + letter.len_utf8();
            ConditionError::new(at, format!("`{letter}` is no flag of a regular expression"))
                .help("the flags are `i`, `s`, `m` and `U`")
        }
        ('-' | '.', Some(TokenKind::Operand(Operand::Variable(name)))) => ConditionError::new(
            at..at + 1,
            format!("the variable `${name}` ends before `{first}`"),
        )
        .help("names have letters, digits and `_` only; put text in quotes"),
        ('=', Some(TokenKind::Binary(_))) => {
            ConditionError::new(at - 2..at + 1, "there is no operator of this form")
                .help("write `==` to compare, `!=` for the opposite")
        }
        _ => unknown_text(rest, at, first),
    }
}

fn unknown_text(rest: &str, at: usize, first: char) -> ConditionError {
    let one = at..at + first.len_utf8();
    match first {
        '=' => ConditionError::new(one, "`=` is no operator").help("write `==` to compare"),
        '&' => ConditionError::new(one, "`&` is no operator").help("write `&&` for and"),
        '|' => ConditionError::new(one, "`|` is no operator").help("write `||` for or"),
        '<' | '>' => ConditionError::new(one, "values can't be compared by size")
            .help("compare with `==`, or match with a regular expression"),
        '"' | '\'' => ConditionError::new(
            at..at + rest.len(),
            format!("the text begun by `{first}` has no end"),
        )
        .help(format!(
            "close it with `{first}` in the same line; quotes can't be escaped"
        )),
        '/' => slash(rest, at),
        '$' => dollar(rest, at),
        '%' => percent(rest, at),
        '#' => ConditionError::new(one, "a condition has no comments")
            .help("put the comment outside of the quotes"),
        '0'..='9' => number(rest, at),
        _ if first.is_alphabetic() || first == '_' => word(rest, at),
        _ => ConditionError::new(one, format!("`{first}` has no meaning in a condition"))
            .help("put text in quotes"),
    }
}

fn number(rest: &str, at: usize) -> ConditionError {
    let length = rest
        .bytes()
        .take_while(|b| is_word(*b) || *b == b'.')
        .count();
    let number = &rest[..length];
    ConditionError::new(
        at..at + length,
        format!("the number `{number}` has no quotes"),
    )
    .help(format!("write `\"{number}\"`, values are text"))
}

fn word(rest: &str, at: usize) -> ConditionError {
    let length = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let word = &rest[..length];
    let error = |message: String| ConditionError::new(at..at + length, message);
    let lower = word.to_lowercase();
    match lower.as_str() {
        "and" => error(format!("`{word}` is no operator")).help("write `&&`"),
        "or" => error(format!("`{word}` is no operator")).help("write `||`"),
        "not" => error(format!("`{word}` is no operator")).help("write `!`"),
        "true" | "false" | "null" => {
            error(format!("`{word}` is not in lower case")).help(format!("write `{lower}`"))
        }
        "nil" | "none" => error(format!("`{word}` is no value")).help("write `null`"),
        _ if looks_like_variable(word) => error(format!(
            "the word `{word}` is neither a variable nor quoted"
        ))
        .help(format!(
            "write `${word}` for the variable, `\"{word}\"` for the text"
        )),
        _ => error(format!("the word `{word}` has no quotes")).help(format!("write `\"{word}\"`")),
    }
}

fn looks_like_variable(word: &str) -> bool {
    word.bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn slash(rest: &str, at: usize) -> ConditionError {
    let mut chars = rest.char_indices().skip(1);
    let mut end = None;
    while let Some((index, c)) = chars.next() {
        match c {
            '/' => {
                end = Some(index);
                break;
            }
            '\\' => {
                chars.next();
            }
            _ => {}
        }
    }
    let Some(end) = end else {
        return ConditionError::new(at..at + rest.len(), "the regular expression has no end")
            .help("close it with `/`; write `\\/` for a slash inside");
    };
    let literal = &rest[..=end];
    let error = |message: &str| ConditionError::new(at..at + literal.len(), message);
    match literal[1..end].chars().count() {
        0 => error("the regular expression is empty")
            .help("GitLab wants two characters at least; write `/.*/` to match anything"),
        1 => error("a regular expression of one character, GitLab wants two at least")
            .help(format!("write `/({})/`", &literal[1..end])),
        _ => error("the regular expression ends in a backslash")
            .help("put a class around it: `/[\\\\]/`"),
    }
}

fn dollar(rest: &str, at: usize) -> ConditionError {
    let braces = rest
        .strip_prefix("${")
        .and_then(|inner| inner.split_once('}'));
    if let Some((name, _)) = braces {
        let end = at + name.len() + 3;
        let error = ConditionError::new(
            at..end,
            "braces around a variable have no meaning in a condition",
        );
        return if !name.is_empty() && name.bytes().all(is_word) {
            error.help(format!("write `${name}`"))
        } else {
            error.help("write `$NAME`; there are no default values or other expansions")
        };
    }
    if rest.starts_with("$[[") {
        let length = rest.find("]]").map_or(3, |end| end + 2);
        return ConditionError::new(at..at + length, "only `$[[ inputs.name ]]` can stand here");
    }
    if rest.starts_with("$(") {
        return ConditionError::new(at..at + 2, "a condition runs no commands")
            .help("compute the value in a job, conditions see variables only");
    }
    ConditionError::new(at..at + 1, "`$` is not followed by the name of a variable")
        .help("write `$NAME`, or `\"$\"` for the character")
}

fn percent(rest: &str, at: usize) -> ConditionError {
    match rest[1..].split_once('%') {
        Some((name, _)) if !name.is_empty() && name.bytes().all(is_word) => ConditionError::new(
            at..at + name.len() + 2,
            format!("`%{name}%` has no meaning in a condition"),
        )
        .help(format!("write `${name}`")),
        _ => ConditionError::new(at..at + 1, "`%` has no meaning in a condition")
            .help("put text in quotes"),
    }
}
