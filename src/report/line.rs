//! A line for people: pieces of text, each with a tone.
//!
//! PURE. What a line says and how a terminal shows it are apart: the same line is painted with
//! colour, without, or in ASCII. No tone carries a meaning that the words don't.
//!
//! Whatever stands in a line is visible and on one line: names of a repository and messages of a
//! daemon have no say over the terminal. Colours come from tones alone.

use std::borrow::Cow;

use crate::foreign::visible;

use super::text;

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Names and headings.
    Strong,
    /// Beside the point: times, phases, log lines.
    Dim,
    /// Ended well.
    Good,
    /// Ended badly.
    Bad,
    /// Asks for attention.
    Warn,
    /// Under way.
    Active,
    /// The name of a job in front of its log lines, one colour per job.
    Job(usize),
}

impl Tone {
    /// The parameters of its escape sequence.
    const fn code(self) -> &'static str {
        /// Neither red nor green nor yellow: those are taken by the outcomes.
        const JOBS: [&str; 6] = ["36", "35", "34", "96", "95", "94"];
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Warn => "33",
            Self::Active => "36",
            Self::Job(number) => JOBS[number % JOBS.len()],
        }
    }
}

/// What the receiver of a line can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// Whether tones become colours.
    pub color: bool,
    /// Whether our own symbols may be beyond ASCII.
    pub unicode: bool,
}

impl Paint {
    /// Symbols, no colour: files, pipes, `NO_COLOR`.
    pub const PLAIN: Self = Self {
        color: false,
        unicode: true,
    };
    /// Symbols and colour.
    pub const COLOR: Self = Self {
        color: true,
        unicode: true,
    };
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    tone: Tone,
    text: String,
}

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pieces: Vec<Piece>,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of one piece.
    pub fn of(tone: Tone, text: impl Into<String>) -> Self {
        Self::new().put(tone, text)
    }

    /// Adds a piece.
    #[must_use]
    pub fn put(mut self, tone: Tone, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if let Cow::Owned(shown) = visible(&text) {
            text = shown;
        }
        if !text.is_empty() {
            self.pieces.push(Piece { tone, text });
        }
        self
    }

    /// The line behind `count` blanks.
    #[must_use]
    pub fn indented(mut self, count: usize) -> Self {
        let text = " ".repeat(count);
        let tone = Tone::Plain;
        self.pieces.insert(0, Piece { tone, text });
        self
    }

    /// Adds a piece that takes exactly `columns`: filled with blanks, or cut.
    #[must_use]
    pub fn column(self, tone: Tone, content: &str, columns: usize) -> Self {
        let content = visible(content);
        let content = text::cut(&content, columns);
        let fill = columns - text::width(&content);
        self.put(tone, content).put(Tone::Plain, " ".repeat(fill))
    }

    /// Adds `count` blanks.
    #[must_use]
    pub fn gap(self, count: usize) -> Self {
        self.put(Tone::Plain, " ".repeat(count))
    }

    /// Adds a piece that ends at `columns`, where there is room for it.
    #[must_use]
    pub fn right(self, tone: Tone, content: &str, columns: usize) -> Self {
        let content = visible(content);
        let taken = self.width() + text::width(&content);
        if content.is_empty() || taken > columns {
            return self;
        }
        self.gap(columns - taken).put(tone, content)
    }

    /// Columns it takes.
    pub fn width(&self) -> usize {
        self.pieces.iter().map(|p| text::width(&p.text)).sum()
    }

    /// The line in at most `columns` columns.
    #[must_use]
    pub fn cut(self, columns: usize) -> Self {
        if self.width() <= columns {
            return self;
        }
        let mut left = columns;
        let mut line = Self::new();
        for piece in self.pieces {
            let width = text::width(&piece.text);
            // A piece that fills the line to its end hides that something follows.
            if width < left {
                left -= width;
                line = line.put(piece.tone, piece.text);
            } else {
                let marked = format!("{}…", piece.text);
                return line.put(piece.tone, text::cut(&marked, left));
            }
        }
        line
    }

    /// As text without colour.
    #[cfg(test)]
    pub fn text(&self) -> String {
        self.paint(Paint::PLAIN)
    }

    /// As text for a receiver. Blanks at the end are left out.
    pub fn paint(&self, paint: Paint) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            let code = piece.tone.code();
            let colored = paint.color && !code.is_empty();
            if colored {
                out.push_str("\x1b[");
                out.push_str(code);
                out.push('m');
            }
            if paint.unicode {
                out.push_str(&piece.text);
            } else {
                out.extend(piece.text.chars().map(ascii));
            }
            if colored {
                out.push_str("\x1b[0m");
            }
        }
        out.truncate(out.trim_end_matches(' ').len());
        out
    }
}

/// Our symbols in ASCII, one column for one column, so that a layout holds. Other characters
/// are a job's own and stay.
fn ascii(symbol: char) -> char {
    match symbol {
        '✓' => '+',
        '✗' => 'x',
        '●' | '↻' => '*',
        '○' => '.',
        '»' | '▸' => '>',
        '‖' => '=',
        '⊘' | '─' | '·' => '-',
        '━' => '#',
        '│' => '|',
        '…' => '~',
        '↓' => 'v',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painting() {
        let line = Line::of(Tone::Good, "✓")
            .gap(1)
            .put(Tone::Plain, "unit")
            .gap(3);
        assert_eq!(line.paint(Paint::COLOR), "\x1b[32m✓\x1b[0m unit");
        assert_eq!(line.paint(Paint::PLAIN), "✓ unit");
        let ascii = Paint {
            color: false,
            unicode: false,
        };
        assert_eq!(line.paint(ascii), "+ unit");
    }

    #[test]
    fn foreign_text_stays_on_its_line() {
        let hostile = "a\n✓ pipeline passed\u{1b}[2J\u{202e}";
        let shown = "a\\n✓ pipeline passed\\u{1b}[2J\\u{202e}";
        let line = || Line::new();
        for (name, line) in [
            ("put", line().put(Tone::Plain, hostile)),
            ("of", Line::of(Tone::Plain, hostile)),
            ("column", line().column(Tone::Plain, hostile, 60)),
            ("right", line().right(Tone::Plain, hostile, 37)),
        ] {
            assert_eq!(line.text(), shown, "{name}");
        }
        assert_eq!(line().column(Tone::Plain, "\u{1b}ab", 3).text(), "\\u…");
    }

    #[test]
    fn cutting_marks_what_is_missing() {
        let line = || Line::of(Tone::Plain, "abc").put(Tone::Dim, "世界");
        let rows = [
            (9, "abc世界"),
            (7, "abc世界"),
            (6, "abc世…"),
            (5, "abc…"),
            (4, "abc…"),
            (3, "ab…"),
            (0, ""),
        ];
        for (columns, expected) in rows {
            assert_eq!(line().cut(columns).text(), expected, "{columns}");
        }
    }

    #[test]
    fn columns_hold_for_wide_text() {
        let line = Line::new()
            .column(Tone::Plain, "世界", 6)
            .put(Tone::Plain, "|");
        assert_eq!(line.text(), "世界  |");
        let line = Line::new()
            .column(Tone::Plain, "世界世界", 6)
            .put(Tone::Plain, "|");
        assert_eq!(line.text(), "世界… |");
    }

    #[test]
    fn the_right_side_gives_way() {
        let line = Line::of(Tone::Plain, "abc");
        assert_eq!(line.clone().right(Tone::Dim, "1s", 8).text(), "abc   1s");
        assert_eq!(line.right(Tone::Dim, "1s", 4).text(), "abc");
    }
}
