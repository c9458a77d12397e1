//! `RUNNER_SCRIPT_TIMEOUT` and its sibling (runtime reference 5).
//!
//! PURE. Durations as Go writes them: `90s`, `1h20m`, `1.5h`.

use std::time::Duration;

/// The limit that a variable sets, or the warning why it sets none. `left` is what remains of
/// the job's own time.
pub(super) fn limit(name: &str, text: &str, left: Duration) -> Result<Duration, String> {
    let limit = go_duration(text).ok_or_else(|| {
        format!("WARNING: ignoring {name}: {text:?} is not a duration such as 90s or 1h20m")
    })?;
    if limit > left {
        return Err(format!(
            "WARNING: ignoring {name}: {text} is longer than the job's timeout"
        ));
    }
    Ok(limit)
}

/// Reads a positive Go duration. Zero counts as none, like anything malformed.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let number = rest.find(|c: char| c != '.' && !c.is_ascii_digit())?;
        let (value, tail) = rest.split_at(number);
        let unit = tail.find(|c: char| c == '.' || c.is_ascii_digit());
        let (unit, tail) = tail.split_at(unit.unwrap_or(tail.len()));
        let seconds = value.parse::<f64>().ok()? * seconds_in(unit)?;
        sum = sum.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = tail;
    }
    (sum > Duration::ZERO).then_some(sum)
}

fn seconds_in(unit: &str) -> Option<f64> {
    Some(match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" | "μs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations() {
        let rows = [
            ("90s", Some(90_000)),
            ("1h20m", Some(4_800_000)),
            ("1.5h", Some(5_400_000)),
            ("250ms", Some(250)),
            ("+2s", Some(2_000)),
            (".5s", Some(500)),
            ("10", None),
            ("0s", None),
            ("", None),
            ("-5s", None),
            ("5 m", None),
            ("5x", None),
            ("1..2s", None),
            ("s", None),
            ("99999999999999999999h", None),
        ];
        for (text, millis) in rows {
            assert_eq!(
                go_duration(text),
                millis.map(Duration::from_millis),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_limit_beyond_the_jobs_own_is_ignored() {
        let left = Duration::from_secs(60);
        assert_eq!(limit("X", "1m", left), Ok(left));
        assert!(limit("X", "61s", left).is_err_and(|text| text.contains("X: 61s is longer")));
        assert!(limit("X", "soon", left).is_err_and(|text| text.contains("\"soon\" is not")));
    }
}
