//! Parses a condition: tokens → tree (configuration reference 9.2).
//!
//! GitLab sorts operators with a stack and then builds the tree from the resulting postfix
//! order. That also gives a meaning to a few orders nobody would write (`$A ! == $B`), so the
//! same method is used here.

use std::ops::Range;

use super::lexer::{Operand, Operator, Token, TokenKind};

/// A condition as a tree. At most as deep as a condition has tokens, which are under a hundred.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Leaf(Operand),
    Not(Box<Node>),
    Binary(Box<Binary>),
}

#[derive(Debug, Clone)]
pub(super) struct Binary {
    pub(super) operator: Operator,
    pub(super) left: Node,
    pub(super) right: Node,
    /// Where the operator stands.
    pub(super) at: Range<usize>,
}

/// The tree of a condition; `None` when GitLab would refuse it.
pub(super) fn tree(tokens: &[Token]) -> Option<Node> {
    let mut nodes = Vec::new();
    for token in postfix(tokens)? {
        let node = match &token.kind {
            TokenKind::Operand(operand) => Node::Leaf(operand.clone()),
            TokenKind::Not => Node::Not(Box::new(nodes.pop()?)),
            TokenKind::Binary(operator) => {
                let right = nodes.pop()?;
                let left = nodes.pop()?;
                Node::Binary(Box::new(Binary {
                    operator: *operator,
                    left,
                    right,
                    at: token.at.clone(),
                }))
            }
            TokenKind::Open | TokenKind::Close => return None,
        };
        nodes.push(node);
    }
    let whole = nodes.pop();
    whole.filter(|_| nodes.is_empty())
}

/// The tokens in postfix order, without parentheses; `None` when those don't balance.
fn postfix(tokens: &[Token]) -> Option<Vec<&Token>> {
    let mut output = Vec::new();
    let mut waiting: Vec<&Token> = Vec::new();
    for token in tokens {
        match &token.kind {
            TokenKind::Operand(_) => output.push(token),
            TokenKind::Open | TokenKind::Not => waiting.push(token),
            TokenKind::Close => loop {
                let top = waiting.pop()?;
                if matches!(top.kind, TokenKind::Open) {
                    break;
                }
                output.push(top);
            },
            TokenKind::Binary(operator) => {
                while let Some(top) = waiting.pop_if(|top| binding(top) <= strength(*operator)) {
                    output.push(top);
                }
                waiting.push(token);
            }
        }
    }
    output.extend(waiting.into_iter().rev());
    Some(output)
}

/// How tightly a waiting token binds: the lower, the tighter. Nothing passes an open parenthesis.
fn binding(token: &Token) -> u8 {
    match &token.kind {
        TokenKind::Not => 0,
        TokenKind::Binary(operator) => strength(*operator),
        TokenKind::Open | TokenKind::Close | TokenKind::Operand(_) => u8::MAX,
    }
}

fn strength(operator: Operator) -> u8 {
    match operator {
        Operator::Equal | Operator::NotEqual | Operator::Match | Operator::NotMatch => 1,
        Operator::And => 2,
        Operator::Or => 3,
    }
}
