//! The board on a terminal in memory.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::event::Phase;
use crate::report::line::Paint;
use crate::report::testing::{Shared, Story};
use crate::report::{Health, OutputLevel, Reporter};
use crate::types::Status;

use super::terminal::Size;
use super::{Board, Terminal};

/// A terminal in memory with a board on it.
struct Screen {
    written: Shared,
    parser: vt100::Parser,
    size: Arc<Mutex<Size>>,
    board: Board,
    raw: String,
}

fn nonzero(value: u16) -> NonZeroU16 {
    NonZeroU16::new(value).expect("a terminal has columns")
}

impl Screen {
    fn new(width: u16, height: u16, paint: Paint, level: OutputLevel) -> Self {
        let written = Shared::default();
        let size = Arc::new(Mutex::new(Size { width, height }));
        let asked = Arc::clone(&size);
        let terminal = Terminal::new(
            Box::new(written.clone()),
            move || *asked.lock().expect("one thread"),
            Health::default(),
        );
        Self {
            written,
            parser: vt100::Parser::new(nonzero(height), nonzero(width), 1000),
            size,
            board: Board::new(terminal, paint, level),
            raw: String::new(),
        }
    }

    fn usual() -> Self {
        let mut screen = Self::new(60, 20, Paint::PLAIN, OutputLevel::Normal);
        screen.parser.process(b"$ pipe run\r\n");
        screen
    }

    fn tell(&mut self, story: &Story) {
        for event in story.events() {
            self.board.on_event(event);
        }
    }

    fn tick(&mut self, millis: u64) {
        self.board.tick(Duration::from_millis(millis));
    }

    fn resize(&mut self, width: u16, height: u16) {
        *self.size.lock().expect("one thread") = Size { width, height };
        self.parser
            .screen_mut()
            .set_size(nonzero(height), nonzero(width));
    }

    /// What stands on the screen.
    fn text(&mut self) -> String {
        let bytes = self.written.take();
        self.raw.push_str(&String::from_utf8_lossy(&bytes));
        self.parser.process(&bytes);
        let (_, width) = self.parser.screen().size();
        let rows: Vec<String> = self
            .parser
            .screen()
            .rows(0, width.get())
            .map(|row| row.trim_end().to_owned())
            .collect();
        rows.join("\n").trim_end().to_owned()
    }
}

fn story() -> Story {
    Story::new()
        .run(&[("build", "compile"), ("test", "unit"), ("test", "lint")])
        .start("compile")
        .at(300)
        .succeed("compile")
        .start("unit")
        .start("lint")
        .phase("unit", Phase::Script)
        .log("unit", "\x1b[32;1m$ make test\x1b[0;m")
        .log("unit", "\x1b[2J\x1b[31mtesting\x1b[0m")
}

#[test]
fn the_board_is_drawn_in_place() {
    let mut screen = Screen::usual();
    screen.tell(&story());
    screen.tick(1000);
    let first = screen.text();
    insta::assert_snapshot!(first, @r"
    $ pipe run

     issue-12  branch · push · 4f2a91c8 · run 17

     build
      ✓ passed    compile             0.3s
     test
      ● running   unit                0.7s
                  testing
      ● running   lint                0.7s

     ━━━━━──────────  1/3 jobs · 2 running · 1.0s
    ");
    for tenth in 11..40 {
        screen.tick(tenth * 100);
    }
    let last = screen.text();
    assert_eq!(last.lines().count(), first.lines().count(), "{last}");
    assert!(last.contains("3.6s\n              testing"), "{last}");
}

#[test]
fn failures_and_notices_stand_above_it() {
    let mut screen = Screen::usual();
    screen.tell(&story());
    screen.tick(1000);
    screen.tell(&Story::new().at(1200).notice("tag `gpu`: no runner has it"));
    screen.tell(&Story::new().at(1500).fail("unit", 2));
    insta::assert_snapshot!(screen.text(), @r"
    $ pipe run
    note: tag `gpu`: no runner has it
    ✗ unit failed: exit code 2, after 1.5s
        $ make test
        testing

     issue-12  branch · push · 4f2a91c8 · run 17

     build
      ✓ passed    compile             0.3s
     test
      ✗ failed    unit                1.5s
                  exit code 2
      ● running   lint                1.2s

     ━━━━━━━━━━─────  2/3 jobs · 1 running · 1 failed · 1.5s
    ");
}

#[test]
fn a_failure_that_ends_the_run_is_told_by_the_summary_alone() {
    let jobs = &[("test", "unit"), ("deploy", "staging"), ("deploy", "cry")];
    let failed = || Story::new().run(jobs).start("unit").at(900).fail("unit", 1);
    let mut screen = Screen::usual();
    let end = failed()
        .skip("staging", "stage test failed")
        .skip("cry", "no failure");
    screen.tell(&end.result(Status::Failed, 1));
    screen.tick(1000);
    screen.board.finish();
    assert_eq!(screen.text().matches("unit failed").count(), 1);

    let mut screen = Screen::usual();
    screen.tell(&failed());
    screen.tick(1000);
    assert!(!screen.text().contains("unit failed"), "{}", screen.text());
    screen.tell(&Story::new().at(1100).start("cry"));
    screen.tick(1200);
    assert!(screen.text().contains("unit failed"), "{}", screen.text());
}

#[test]
fn the_summary_takes_its_place() {
    let mut screen = Screen::new(80, 40, Paint::PLAIN, OutputLevel::Normal);
    let story = story()
        .at(1500)
        .succeed("lint")
        .fail("unit", 2)
        .result(Status::Failed, 1);
    screen.tell(&story);
    screen.tick(1600);
    screen.board.finish();
    insta::assert_snapshot!(screen.text(), @r"
     issue-12  branch · push · 4f2a91c8 · run 17

     build  ✓ passed    compile     0.3s
     test   ✗ failed    unit        1.2s
            ✓ passed    lint        1.2s

    ✗ unit failed: exit code 2, after 1.2s
        $ make test
        testing

    3 jobs: 1 failed, 2 passed; 1.5s
    pipeline failed: 1 of 3 jobs failed
    ");
    let (_, column) = screen.parser.screen().cursor_position();
    assert_eq!(column, 0, "the prompt comes on a line of its own");
    screen.board.finish();
    screen.tick(5000);
    assert!(
        screen.written.take().is_empty(),
        "nothing comes after the end"
    );
}

#[test]
fn the_cursor_and_the_screen_are_left_alone() {
    let mut screen = Screen::usual();
    screen.tell(&story());
    screen.tick(1000);
    screen.text();
    for sequence in ["\x1b[?25l", "\x1b[?1049h", "\x1b[2J"] {
        assert!(!screen.raw.contains(sequence), "{sequence:?}");
    }
    let Screen { board, written, .. } = screen;
    drop(board);
    let text = String::from_utf8_lossy(&written.take()).into_owned();
    assert!(!text.is_empty(), "a run that broke off clears its board");
}

#[test]
fn without_colour_there_is_none() {
    for (paint, colored) in [(Paint::PLAIN, false), (Paint::COLOR, true)] {
        let mut screen = Screen::new(60, 20, paint, OutputLevel::Normal);
        screen.tell(&story().at(900).fail("unit", 1).result(Status::Failed, 1));
        screen.tick(1000);
        screen.board.finish();
        screen.text();
        assert_eq!(screen.raw.contains("\x1b[31m"), colored);
    }
}

#[test]
fn it_follows_the_size_of_the_window() {
    let mut screen = Screen::usual();
    screen.tell(&story());
    screen.tick(1000);
    let wide = screen.text();
    let sizes = [(40, 20), (120, 30), (15, 20), (60, 4), (60, 20)];
    for (step, (width, height)) in (2..).zip(sizes) {
        screen.resize(width, height);
        screen.tick(step * 1000);
        screen.text();
    }
    let again = screen.text();
    assert_eq!(
        again.matches("unit").count(),
        wide.matches("unit").count(),
        "{again}"
    );
}

#[test]
fn a_notice_before_the_board_ends_its_line() {
    let mut screen = Screen::usual();
    screen.tell(&Story::new().notice("one").notice("two"));
    screen.tick(150);
    assert_eq!(screen.text(), "$ pipe run\nnote: one\nnote: two");
    let (row, column) = screen.parser.screen().cursor_position();
    assert_eq!((row, column), (3, 0));
    screen.tell(&story());
    screen.tick(1000);
    assert!(
        screen
            .text()
            .starts_with("$ pipe run\nnote: one\nnote: two\n\n issue-12 ")
    );
}

#[test]
fn a_short_run_shows_only_its_summary() {
    let mut screen = Screen::usual();
    screen.tell(
        &Story::new()
            .run(&[("test", "unit")])
            .start("unit")
            .at(90)
            .succeed("unit")
            .result(Status::Success, 0),
    );
    screen.tick(150);
    assert_eq!(screen.text(), "$ pipe run");
    screen.board.finish();
    assert!(screen.text().ends_with("pipeline passed"));
}

#[test]
fn verbose_shows_every_line_above() {
    let mut screen = Screen::new(60, 20, Paint::PLAIN, OutputLevel::Verbose);
    screen.tell(&story());
    screen.tick(1000);
    let text = screen.text();
    assert!(
        text.contains("unit    > $ make test\nunit    > testing"),
        "{text}"
    );
}

#[test]
fn quiet_shows_failures_alone() {
    let mut screen = Screen::new(60, 20, Paint::PLAIN, OutputLevel::Quiet);
    screen.tell(&story());
    screen.tick(1000);
    screen.tell(&Story::new().at(1500).notice("x").fail("unit", 2));
    assert_eq!(screen.text(), "", "the summary tells of failures, once");
    screen.tell(
        &Story::new()
            .run(&[("test", "unit")])
            .succeed("unit")
            .result(Status::Success, 0),
    );
    screen.board.finish();
    assert_eq!(screen.text(), "");
}

#[test]
fn a_redraw_is_one_update() {
    let mut screen = Screen::usual();
    screen.tell(&story());
    screen.written.take();
    screen.tick(1000);
    let raw = String::from_utf8_lossy(&screen.written.take()).into_owned();
    assert_eq!(raw.matches("\x1b[?2026h").count(), 1);
    assert!(raw.ends_with("\x1b[?2026l"));
    assert!(
        !raw.contains("        \r\n"),
        "lines are not filled with blanks"
    );
}
