//! Psych's numbers: bases 2, 8, 10, 16 and 60, and floats.

use crate::yaml::Kind;

/// The number that an unquoted scalar without line breaks is, if it is one.
pub(super) fn resolve(text: &str) -> Option<Kind> {
    sexagesimal(text)
        .or_else(|| float(text))
        .or_else(|| integer(text))
}

/// Splits an optional sign off.
fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

/// `1:30`, `1:30:00`, `1:30.5`: the first part counts 3600, the second 60, the third 1.
fn sexagesimal(text: &str) -> Option<Kind> {
    let (negative, digits) = sign(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let (first, rest) = whole.split_once(':')?;
    let rest: Vec<&str> = rest.split(':').collect();
    let number = |text: &str| all(text, |b| b.is_ascii_digit() || b == b'_');
    let fits = first.starts_with(|c: char| c.is_ascii_digit())
        && number(first)
        && rest.len() <= 2
        && rest.iter().all(|part| is_sixtieth(part))
        && fraction.is_none_or(number);
    if !fits {
        return None;
    }
    Some(match fraction {
        None => base_60(negative, first, &rest),
        Some(fraction) => base_60_float(negative, first, &rest, fraction),
    })
}

/// One or two digits below sixty.
fn is_sixtieth(part: &str) -> bool {
    match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [ten, digit] => matches!(ten, b'0'..=b'5') && digit.is_ascii_digit(),
        _ => false,
    }
}

/// Only the first part carries the sign: `-1:30` is half an hour before minus zero.
fn base_60(negative: bool, first: &str, rest: &[&str]) -> Kind {
    let digits = leading_number(first);
    let signed = if negative {
        format!("-{digits}")
    } else {
        digits
    };
    let part = |at: usize| {
        rest.get(at)
            .and_then(|part| part.parse().ok())
            .unwrap_or(0_i64)
    };
    let exact = signed
        .parse::<i64>()
        .ok()
        .and_then(|hours| hours.checked_mul(3600))
        .and_then(|seconds| seconds.checked_add(part(0) * 60 + part(1)));
    match exact {
        Some(seconds) => Kind::Int(seconds),
        None => Kind::Float(signed.parse::<f64>().unwrap_or(f64::INFINITY) * 3600.0),
    }
}

fn base_60_float(negative: bool, first: &str, rest: &[&str], fraction: &str) -> Kind {
    let float = |text: &str| text.parse::<f64>().unwrap_or(0.0);
    let hours = float(&leading_number(first)) * 3600.0;
    let mut sum = if negative { -hours } else { hours };
    for (at, (part, weight)) in rest.iter().zip([60.0, 1.0]).enumerate() {
        let is_last = at + 1 == rest.len();
        let fraction = if is_last {
            leading_number(fraction)
        } else {
            String::new()
        };
        sum += float(&format!("{part}.{fraction}0")) * weight;
    }
    Kind::Float(sum)
}

/// The digits that Ruby's `to_i` reads: single underscores between digits are dropped, anything
/// else ends the number.
fn leading_number(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut digits = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let next_is_digit = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        match byte {
            b'0'..=b'9' => digits.push(char::from(*byte)),
            b'_' if at > 0 && bytes[at - 1] != b'_' && next_is_digit => {}
            _ => break,
        }
    }
    digits
}

/// `1.5`, `1.`, `.5`, `1,000.5`, `1.5e+3`: there is a point, and an exponent has a sign.
fn float(text: &str) -> Option<Kind> {
    let (negative, digits) = sign(text);
    let (whole, rest) = digits.split_once('.')?;
    let whole_fits = whole.is_empty()
        || (whole.starts_with(|c: char| c.is_ascii_digit())
            && all(whole, |b| b.is_ascii_digit() || b == b'_' || b == b','));
    let (fraction, exponent) = match rest.split_once(['e', 'E']) {
        Some((fraction, exponent)) => (fraction, Some(exponent)),
        None => (rest, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']);
        digits.is_some_and(|d| !d.is_empty() && all(d, |b| b.is_ascii_digit()))
    });
    let has_digits = !(whole.is_empty() && fraction.is_empty());
    if !whole_fits || !exponent_fits || !has_digits || !all(fraction, |b| b.is_ascii_digit()) {
        return None;
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let minus = if negative { "-" } else { "" };
    let exponent = exponent.unwrap_or("0");
    let plain = format!("{minus}0{whole}.{fraction}0e{exponent}");
    plain.parse().ok().map(Kind::Float)
}

/// `0b11`, `0777`, `1_000`, `0x1F`.
fn integer(text: &str) -> Option<Kind> {
    let (negative, digits) = sign(text);
    let separated = |text: &str, radix: u32| {
        all(text, |b| {
            b == b'_' || b == b',' || char::from(b).is_digit(radix)
        })
    };
    let (radix, body) = if let Some(body) = digits.strip_prefix("0b") {
        (2, body)
    } else if let Some(body) = digits.strip_prefix("0x") {
        (16, body)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, digits)
    } else if is_decimal(digits) {
        (10, digits)
    } else {
        return None;
    };
    if radix != 10 && !separated(body, radix) {
        return None;
    }
    let body: String = body.chars().filter(|c| !matches!(c, '_' | ',')).collect();
    (!body.is_empty()).then(|| of_radix(negative, &body, radix))
}

/// `0`, or digits that do not begin with a zero, single separators between them.
fn is_decimal(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    if digits == "0" {
        return true;
    }
    let fits = |at: usize| match bytes[at] {
        b'0'..=b'9' => true,
        b'_' | b',' => bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
        _ => false,
    };
    matches!(bytes.first(), Some(b'1'..=b'9')) && (0..bytes.len()).all(fits)
}

/// What 64 bits can't hold stays text when its digits are decimal, so that a variable gets the
/// digits that Ruby would print; in other bases it becomes a float.
fn of_radix(negative: bool, body: &str, radix: u32) -> Kind {
    let minus = if negative { "-" } else { "" };
    let signed = format!("{minus}{body}");
    if let Ok(value) = i64::from_str_radix(&signed, radix) {
        return Kind::Int(value);
    }
    if radix == 10 {
        return Kind::Str(signed.into());
    }
    let step =
        |sum: f64, c: char| sum * f64::from(radix) + f64::from(c.to_digit(radix).unwrap_or(0));
    let value = body.chars().fold(0.0, step);
    Kind::Float(if negative { -value } else { value })
}
