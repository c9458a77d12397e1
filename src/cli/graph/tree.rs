//! A pipeline as a tree for the terminal: stages with their jobs, and behind each what it needs.

use crate::report::line::{Line, Tone};

use super::picture::{Node, Picture};

/// The lines.
pub(in super::super) fn tree(picture: &Picture) -> Vec<Line> {
    let mut lines = Vec::new();
    for stage in &picture.stages {
        lines.push(Line::of(Tone::Strong, &stage.name));
        for (number, at) in stage.nodes.iter().enumerate() {
            let node = &picture.nodes[*at];
            let branch = if number + 1 == stage.nodes.len() {
                "└── "
            } else {
                "├── "
            };
            let mut line = Line::of(Tone::Dim, branch).put(Tone::Plain, node.label());
            let needs: Vec<&str> = picture
                .needs_of(*at)
                .map(|from| picture.nodes[from].name.as_str())
                .collect();
            if !needs.is_empty() {
                line = line
                    .put(Tone::Dim, " ← ")
                    .put(Tone::Plain, needs.join(", "));
            } else if starts_at_once(node) {
                line = line.put(Tone::Dim, " needs nothing");
            }
            let notes = node.notes();
            if !notes.is_empty() {
                let notes = format!("  ({})", notes.join(", "));
                line = line.put(Tone::Warn, notes);
            }
            lines.push(line);
        }
    }
    lines
}

/// In a later stage, where one would think that it waits.
fn starts_at_once(node: &Node) -> bool {
    node.stage > 0 && !node.waits_for_stages
}
