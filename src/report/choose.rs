//! Which reporters a run gets, from what the user asked for and what the streams are.

use std::io::IsTerminal;

use super::line::Paint;
use super::plain::{Logs, Progress};
use super::tty::{Board, Terminal};
use super::{BeforeShell, Health, Hub, Jsonl, LogPlaces, OutputLevel, Sink};

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// `--format json`.
    pub json: bool,
    /// `--format plain`: no board, though the terminal could show one.
    pub plain: bool,
    /// `-q`, `-v`.
    pub level: OutputLevel,
    /// `--color`.
    pub color: ColorChoice,
    /// Log lines shown of a failed job; `None` for the usual ten.
    pub log_lines: Option<usize>,
}

/// What the process writes to.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each with a name that says it"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// Stdout is a terminal.
    pub stdout: bool,
    /// Stderr is a terminal.
    pub stderr: bool,
    /// `TERM=dumb`: a terminal that can't move its cursor.
    pub dumb: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// The locale's characters are UTF-8, or no locale is set.
    pub unicode: bool,
}

impl Streams {
    /// Those of this process.
    pub fn of_process() -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable);
        Self {
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
            dumb: variable("TERM") == "dumb",
            no_color: !variable("NO_COLOR").is_empty(),
            unicode: is_utf8(&locale),
        }
    }

    fn paint(self, terminal: bool, choice: ColorChoice) -> Paint {
        let color = match choice {
            ColorChoice::Auto => terminal && !self.dumb && !self.no_color,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        Paint {
            color,
            unicode: self.unicode,
        }
    }
}

/// The first locale variable that is set decides, as in the C library. A machine without any
/// tells nothing; terminals of today take UTF-8.
fn is_utf8(locale: &[String]) -> bool {
    let set = locale.iter().find(|value| !value.is_empty());
    set.is_none_or(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Display {
    /// JSON lines on stdout alone.
    Json,
    /// A board on stderr, and the logs on a stdout that is not the same screen.
    Board { logs: bool, level: OutputLevel },
    /// Lines on stderr, and the logs on stdout.
    Plain { logs: bool },
}

fn display(wish: Wish, streams: Streams) -> Display {
    let wanted = wish.level > OutputLevel::Quiet;
    if wish.json {
        Display::Json
    } else if streams.stderr && !streams.dumb && !wish.plain {
        let logs = wanted && !streams.stdout;
        // Logs that go to stdout need no second place above the board.
        let level = if logs {
            OutputLevel::Normal
        } else {
            wish.level
        };
        Display::Board { logs, level }
    } else {
        Display::Plain { logs: wanted }
    }
}

/// The reporters of a run on this process's stdout and stderr. What becomes of the writing
/// shows in `health`; `logs` is where a person finds what was cut.
pub fn for_run(wish: Wish, streams: Streams, logs_at: Option<&LogPlaces>, health: &Health) -> Hub {
    let stdout = || Sink::new(Box::new(std::io::stdout()), health.clone());
    let stderr = || Sink::new(Box::new(std::io::stderr()), health.clone());
    let out = streams.paint(streams.stdout, wish.color);
    let err = streams.paint(streams.stderr, wish.color);
    let kept = wish.log_lines.unwrap_or(super::model::KEPT_LINES);
    let with_logs = |hub: Hub, logs| {
        if logs {
            hub.with(Logs::new(stdout(), out))
        } else {
            hub
        }
    };
    match display(wish, streams) {
        Display::Json => Hub::new().with(Jsonl::new(stdout())),
        Display::Board { logs, level } => {
            let board = Board::new(Terminal::stderr(health.clone()), err, level);
            with_logs(Hub::new(), logs).with(board.keeping(kept, logs_at.cloned()))
        }
        Display::Plain { logs } => {
            let progress = Progress::new(stderr(), err, wish.level);
            with_logs(Hub::new(), logs).with(progress.keeping(kept, logs_at.cloned()))
        }
    }
}

/// What shows on stderr what comes before a person's shell; `free` is called when the terminal is
/// free for it.
pub fn for_shell(
    level: OutputLevel,
    color: ColorChoice,
    health: &Health,
    free: impl FnOnce() + Send + 'static,
) -> BeforeShell {
    let streams = Streams::of_process();
    let stderr = Sink::new(Box::new(std::io::stderr()), health.clone());
    BeforeShell::new(stderr, streams.paint(streams.stderr, color), level, free)
}

/// What shows logs of a past run on this process's stdout.
pub fn for_logs(color: ColorChoice, streams: Streams, health: &Health) -> Logs {
    let stdout = Sink::new(Box::new(std::io::stdout()), health.clone());
    Logs::new(stdout, streams.paint(streams.stdout, color))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Streams = Streams {
        stdout: true,
        stderr: true,
        dumb: false,
        no_color: false,
        unicode: true,
    };

    #[test]
    fn displays() {
        use OutputLevel::{Normal, Quiet, Verbose};
        let piped = Streams {
            stdout: false,
            ..TERMINAL
        };
        let none = Streams {
            stderr: false,
            ..piped
        };
        let dumb = Streams {
            dumb: true,
            ..TERMINAL
        };
        let board = |logs, level| Display::Board { logs, level };
        let rows = [
            ("terminal", Normal, TERMINAL, board(false, Normal)),
            ("terminal -v", Verbose, TERMINAL, board(false, Verbose)),
            ("terminal -q", Quiet, TERMINAL, board(false, Quiet)),
            ("stdout piped", Normal, piped, board(true, Normal)),
            ("stdout piped -v", Verbose, piped, board(true, Normal)),
            ("stdout piped -q", Quiet, piped, board(false, Quiet)),
            ("no terminal", Normal, none, Display::Plain { logs: true }),
            (
                "no terminal -q",
                Quiet,
                none,
                Display::Plain { logs: false },
            ),
            ("dumb", Normal, dumb, Display::Plain { logs: true }),
        ];
        for (name, level, streams, expected) in rows {
            let wish = Wish {
                level,
                ..Wish::default()
            };
            assert_eq!(display(wish, streams), expected, "{name}");
            let plain = Wish {
                plain: true,
                ..wish
            };
            let logs = level > Quiet;
            assert_eq!(display(plain, streams), Display::Plain { logs }, "{name}");
            let json = Wish { json: true, ..wish };
            assert_eq!(display(json, streams), Display::Json, "{name}");
        }
    }

    #[test]
    fn colours() {
        use ColorChoice::{Always, Auto, Never};
        let no_color = Streams {
            no_color: true,
            ..TERMINAL
        };
        let dumb = Streams {
            dumb: true,
            ..TERMINAL
        };
        let rows = [
            ("terminal", TERMINAL, true, Auto, true),
            ("file", TERMINAL, false, Auto, false),
            ("NO_COLOR", no_color, true, Auto, false),
            ("dumb", dumb, true, Auto, false),
            ("asked for in a file", no_color, false, Always, true),
            ("refused", TERMINAL, true, Never, false),
        ];
        for (name, streams, terminal, choice, expected) in rows {
            assert_eq!(streams.paint(terminal, choice).color, expected, "{name}");
        }
    }

    #[test]
    fn locales() {
        let rows = [
            ("none", ["", "", ""], true),
            ("utf-8", ["", "", "en_US.UTF-8"], true),
            ("C.utf8", ["C.utf8", "", ""], true),
            ("C", ["", "", "C"], false),
            ("the first one decides", ["C", "", "de_DE.UTF-8"], false),
        ];
        for (name, locale, expected) in rows {
            assert_eq!(is_utf8(&locale.map(str::to_owned)), expected, "{name}");
        }
    }
}
