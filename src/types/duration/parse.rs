//! Durations as people write them (configuration reference 6.20).

use super::numerals::number_words;

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DurationError {
    /// A word that is neither a number nor a unit.
    UnknownWord(String),
    /// Nothing in it, or zero in all.
    Zero,
    /// More than three parts between colons.
    TooManyColons,
}

impl std::fmt::Display for DurationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownWord(word) => write!(
                f,
                "`{word}` is neither a number nor a unit of time; write it like `1h 30m` or `2 weeks`"
            ),
            Self::Zero => f.write_str("the duration is zero; write it like `1h 30m` or `2 weeks`"),
            Self::TooManyColons => {
                f.write_str("too many `:` for a time; write it like `1:30:00` or `1h 30m`")
            }
        }
    }
}

impl std::error::Error for DurationError {}

/// The longest `timeout` that GitLab accepts, in seconds: an average month.
pub const TIMEOUT_LIMIT: u64 = 2_629_746;

/// The longest `start_in` that GitLab accepts, in seconds: one week.
pub const START_IN_LIMIT: u64 = 604_800;

/// Seconds of a text such as `3h 30m`, `1 week and 2 days`, `1:30` or `one hour`. Parts of a
/// second are cut off.
pub fn parse(text: &str) -> Result<u64, DurationError> {
    let numerals = number_words(&text.to_lowercase());
    let words = known_words(&clock_to_units(&numerals)?)?;
    let mut total = 0.0;
    for (at, word) in words.iter().enumerate() {
        let Word::Number(number) = word else { continue };
        total += number
            * match words.get(at + 1) {
                Some(Word::Unit(seconds)) => *seconds,
                // Of two bare numbers only the last one counts.
                Some(Word::Number(_)) => 0.0,
                None => 1.0,
            };
    }
    if total == 0.0 {
        return Err(DurationError::Zero);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative, and a float beyond u64 becomes its largest value"
    )]
    Ok(total as u64)
}

enum Word {
    Number(f64),
    /// A unit, in seconds.
    Unit(f64),
}

/// Splits into numbers and words, and refuses words that mean nothing.
fn known_words(text: &str) -> Result<Vec<Word>, DurationError> {
    let mut words = Vec::new();
    for word in apart(text).split_whitespace() {
        if let Ok(number) = word.parse::<f64>()
            && word.ends_with(|c: char| c.is_ascii_digit())
        {
            words.push(Word::Number(number));
            continue;
        }
        let bare = word.strip_prefix(',').unwrap_or(word);
        let bare = bare.strip_suffix(',').unwrap_or(bare);
        match unit_seconds(bare) {
            Some(seconds) => words.push(Word::Unit(seconds)),
            None if matches!(bare, "and" | "with" | "plus") => {}
            None => return Err(DurationError::UnknownWord(word.to_owned())),
        }
    }
    // A unit that stands alone in front is one of it: `day` is `1 day`.
    if matches!(words.first(), Some(Word::Unit(_))) {
        words.insert(0, Word::Number(1.0));
    }
    Ok(words)
}

/// Puts blanks around every number (`[0-9]*\.?[0-9]+`), so that `2h20min` falls into words.
fn apart(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = number_length(rest);
        if length == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend([" ", &rest[..length], " "]);
            rest = &rest[length..];
        }
    }
    out
}

/// Bytes of the number that `text` begins with.
fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    match text[whole..].strip_prefix('.').map(digits) {
        None | Some(0) => whole,
        Some(parts) => whole + 1 + parts,
    }
}

/// `1:30` is minutes and seconds, `1:30:00` hours too, and so on up to years.
fn clock_to_units(text: &str) -> Result<String, DurationError> {
    const UNITS: [&str; 6] = ["seconds", "minutes", "hours", "days", "months", "years"];
    let packed: String = text.chars().filter(|c| *c != ' ').collect();
    let clock = packed.match_indices(':').any(|(at, _)| {
        packed[..at].ends_with(|c: char| c.is_ascii_digit()) && number_length(&packed[at + 1..]) > 0
    });
    if !clock {
        return Ok(text.to_owned());
    }
    let parts: Vec<&str> = packed.split(':').collect();
    if parts.len() > UNITS.len() {
        return Err(DurationError::TooManyColons);
    }
    let named = parts.iter().zip(UNITS[..parts.len()].iter().rev());
    Ok(named
        .flat_map(|(part, unit)| [part, " ", unit, " "])
        .collect())
}

fn unit_seconds(word: &str) -> Option<f64> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "dy" | "day" | "days" => 86_400.0,
        "w" | "wk" | "wks" | "week" | "weeks" => 604_800.0,
        "mo" | "mos" | "month" | "months" => 2_592_000.0,
        "y" | "yr" | "yrs" | "year" | "years" => 31_557_600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_the_table() {
        for row in include_str!("../../../tests/data/durations.tsv")
            .lines()
            .skip(1)
        {
            let columns: Vec<&str> = row.split('\t').collect();
            let text: String = serde_json::from_str(columns[0]).expect("a JSON string");
            let got = parse(&text);
            assert_eq!(
                got.is_ok(),
                columns[1] == "true",
                "validity of {text:?}: {got:?}"
            );
            let within = |limit| got.as_ref().is_ok_and(|seconds| *seconds <= limit);
            assert_eq!(
                within(START_IN_LIMIT),
                columns[3] == "true",
                "start_in of {text:?}"
            );
            assert_eq!(
                within(TIMEOUT_LIMIT),
                columns[4] == "true",
                "timeout of {text:?}"
            );
            if let Ok(seconds) = got {
                let want = columns[2].trim_end_matches(".0");
                assert_eq!(seconds.to_string(), want, "seconds of {text:?}");
            }
        }
    }

    #[test]
    fn durations_of_the_reference() {
        let rows = [
            ("1.5h", Some(5400)),
            ("1:30:00", Some(5400)),
            ("6 mos 1 day", Some(15_638_400)),
            ("3 weeks and 2 days", Some(1_987_200)),
            ("1d 1d", Some(172_800)),
            ("2 hrs, 20 min", Some(8400)),
            ("10 20", Some(20)),
            ("twenty five minutes", Some(1500)),
            ("twenty-five minutes", Some(1500)),
            ("one hundred seconds", Some(100)),
            ("two thousand five hundred seconds", Some(2500)),
            ("One Hour", Some(3600)),
            ("day hour", Some(86_400)),
            ("1:2:3:4:5:6:7", None),
            ("0 seconds", None),
            ("-5 minutes", None),
            ("١ minute", None),
        ];
        for (text, want) in rows {
            assert_eq!(parse(text).ok(), want, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*|[0-9:. a-z-]{0,24}") {
            let _ = parse(&text);
        }
    }
}
