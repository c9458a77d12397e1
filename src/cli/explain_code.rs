//! What a diagnostic means, for people and programs.

use serde_json::{Value as Json, json};

use crate::diag::{Code, Example};
use crate::report::line::{Line, Tone};

use super::table::broken;

/// Columns of a paragraph.
const WIDTH: usize = 80;

/// The summary, what it means, an example, and what to do.
pub(super) fn lines(code: Code) -> Vec<Line> {
    let (name, severity) = (code.as_str(), code.severity().as_str());
    let head = Line::of(Tone::Strong, format!("{severity}[{name}]"))
        .put(Tone::Plain, format!(": {}", code.summary()));
    let mut lines = vec![head];
    let Some(text) = code.explanation() else {
        return lines;
    };
    lines.push(Line::new());
    lines.extend(paragraph(text.meaning));
    lines.extend([Line::new(), Line::of(Tone::Strong, "Example")]);
    for (path, content) in text.example.files() {
        lines.push(Line::of(Tone::Dim, format!("# {path}")).indented(4));
        let content = content.lines();
        lines.extend(content.map(|line| Line::of(Tone::Plain, line).indented(4)));
    }
    if let Example::Command(command) = text.example {
        lines.push(Line::of(Tone::Plain, command).indented(4));
    }
    lines.extend([Line::new(), Line::of(Tone::Strong, "What to do")]);
    lines.extend(paragraph(text.remedy));
    lines
}

fn paragraph(text: &str) -> impl Iterator<Item = Line> {
    let lines = broken(text, WIDTH).into_iter();
    lines.map(|line| Line::of(Tone::Plain, line))
}

/// The same as JSON.
pub(super) fn json(code: Code) -> Json {
    let text = code.explanation();
    let example = text.map(|text| match text.example {
        Example::Command(command) => json!({"files": [], "command": command}),
        example => {
            let file = |(path, text)| json!({"path": path, "text": text});
            let files: Vec<Json> = example.files().into_iter().map(file).collect();
            json!({"files": files, "command": null})
        }
    });
    json!({
        "version": 1,
        "code": code.as_str(),
        "severity": code.severity().as_str(),
        "summary": code.summary(),
        "meaning": text.map(|text| text.meaning),
        "example": example,
        "remedy": text.map(|text| text.remedy),
    })
}
