//! The coverage that a job's log tells (configuration reference 6.23).
//!
//! PURE.

use regex::Regex;

/// Looks for the number behind `coverage` in the lines of one log.
#[derive(Debug, Clone)]
pub struct Coverage {
    regex: Regex,
    found: Option<f64>,
}

impl Coverage {
    /// Nothing is found yet.
    pub fn new(regex: Regex) -> Self {
        Self { regex, found: None }
    }

    /// Takes the next line. Of several with a number the last one counts; in a line the last
    /// match, of that the last group, and of that the first number.
    pub(super) fn line(&mut self, line: &str) {
        let groups = |found: regex::Captures<'_>| {
            // The first one is the whole match.
            let groups = found.iter().skip(usize::from(found.len() > 1));
            groups.last().flatten().map(|group| group.range())
        };
        let last = self.regex.captures_iter(line).last().and_then(groups);
        let number = last.and_then(|range| number_in(&line[range]));
        self.found = number.or(self.found);
    }

    /// Per cent, where the log told any.
    pub(super) fn percent(&self) -> Option<f64> {
        self.found
    }
}

/// The first run of digits, with its decimals.
fn number_in(text: &str) -> Option<f64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let text = &text[start..];
    let whole = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let decimals = text[whole..].strip_prefix('.').map_or(0, |rest| {
        rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len()
    });
    let end = if decimals == 0 {
        whole
    } else {
        whole + 1 + decimals
    };
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_of_a_log() {
        for (pattern, lines, expected) in [
            (r"\d+%", &["a 12%", "b"][..], Some(12.0)),
            (
                r"total (\d+\.\d+)%",
                &["total 1.5%", "total 83.25%"],
                Some(83.25),
            ),
            (
                r"total (\d+\.\d+)%",
                &["total 83.5%", "total: none"],
                Some(83.5),
            ),
            (r"(\w+): (\d+)", &["x: 1 y: 22"], Some(22.0)),
            (r"line \S+", &["line 7.of", "line none"], Some(7.0)),
            (r"cov (a)?", &["cov 5"], None),
            (r"cov", &["cov 5"], None),
            (r"\d+%", &[], None),
        ] {
            let regex = Regex::new(pattern).expect("a pattern");
            let mut coverage = Coverage::new(regex);
            for line in lines {
                coverage.line(line);
            }
            assert_eq!(coverage.percent(), expected, "{pattern} {lines:?}");
        }
    }
}
