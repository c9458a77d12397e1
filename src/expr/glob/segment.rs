//! The pattern of one path component.

/// One component's pattern.
#[derive(Debug, Clone)]
pub(super) enum Segment {
    /// Exactly this text.
    Literal(String),
    /// Tokens of which at least one is no character.
    Tokens(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// This character.
    Char(char),
    /// Any one character.
    Any,
    /// Any characters, none too.
    Run,
    /// A character of one of the ranges, or of none of them.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// What matches nothing: a class without an end.
    Never,
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::Any => true,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
            Self::Run | Self::Never => false,
        }
    }
}

impl Segment {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        let literal: Option<String> = tokens
            .iter()
            .map(|token| match token {
                Token::Char(c) => Some(*c),
                _ => None,
            })
            .collect();
        literal.map_or(Self::Tokens(tokens), Self::Literal)
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == text,
            Self::Tokens(tokens) => matches(tokens, text),
        }
    }
}

/// Matches with one point of return, behind the last run: what an earlier run could still take,
/// the last one can take too.
fn matches(tokens: &[Token], text: &str) -> bool {
    let mut token = 0;
    let mut rest = text.chars();
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if tokens.get(token) == Some(&Token::Run) {
            token += 1;
            retry = Some((token, rest.clone()));
            continue;
        }
        let mut ahead = rest.clone();
        let step = match (tokens.get(token), ahead.next()) {
            (None, None) => return true,
            (Some(token), Some(c)) => token.takes(c),
            _ => false,
        };
        if step {
            token += 1;
            rest = ahead;
            continue;
        }
        let Some((behind, from)) = &mut retry else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        token = *behind;
        rest = from.clone();
    }
}
