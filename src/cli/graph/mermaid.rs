//! A pipeline as a flowchart of Mermaid, which GitLab and others draw from Markdown.

use std::fmt::Write as _;

use super::picture::Picture;

/// The text of the chart.
pub(in super::super) fn mermaid(picture: &Picture) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (number, stage) in picture.stages.iter().enumerate() {
        let _ = writeln!(text, "  subgraph s{number}[\"{}\"]", escaped(&stage.name));
        for at in &stage.nodes {
            let node = &picture.nodes[*at];
            let mut label = escaped(&node.label());
            for note in node.notes() {
                let _ = write!(label, "<br/>{}", escaped(&note));
            }
            let (open, close) = if node.is_automatic() {
                ("[", "]")
            } else {
                ("([", "])")
            };
            let _ = writeln!(text, "    j{at}{open}\"{label}\"{close}");
        }
        text.push_str("  end\n");
    }
    for (from, to) in &picture.needs {
        let _ = writeln!(text, "  j{from} --> j{to}");
    }
    for (at, node) in picture.nodes.iter().enumerate() {
        if node.waits_for_stages {
            let _ = writeln!(text, "  s{} -.-> j{at}", node.stage - 1);
        }
    }
    text
}

/// A text inside of quotes: whatever has a meaning for Mermaid or HTML by its number.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let is_plain = c.is_alphanumeric() || " _-.,:/+()[]$@=".contains(c);
        if is_plain {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}
