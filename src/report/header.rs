//! What a run is about: ref, event, commit, which files the jobs see, and what is held.
//!
//! PURE.

use super::line::{Line, Tone};
use super::model::RunHead;
use super::words;

/// Names that a line lists before it counts.
const NAMES: usize = 3;

/// One line, or two where `width` is too small for it; then what differs from GitLab.
pub fn lines(head: &RunHead, width: Option<usize>) -> Vec<Line> {
    let mut lines = about(head, width);
    lines.extend(held(head));
    lines
}

/// The lines without what is held, for the end of a run, which tells more of that.
pub fn about(head: &RunHead, width: Option<usize>) -> Vec<Line> {
    let mut lines = first(head, width);
    lines.extend(words::source_mode(head.mode).map(|text| Line::of(Tone::Warn, text)));
    lines
}

fn first(head: &RunHead, width: Option<usize>) -> Vec<Line> {
    let kind = head.ref_kind.replace('_', " ");
    let facts = [kind.as_str(), &head.source, head.short_sha()].join(" · ");
    let run = format!("run {}", head.run);
    let line = || Line::of(Tone::Strong, &head.ref_name).gap(2);
    let whole = line().put(Tone::Dim, format!("{facts} · {run}"));
    if width.is_none_or(|width| whole.width() <= width) {
        return vec![whole];
    }
    vec![line().put(Tone::Dim, facts), Line::of(Tone::Dim, run)]
}

/// The jobs that act outside and wait for the user's word (design chapter 3).
fn held(head: &RunHead) -> Option<Line> {
    let text = match head.held.as_slice() {
        [] => return None,
        [(name, why)] => format!(": `{name}` {why}"),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            format!(": {}; pipe run --deploy", words::names(&names, NAMES))
        }
    };
    Some(Line::of(Tone::Warn, "held").put(Tone::Plain, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SourceMode;
    use crate::report::testing::Story;

    fn text(story: &Story, width: Option<usize>) -> String {
        let head = story.view().head.expect("the story of a run");
        let lines: Vec<_> = lines(&head, width).iter().map(Line::text).collect();
        lines.join("\n")
    }

    #[test]
    fn what_differs_from_gitlab_is_said_from_the_start() {
        let story = || {
            Story::new()
                .mode(SourceMode::WorkTree {
                    uncommitted: 1,
                    untracked: 0,
                })
                .run(&[("test", "unit"), ("deploy", "staging"), ("deploy", "pages")])
                .held("staging", "deploys to staging")
        };
        insta::assert_snapshot!(text(&story(), None), @r"
        issue-12  branch · push · 4f2a91c8 · run 17
        1 uncommitted: GitLab will not see it
        held: `staging` deploys to staging; pipe run --deploy=staging
        ");
        let two = story().held("pages", "publishes Pages");
        assert!(text(&two, None).ends_with("held: `staging` and `pages`; pipe run --deploy"));
    }

    #[test]
    fn a_narrow_window_gets_two_lines() {
        let story = Story::new().run(&[("test", "unit")]);
        insta::assert_snapshot!(text(&story, Some(40)), @r"
        issue-12  branch · push · 4f2a91c8
        run 17
        ");
    }
}
