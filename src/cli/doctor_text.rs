//! What `pipe doctor` found, as data, and how it reads.

use crate::foreign::visible;
use crate::report::line::{Line as Drawn, Tone};
use crate::report::text;

/// How a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A fact.
    Plain,
    /// As it should be.
    Good,
    /// Missing, but a run brings it.
    Missing,
    /// Stands in the way of a run.
    Bad,
}

/// One line: a name, what there is to say, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    mark: Mark,
    name: String,
    text: String,
    remedy: Option<String>,
}

impl Line {
    /// A line.
    pub(super) fn new(mark: Mark, name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            mark,
            name: name.into(),
            text: text.into(),
            remedy: None,
        }
    }

    /// Adds what to do.
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Everything, in sections. A section without lines is not shown.
#[derive(Debug, Default)]
pub(super) struct Findings {
    sections: Vec<(&'static str, Vec<Line>)>,
}

impl Findings {
    /// Adds a section.
    pub(super) fn section(&mut self, title: &'static str, lines: Vec<Line>) {
        if !lines.is_empty() {
            self.sections.push((title, lines));
        }
    }

    /// Whether a pipeline could run.
    pub(super) fn can_run(&self) -> bool {
        self.lines().all(|line| line.mark != Mark::Bad)
    }

    /// The lines for a screen. All names stand in one column of one width.
    pub(super) fn drawn(&self, masked: &dyn Fn(&str) -> String) -> Vec<Drawn> {
        let name = |line: &Line| visible(&masked(&line.name)).into_owned();
        let names = self.lines().map(|line| text::width(&name(line)));
        let width = names.max().unwrap_or(0);
        let mut out = Vec::new();
        for (title, lines) in &self.sections {
            out.push(Drawn::of(Tone::Strong, *title));
            out.extend(lines.iter().flat_map(|line| draw(line, &name(line), width)));
            out.push(Drawn::new());
        }
        out.push(Drawn::of(Tone::Plain, self.verdict()));
        out
    }

    fn verdict(&self) -> &'static str {
        let missing = self.lines().any(|line| line.mark == Mark::Missing);
        match (self.can_run(), missing) {
            (false, _) => "a pipeline can't run here yet: see the lines with ✗",
            (true, true) => "a pipeline can run here; what is missing is brought first",
            (true, false) => "a pipeline can run here",
        }
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.sections.iter().flat_map(|(_, lines)| lines)
    }
}

fn draw(line: &Line, name: &str, width: usize) -> Vec<Drawn> {
    let (sign, tone) = match line.mark {
        Mark::Plain => (" ", Tone::Plain),
        Mark::Good => ("✓", Tone::Good),
        Mark::Missing => ("↓", Tone::Warn),
        Mark::Bad => ("✗", Tone::Bad),
    };
    let first = Drawn::of(tone, sign)
        .gap(1)
        .column(Tone::Plain, name, width)
        .gap(2)
        .put(Tone::Plain, &line.text);
    let remedy = line.remedy.as_ref().map(|remedy| {
        let text = format!("→ {remedy}");
        Drawn::new().gap(width + 4).put(Tone::Plain, text)
    });
    std::iter::once(first).chain(remedy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(mark: Mark) -> Findings {
        let mut findings = Findings::default();
        findings.section(
            "images",
            vec![Line::new(mark, "ruby:3.1", "missing").remedy("docker pull ruby:3.1")],
        );
        findings.section("settings", Vec::new());
        findings.section("state", vec![Line::new(Mark::Plain, "folder", "/x")]);
        findings
    }

    #[test]
    fn names_stand_in_one_column_and_empty_sections_away() {
        let expected = "images\n↓ ruby:3.1  missing\n            → docker pull ruby:3.1\n\nstate\n  folder    /x\n\n\
                        a pipeline can run here; what is missing is brought first\n";
        let lines = findings(Mark::Missing).drawn(&str::to_owned).into_iter();
        let text: String = lines.map(|line| line.text() + "\n").collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn only_what_stands_in_the_way_stops_a_run() {
        for (mark, can_run) in [
            (Mark::Plain, true),
            (Mark::Good, true),
            (Mark::Missing, true),
            (Mark::Bad, false),
        ] {
            assert_eq!(findings(mark).can_run(), can_run, "{mark:?}");
        }
    }
}
