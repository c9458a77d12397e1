//! Splits a condition into tokens: text → tokens (configuration reference 9.1).

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::expr::re2;

use super::ConditionError;
use super::explain;

/// GitLab gives up when it has read this many.
const TOKEN_LIMIT: usize = 100;

/// A token and its place.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: Range<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum TokenKind {
    Open,
    Close,
    Operand(Operand),
    Not,
    Binary(Operator),
}

/// A value as it is written.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Input(String),
    Variable(String),
    Text(String),
    Pattern(Regex),
    Null,
    Bool(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Match,
    NotMatch,
    And,
    Or,
}

impl Operator {
    const ALL: [Self; 6] = [
        Self::Equal,
        Self::Match,
        Self::NotEqual,
        Self::NotMatch,
        Self::And,
        Self::Or,
    ];

    /// As it is written.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Match => "=~",
            Self::NotMatch => "!~",
            Self::And => "&&",
            Self::Or => "||",
        }
    }
}

/// All tokens of a condition.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ConditionError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += skip_blanks(&text[at..]);
        if at == text.len() {
            return Ok(tokens);
        }
        if tokens.len() + 1 == TOKEN_LIMIT {
            return Err(explain::too_many_tokens(at..text.len()));
        }
        let Some((kind, length)) = next(text, at)? else {
            return Err(explain::unknown(text, at, tokens.last()));
        };
        tokens.push(Token {
            kind,
            at: at..at + length,
        });
        at += length;
    }
}

fn skip_blanks(rest: &str) -> usize {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c);
    rest.bytes().take_while(|b| blank(b)).count()
}

/// The token at `at` and its length. The order of the attempts is GitLab's.
fn next(text: &str, at: usize) -> Result<Option<(TokenKind, usize)>, ConditionError> {
    let rest = &text[at..];
    let found = match rest.as_bytes()[0] {
        b'(' => Some((TokenKind::Open, 1)),
        b')' => Some((TokenKind::Close, 1)),
        b'$' => input(rest).or_else(|| variable(rest)).map(operand),
        b'"' | b'\'' => quoted(rest).map(operand),
        b'/' => pattern(text, at)?.map(operand),
        b'n' | b't' | b'f' => keyword(rest).map(operand),
        _ => operator(rest),
    };
    Ok(found)
}

fn operand((operand, length): (Operand, usize)) -> (TokenKind, usize) {
    (TokenKind::Operand(operand), length)
}

/// `$[[ inputs.name ]]`
fn input(rest: &str) -> Option<(Operand, usize)> {
    let inner = rest.strip_prefix("$[[")?;
    let named = inner[skip_blanks(inner)..].strip_prefix("inputs.")?;
    let length = named
        .bytes()
        .take_while(|b| is_word(*b) || *b == b'-')
        .count();
    let behind = &named[length..];
    let behind = behind[skip_blanks(behind)..].strip_prefix("]]")?;
    (length > 0).then(|| {
        let name = named[..length].to_owned();
        (Operand::Input(name), rest.len() - behind.len())
    })
}

/// `$NAME`
fn variable(rest: &str) -> Option<(Operand, usize)> {
    let name = &rest[1..];
    let length = name.bytes().take_while(|b| is_word(*b)).count();
    (length > 0).then(|| (Operand::Variable(name[..length].to_owned()), length + 1))
}

pub(super) fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Text in quotes, up to the next quote of the kind, in one line.
fn quoted(rest: &str) -> Option<(Operand, usize)> {
    let quote = char::from(rest.as_bytes()[0]);
    let inner = &rest[1..];
    let length = inner.find([quote, '\n'])?;
    inner[length..]
        .starts_with(quote)
        .then(|| (Operand::Text(inner[..length].to_owned()), length + 2))
}

/// `/body/flags`. The body has two characters at least, its last one is no backslash.
fn pattern(text: &str, at: usize) -> Result<Option<(Operand, usize)>, ConditionError> {
    static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\A/(?:[^/]|\\/)+[^\\]/[ismU]*").expect("the pattern is constant and valid")
    });
    let Some(found) = LITERAL.find(&text[at..]) else {
        return Ok(None);
    };
    let literal = found.as_str();
    match re2::from_slashes(&literal.replace("\\/", "/")) {
        Some(Ok(regex)) => Ok(Some((Operand::Pattern(regex), literal.len()))),
        Some(Err(error)) => Err(explain::pattern(literal, at, &error)),
        None => Err(explain::line_break_in_pattern(at..at + literal.len())),
    }
}

/// `null`, and `true` or `false` as whole words.
fn keyword(rest: &str) -> Option<(Operand, usize)> {
    if rest.starts_with("null") {
        return Some((Operand::Null, 4));
    }
    let length = rest.bytes().take_while(|b| is_word(*b)).count();
    match &rest[..length] {
        "true" => Some((Operand::Bool(true), 4)),
        "false" => Some((Operand::Bool(false), 5)),
        _ => None,
    }
}

fn operator(rest: &str) -> Option<(TokenKind, usize)> {
    let binary = Operator::ALL
        .iter()
        .find(|operator| rest.starts_with(operator.as_str()))
        .map(|operator| (TokenKind::Binary(*operator), 2));
    binary.or_else(|| rest.starts_with('!').then_some((TokenKind::Not, 1)))
}
