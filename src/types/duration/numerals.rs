//! Number words: `twenty five` is 25.

/// Writes number words as digits: `twenty five minutes` → `25 minutes`.
pub(super) fn number_words(text: &str) -> String {
    let mut out = Vec::new();
    let mut number: Option<Numeral> = None;
    let text = without_hyphens(text);
    for word in text.split_whitespace() {
        let Some(part) = numeral(word) else {
            out.extend(number.take().map(Numeral::digits));
            out.push(word.to_owned());
            continue;
        };
        let belongs = number.as_mut().is_some_and(|whole| whole.take(part));
        if !belongs {
            out.extend(number.replace(Numeral::of(part)).map(Numeral::digits));
        }
    }
    out.extend(number.map(Numeral::digits));
    out.join(" ")
}

/// `twenty-five` is two words; a dash beside a digit stays, for it makes the text invalid.
fn without_hyphens(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let letter = |at: Option<usize>| {
        at.and_then(|at| chars.get(at))
            .is_some_and(|c| c.is_alphabetic())
    };
    let parts = chars.iter().enumerate().map(|(at, c)| {
        let joins = *c == '-' && letter(at.checked_sub(1)) && letter(Some(at + 1));
        if joins { ' ' } else { *c }
    });
    parts.collect()
}

/// A number word that is being read.
struct Numeral {
    done: u64,
    current: u64,
    last: u64,
}

impl Numeral {
    fn of(part: u64) -> Self {
        Self {
            done: 0,
            current: part,
            last: part,
        }
    }

    /// Adds the next word when it can belong to the same number: `twenty` `five`, `two`
    /// `hundred`, but not `two` `three`.
    fn take(&mut self, part: u64) -> bool {
        match part {
            1000.. => {
                self.done = self.done.saturating_add(self.current.saturating_mul(part));
                self.current = 0;
            }
            100 => self.current = self.current.saturating_mul(100),
            _ if self.last >= 100 || (self.last >= 20 && part < 10) => {
                self.current = self.current.saturating_add(part);
            }
            _ => return false,
        }
        self.last = part;
        true
    }

    fn digits(self) -> String {
        self.done.saturating_add(self.current).to_string()
    }
}

fn numeral(word: &str) -> Option<u64> {
    const SMALL: [&str; 19] = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = [
        "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    const BIG: [(&str, u64); 4] = [
        ("hundred", 100),
        ("thousand", 1000),
        ("million", 1_000_000),
        ("billion", 1_000_000_000),
    ];
    let place = |names: &[&str]| {
        names
            .iter()
            .position(|name| *name == word)
            .map(|at| at as u64)
    };
    let big = || {
        BIG.iter()
            .find(|(name, _)| *name == word)
            .map(|(_, value)| *value)
    };
    place(&SMALL)
        .map(|at| at + 1)
        .or_else(|| place(&TENS).map(|at| (at + 2) * 10))
        .or_else(big)
}
