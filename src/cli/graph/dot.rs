//! A pipeline as a graph of Graphviz.

use std::fmt::Write as _;

use crate::foreign::visible;

use super::picture::Picture;

/// The text of the graph.
pub(in super::super) fn dot(picture: &Picture) -> String {
    let mut text = "digraph pipeline {\n  rankdir=LR;\n  compound=true;\n  \
                    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
        .to_owned();
    for (number, stage) in picture.stages.iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{number} {{");
        let _ = writeln!(text, "    label=\"{}\";", escaped(&stage.name));
        // An edge ends at a node: this one stands for the whole stage.
        let _ = writeln!(text, "    s{number} [shape=point, style=invis];");
        for at in &stage.nodes {
            let node = &picture.nodes[*at];
            let lines = [node.label()].into_iter().chain(node.notes());
            let label: Vec<String> = lines.map(|line| escaped(&line)).collect();
            let style = if node.is_automatic() {
                ""
            } else {
                ", style=\"rounded,dashed\""
            };
            let _ = writeln!(text, "    j{at} [label=\"{}\"{style}];", label.join("\\n"));
        }
        text.push_str("  }\n");
    }
    for (from, to) in &picture.needs {
        let _ = writeln!(text, "  j{from} -> j{to};");
    }
    for (at, node) in picture.nodes.iter().enumerate() {
        if node.waits_for_stages {
            let stage = node.stage - 1;
            let _ = writeln!(
                text,
                "  s{stage} -> j{at} [ltail=cluster_{stage}, style=dotted];"
            );
        }
    }
    text.push_str("}\n");
    text
}

fn escaped(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"")
}
