//! Formats seconds for people.

/// Seconds for people: `0.4s`, `12s`, `3m 05s`, `1h 30m`, `2d 4h`; two parts at most, the second
/// left out when it is zero.
pub fn format(seconds: f64) -> String {
    let seconds = if seconds.is_finite() {
        seconds.max(0.0)
    } else {
        0.0
    };
    if seconds < 9.95 {
        return format!("{seconds:.1}s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and a float beyond u64 becomes its largest value"
    )]
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => two_parts(whole / 60, "m", whole % 60, "s"),
        3600..86_400 => two_parts(whole / 3600, "h", whole % 3600 / 60, "m"),
        _ => two_parts(whole / 86_400, "d", whole % 86_400 / 3600, "h"),
    }
}

fn two_parts(big: u64, big_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{big}{big_unit}"),
        _ => format!("{big}{big_unit} {small:02}{small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_for_people() {
        let rows = [
            (0.0, "0.0s"),
            (0.44, "0.4s"),
            (9.96, "10s"),
            (59.6, "1m"),
            (185.0, "3m 05s"),
            (5400.0, "1h 30m"),
            (3600.0, "1h"),
            (187_200.0, "2d 04h"),
            (f64::NAN, "0.0s"),
        ];
        for (seconds, want) in rows {
            assert_eq!(format(seconds), want, "{seconds}");
        }
    }
}
