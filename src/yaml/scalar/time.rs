//! Unquoted dates and times, which Psych turns into Ruby objects that GitLab refuses.

use super::is_ruby_space;

/// Which Ruby class the scalar would become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::yaml) enum Timestamp {
    /// `2024-01-02`.
    Date,
    /// `2024-01-02 03:04:05`.
    Time,
}

/// The date or time that the scalar is, if it is one.
pub(super) fn recognize(text: &str) -> Option<Timestamp> {
    if is_date(text) {
        Some(Timestamp::Date)
    } else if is_time(text).is_some() {
        Some(Timestamp::Time)
    } else {
        None
    }
}

/// Year of four digits, a month up to 12 and a day up to 31; the calendar is not asked.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    year.len() == 4 && digits(year) && is_below(month, 13) && is_below(day, 32)
}

/// One or two digits that count less than `limit`.
fn is_below(part: &str, limit: u8) -> bool {
    matches!(part.len(), 1 | 2)
        && part.bytes().all(|b| b.is_ascii_digit())
        && part.parse::<u8>().is_ok_and(|number| number < limit)
}

/// A date of any digits, `T` or blanks, `h:mm:ss`, then perhaps a fraction and a zone.
fn is_time(text: &str) -> Option<()> {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let rest = digits(rest, 4, 4)?.strip_prefix('-')?;
    let rest = digits(rest, 1, 2)?.strip_prefix('-')?;
    let rest = separator(digits(rest, 1, 2)?)?;
    let rest = digits(rest, 1, 2)?.strip_prefix(':')?;
    let rest = digits(rest, 2, 2)?.strip_prefix(':')?;
    let rest = digits(rest, 2, 2)?;
    let rest = match rest.strip_prefix('.') {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    (rest.is_empty() || is_zone(rest.trim_start_matches(is_ruby_space))).then_some(())
}

/// What follows `min` to `max` digits; no further digit may follow.
fn digits(text: &str, min: usize, max: usize) -> Option<&str> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    (min..=max).contains(&count).then(|| &text[count..])
}

fn separator(text: &str) -> Option<&str> {
    let blanks = || {
        let rest = text.trim_start_matches(is_ruby_space);
        (rest.len() < text.len()).then_some(rest)
    };
    text.strip_prefix(['T', 't']).or_else(blanks)
}

/// `Z`, `+1`, `+01`, `+01:`, `+100`, `+0100`, `+01:00`.
fn is_zone(zone: &str) -> bool {
    let Some(offset) = zone.strip_prefix(['+', '-']) else {
        return zone == "Z";
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    match offset.split_once(':') {
        Some((hours, minutes)) => {
            matches!((hours.len(), minutes.len()), (1 | 2, 0 | 2))
                && all_digits(hours)
                && all_digits(minutes)
        }
        None => matches!(offset.len(), 1..=4) && all_digits(offset),
    }
}
