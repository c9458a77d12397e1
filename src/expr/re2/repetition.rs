//! Repetitions: `*`, `+`, `?`, `{2,3}`, and their limits.

use super::Error;
use super::translate::{Left, Translator};

/// The most times RE2 repeats something, counted through nested repetitions.
const REPEAT_LIMIT: u32 = 1000;

impl Translator<'_, '_> {
    /// `{2}`, `{2,}` or `{2,3}` when it comes next; any other `{` is a character.
    pub(super) fn bounds(&mut self) -> Option<(u32, Option<u32>)> {
        let inner = self.cursor.rest().strip_prefix('{')?;
        let inner = &inner[..inner.find('}')?];
        let number = |digits: &str| {
            let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            valid.then(|| digits.parse().unwrap_or(u32::MAX))
        };
        let bounds = match inner.split_once(',') {
            None => number(inner).map(|n| (n, Some(n)))?,
            Some((low, "")) => (number(low)?, None),
            Some((low, high)) => (number(low)?, Some(number(high)?)),
        };
        self.cursor.at += inner.len() + 2;
        Some(bounds)
    }

    /// A repetition has been read from `start` on; `bounds` when it was written in braces.
    pub(super) fn repeat(
        &mut self,
        start: usize,
        bounds: Option<(u32, Option<u32>)>,
    ) -> Result<(), Error> {
        let written = &self.cursor.text[start..self.cursor.at];
        self.cursor.eat("?");
        let whole = &self.cursor.text[start..self.cursor.at];
        let inner = match self.left {
            Left::Atom(inner) => inner,
            Left::Nothing => {
                return Err(self
                    .cursor
                    .error(
                        start,
                        format!("there is nothing that `{whole}` could repeat"),
                    )
                    .help(format!("write `\\{whole}` for the character")));
            }
            Left::Repetition(_) => {
                return Err(self
                    .cursor
                    .error(start, format!("`{whole}` follows another repetition"))
                    .help("RE2 has no possessive or double repetition; keep one of them"));
            }
        };
        let repeats = match bounds {
            None => inner,
            Some((low, high)) => self.checked_bounds(start, inner, low, high)?,
        };
        self.out.push_str(written);
        if whole.len() > written.len() {
            self.out.push('?');
        }
        self.left = Left::Repetition(repeats);
        Ok(())
    }

    fn checked_bounds(
        &self,
        start: usize,
        inner: u32,
        low: u32,
        high: Option<u32>,
    ) -> Result<u32, Error> {
        if high.is_some_and(|high| high < low) {
            return Err(self
                .cursor
                .error(start, "the repetition's limits are in reverse")
                .help("put the lower number first"));
        }
        let most = high.unwrap_or(low);
        let repeats = inner.saturating_mul(most.max(1));
        if most > REPEAT_LIMIT || (most >= 2 && repeats > REPEAT_LIMIT) {
            return Err(self
                .cursor
                .error(start, format!("RE2 repeats at most {REPEAT_LIMIT} times"))
                .help("use `*` or `+`, or a smaller number"));
        }
        Ok(repeats)
    }
}
