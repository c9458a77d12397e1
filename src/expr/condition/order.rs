//! Messages about tokens in an order that makes no condition.

use super::ConditionError;
use super::lexer::{Token, TokenKind};

/// The tokens are fine, their order is not: the first place where it breaks.
pub(super) fn broken(text: &str, tokens: &[Token]) -> ConditionError {
    if tokens.is_empty() {
        return ConditionError::new(0..text.len(), "the condition is empty")
            .help("write a comparison such as `$CI_COMMIT_BRANCH == \"main\"`");
    }
    let mut open: Vec<&Token> = Vec::new();
    let mut before: Option<&Token> = None;
    for token in tokens {
        if let Some(error) = misplaced(text, before, token, !open.is_empty()) {
            return error;
        }
        match token.kind {
            TokenKind::Open => open.push(token),
            TokenKind::Close => {
                open.pop();
            }
            _ => {}
        }
        before = Some(token);
    }
    match (before, open.pop()) {
        (Some(last), _) if wants_operand(Some(last)) => needs_right(text, last),
        (_, Some(open)) => {
            ConditionError::new(open.at.clone(), "this `(` is never closed").help("add `)`")
        }
        _ => ConditionError::new(0..text.len(), "the condition does not parse"),
    }
}

/// Whether a value has to follow.
fn wants_operand(before: Option<&Token>) -> bool {
    before.is_none_or(|token| {
        matches!(
            token.kind,
            TokenKind::Open | TokenKind::Not | TokenKind::Binary(_)
        )
    })
}

fn needs_right(text: &str, operator: &Token) -> ConditionError {
    let written = &text[operator.at.clone()];
    ConditionError::new(operator.at.clone(), format!("nothing follows `{written}`"))
        .help("add a value")
}

/// What is wrong with `token` behind `before`, if anything.
fn misplaced(
    text: &str,
    before: Option<&Token>,
    token: &Token,
    is_open: bool,
) -> Option<ConditionError> {
    let written = &text[token.at.clone()];
    let error = |message: String| ConditionError::new(token.at.clone(), message);
    let previous = before.map_or("", |before| &text[before.at.clone()]);
    match (&token.kind, wants_operand(before)) {
        (TokenKind::Operand(_) | TokenKind::Open | TokenKind::Not, false) => Some(
            error(format!(
                "`{written}` follows `{previous}` without an operator"
            ))
            .help("put `==`, `!=`, `=~`, `!~`, `&&` or `||` between them"),
        ),
        (TokenKind::Binary(_), true) => Some(match before {
            None => error(format!("nothing stands before `{written}`")).help("add a value"),
            Some(_) => error(format!(
                "`{written}` follows `{previous}`, a value is missing"
            ))
            .help("add a value between them"),
        }),
        (TokenKind::Close, _) if !is_open => {
            Some(error("this `)` closes nothing".to_owned()).help("remove it, or open with `(`"))
        }
        (TokenKind::Close, true) => Some(match before {
            Some(before) if !matches!(before.kind, TokenKind::Open) => needs_right(text, before),
            _ => error("the parentheses are empty".to_owned()).help("put a condition inside"),
        }),
        _ => None,
    }
}
