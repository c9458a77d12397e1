//! With source lines, in the manner of rustc.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diag::{Diagnostic, Severity};
use crate::foreign::visible;
use crate::source::{FileId, SourceMap, Span};

use super::distinct::distinct;
use super::excerpt::{Excerpt, clusters};

/// With source lines, in the manner of rustc; a blank line between two diagnostics.
pub fn full(diagnostics: &[Diagnostic], sources: &SourceMap, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let shown = distinct(diagnostics).map(|d| draw(d, sources, &renderer) + "\n");
    shown.collect::<Vec<_>>().join("\n")
}

fn draw(diagnostic: &Diagnostic, sources: &SourceMap, renderer: &Renderer) -> String {
    let snippets = snippets(diagnostic, sources);
    let has_lines = !snippets.is_empty();
    let groups = groups(diagnostic, snippets);
    if has_lines {
        return renderer.render(&groups);
    }
    // Without lines of a file there is no frame to hold the groups together.
    let alone = |group| renderer.render(std::slice::from_ref(group));
    groups.iter().map(alone).collect::<Vec<_>>().join("\n")
}

/// One place and the text under it.
struct Mark<'a> {
    span: Span,
    kind: AnnotationKind,
    text: Option<&'a str>,
}

/// The message with its lines, then what to do. Notes hang on the lines where there are some.
fn groups<'a>(
    diagnostic: &'a Diagnostic,
    snippets: Vec<Snippet<'a, Annotation<'a>>>,
) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(visible(&diagnostic.message))
        .id(diagnostic.code.as_str());
    let has_lines = !snippets.is_empty();
    let mut first = Group::with_title(title).elements(snippets);
    let mut rest = Vec::new();
    for note in &diagnostic.notes {
        if has_lines {
            first = first.element(Level::NOTE.message(visible(note)));
        } else {
            let title = Level::NOTE.secondary_title(visible(note));
            rest.push(Group::with_title(title));
        }
    }
    for help in &diagnostic.help {
        let title = Level::HELP.secondary_title(visible(help));
        rest.push(Group::with_title(title));
    }
    std::iter::once(first).chain(rest).collect()
}

/// The excerpts of all files the diagnostic speaks of, the primary place's first.
fn snippets<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a SourceMap,
) -> Vec<Snippet<'a, Annotation<'a>>> {
    let marks = marks(diagnostic);
    let mut files: Vec<FileId> = Vec::new();
    for mark in &marks {
        if !files.contains(&mark.span.file) {
            files.push(mark.span.file);
        }
    }
    let of_file = |file: FileId| {
        let marks: Vec<&Mark<'_>> = marks.iter().filter(|m| m.span.file == file).collect();
        file_snippets(file, &marks, sources)
    };
    files.into_iter().flat_map(of_file).collect()
}

fn marks(diagnostic: &Diagnostic) -> Vec<Mark<'_>> {
    let primary = diagnostic.primary.map(|span| Mark {
        span,
        kind: AnnotationKind::Primary,
        text: diagnostic.primary_label.as_deref(),
    });
    let labels = diagnostic.labels.iter().map(|label| Mark {
        span: label.span,
        kind: AnnotationKind::Context,
        text: Some(&label.text),
    });
    primary.into_iter().chain(labels).collect()
}

fn file_snippets<'a>(
    file: FileId,
    marks: &[&Mark<'a>],
    sources: &'a SourceMap,
) -> Vec<Snippet<'a, Annotation<'a>>> {
    let Some(file) = sources.get(file) else {
        return Vec::new();
    };
    let spans: Vec<Span> = marks.iter().map(|mark| mark.span).collect();
    let mut clusters = clusters(file, &spans);
    // The primary mark, if it is in this file, is the first one.
    clusters.sort_by_key(|cluster| !cluster.contains(&0));
    let snippet = |cluster: Vec<usize>| {
        let spans: Vec<Span> = cluster.iter().map(|at| marks[*at].span).collect();
        let excerpt = Excerpt::new(file, &spans);
        let annotations = cluster.iter().map(|at| {
            let mark = marks[*at];
            let annotation = mark.kind.span(excerpt.range(file, mark.span));
            annotation.label(mark.text.map(visible))
        });
        let annotations: Vec<_> = annotations.collect();
        Snippet::source(excerpt.text)
            .line_start(excerpt.first_line as usize)
            .path(visible(&file.name))
            .annotations(annotations)
    };
    clusters.into_iter().map(snippet).collect()
}
