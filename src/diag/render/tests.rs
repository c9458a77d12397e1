//! What users see.

use crate::diag::{Code, Diagnostic, concise, full, json};
use crate::source::{FileId, SourceMap, Span};

/// A file and a way to point at words of it.
struct Sample {
    sources: SourceMap,
}

impl Sample {
    fn new(text: &str) -> Self {
        let mut sources = SourceMap::default();
        sources.add(".gitlab-ci.yml", text);
        Self { sources }
    }

    fn add(&mut self, name: &str, text: &str) {
        self.sources.add(name, text);
    }

    /// The last place of `needle` in file number `file`.
    fn find(&self, file: u32, needle: &str) -> Span {
        let text = &self.sources.get(FileId(file)).expect("a file").text;
        let start = text.rfind(needle).expect("the needle is in the text");
        let at = |offset: usize| u32::try_from(offset).expect("a short text");
        Span::new(FileId(file), at(start), at(start + needle.len()))
    }

    fn full(&self, diagnostic: Diagnostic) -> String {
        full(&[diagnostic], &self.sources, false)
    }
}

fn unknown_stage(sample: &Sample) -> Diagnostic {
    let message = "job `deploy` uses stage `tset`, which is not declared";
    Diagnostic::new(Code::UnknownStage, message)
        .at(sample.find(0, "tset"))
        .label("not in `stages`")
        .with(sample.find(0, "[build, test]"), "declared here")
        .did_you_mean("tset", ["build", "test"])
}

#[test]
fn the_usual_error() {
    let sample = Sample::new("stages: [build, test]\ndeploy:\n  stage: tset\n");
    insta::assert_snapshot!(sample.full(unknown_stage(&sample)), @r"
    error[unknown-stage]: job `deploy` uses stage `tset`, which is not declared
     --> .gitlab-ci.yml:3:10
      |
    1 | stages: [build, test]
      |         ------------- declared here
    2 | deploy:
    3 |   stage: tset
      |          ^^^^ not in `stages`
      |
    help: did you mean `test`?
    ");
}

#[test]
fn wide_characters_before_the_caret() {
    let sample = Sample::new("工作 🚀: {stage: tset}\nx: [build, test]\n");
    insta::assert_snapshot!(sample.full(unknown_stage(&sample)), @r"
    error[unknown-stage]: job `deploy` uses stage `tset`, which is not declared
     --> .gitlab-ci.yml:1:15
      |
    1 | 工作 🚀: {stage: tset}
      |                  ^^^^ not in `stages`
    2 | x: [build, test]
      |    ------------- declared here
      |
    help: did you mean `test`?
    ");
}

#[test]
fn a_tab_before_the_span() {
    let sample = Sample::new("x: [build, test]\na:\t\ttset\n");
    insta::assert_snapshot!(sample.full(unknown_stage(&sample)), @r"
    error[unknown-stage]: job `deploy` uses stage `tset`, which is not declared
     --> .gitlab-ci.yml:2:5
      |
    1 | x: [build, test]
      |    ------------- declared here
    2 | a:        tset
      |           ^^^^ not in `stages`
      |
    help: did you mean `test`?
    ");
}

#[test]
fn crlf_and_byte_order_mark() {
    let sample = Sample::new("\u{feff}x: [build, test]\r\na: tset\r\nb: 1\r\n");
    insta::assert_snapshot!(sample.full(unknown_stage(&sample)), @r"
    error[unknown-stage]: job `deploy` uses stage `tset`, which is not declared
     --> .gitlab-ci.yml:2:4
      |
    1 | x: [build, test]
      |    ------------- declared here
    2 | a: tset
      |    ^^^^ not in `stages`
      |
    help: did you mean `test`?
    ");
}

#[test]
fn a_span_over_several_lines() {
    let sample = Sample::new("a:\n  - one\n  - two\nb: 1\n");
    let diagnostic = Diagnostic::new(Code::WrongType, "`a` must be a string, not a list")
        .at(sample.find(0, "- one\n  - two"))
        .label("a list");
    insta::assert_snapshot!(sample.full(diagnostic), @r"
    error[wrong-type]: `a` must be a string, not a list
     --> .gitlab-ci.yml:2:3
      |
    2 | /   - one
    3 | |   - two
      | |_______^ a list
    ");
}

#[test]
fn a_very_long_span_is_shown_by_its_first_line() {
    let text = format!("a:\n{}b: 1\n", "  - item\n".repeat(50));
    let sample = Sample::new(&text);
    let whole = Span::new(FileId(0), 5, u32::try_from(text.len() - 6).expect("short"));
    let diagnostic = Diagnostic::new(Code::TooMany, "too many items")
        .at(whole)
        .label("50 items");
    insta::assert_snapshot!(sample.full(diagnostic), @r"
    error[too-many]: too many items
     --> .gitlab-ci.yml:2:3
      |
    2 |   - item
      |   ^^^^^^ 50 items
    ");
}

#[test]
fn labels_in_another_file_and_far_away() {
    let text = format!("a: &a 1\n{}b: *c\n", "#\n".repeat(200));
    let mut sample = Sample::new(&text);
    sample.add("ci/build.yml", "c: &c 3\n");
    let diagnostic = Diagnostic::new(Code::YamlUnknownAlias, "unknown alias `*c`")
        .at(sample.find(0, "*c"))
        .with(sample.find(0, "&a"), "the only anchor of this file")
        .with(sample.find(1, "&c"), "an anchor in another file")
        .note("anchors end with their file")
        .help("use `extends`")
        .help("or `!reference`");
    insta::assert_snapshot!(sample.full(diagnostic), @r"
    error[yaml-unknown-alias]: unknown alias `*c`
       --> .gitlab-ci.yml:202:4
        |
    202 | b: *c
        |    ^^
        |
       ::: .gitlab-ci.yml:1:4
        |
      1 | a: &a 1
        |    -- the only anchor of this file
        |
       ::: ci/build.yml:1:4
        |
      1 | c: &c 3
        |    -- an anchor in another file
        |
        = note: anchors end with their file
    help: use `extends`
    help: or `!reference`
    ");
}

#[test]
fn without_a_place() {
    let sample = Sample::new("");
    let diagnostic = Diagnostic::new(Code::ImageMissing, "2 images are not on this machine")
        .note("`ruby:3.1`")
        .note("`alpine:3`")
        .help("load them, or run without `--offline`");
    insta::assert_snapshot!(sample.full(diagnostic), @r"
    error[image-missing]: 2 images are not on this machine
    note: `ruby:3.1`
    note: `alpine:3`
    help: load them, or run without `--offline`
    ");
}

#[test]
fn at_the_end_of_the_text() {
    let sample = Sample::new("a: [1\n");
    let diagnostic = Diagnostic::new(Code::YamlSyntax, "`[` is not closed")
        .at(Span::new(FileId(0), 6, 6))
        .label("the text ends here")
        .with(sample.find(0, "["), "opened here");
    insta::assert_snapshot!(sample.full(diagnostic), @r"
    error[yaml-syntax]: `[` is not closed
     --> .gitlab-ci.yml:2:1
      |
    1 | a: [1
      |    - opened here
    2 |
      | ^ the text ends here
    ");
}

#[test]
fn control_characters_are_shown_not_sent() {
    let mut sample = Sample::new("\u{1b}[31ma: 1\n");
    sample.add("a\u{1b}]0;x\u{7}.yml", "b: 1\n");
    let diagnostic = Diagnostic::new(Code::UnknownKey, "unknown key `\u{1b}[2J\n\u{202e}a`")
        .at(sample.find(0, "a"))
        .with(sample.find(1, "b"), "evil \u{1b}[0m")
        .note("evil \u{1b}[0m")
        .help("evil \u{1b}[0m");
    let plain = sample.full(diagnostic.clone());
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let line = concise(&[diagnostic], &sample.sources);
    assert_eq!(
        line,
        ".gitlab-ci.yml:1:6: error[unknown-key]: unknown key `\\u{1b}[2J\\n\\u{202e}a`\n"
    );
}

#[test]
fn hidden_characters_of_a_line_are_drawn_and_the_mark_stays_in_place() {
    let sample = Sample::new("a: \u{9b}2J\u{202e}\u{7f} [build, test]\nb:\t\u{1b}tset\n");
    insta::assert_snapshot!(sample.full(unknown_stage(&sample)), @r"
    error[unknown-stage]: job `deploy` uses stage `tset`, which is not declared
     --> .gitlab-ci.yml:2:5
      |
    1 | a: �2J�␡ [build, test]
      |          ------------- declared here
    2 | b:    ␛tset
      |        ^^^^ not in `stages`
      |
    help: did you mean `test`?
    ");
}

#[test]
fn colors_only_on_request() {
    let sample = Sample::new("stages: [build, test]\ndeploy:\n  stage: tset\n");
    let diagnostics = [unknown_stage(&sample)];
    let plain = full(&diagnostics, &sample.sources, false);
    let colored = full(&diagnostics, &sample.sources, true);
    assert!(plain.is_ascii() && !plain.contains('\u{1b}'));
    assert!(colored.contains("\u{1b}["));
}

#[test]
fn repetitions_are_shown_once() {
    let sample = Sample::new("stages: [build, test]\ndeploy:\n  stage: tset\n");
    let one = unknown_stage(&sample);
    let other = Diagnostic::new(Code::NothingToRun, "nothing to run");
    let all = [one.clone(), other.clone(), one, other];
    insta::assert_snapshot!(concise(&all, &sample.sources), @r"
    .gitlab-ci.yml:3:10: error[unknown-stage]: job `deploy` uses stage `tset`, which is not declared
    error[nothing-to-run]: nothing to run
    ");
    assert_eq!(json(&all, &sample.sources).len(), 2);
    let drawn = full(&all, &sample.sources, false);
    assert_eq!(drawn.matches("error[").count(), 2);
}

#[test]
fn the_json_contract() {
    let sample = Sample::new("stages: [build, test]\ndeploy:\n  stage: tset\n");
    let all = [
        unknown_stage(&sample),
        Diagnostic::new(Code::NothingToRun, "nothing to run"),
    ];
    let objects = json(&all, &sample.sources);
    let lines: Vec<String> = objects.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"code":"unknown-stage","severity":"error","message":"job `deploy` uses stage `tset`, which is not declared","file":".gitlab-ci.yml","line":3,"column":10,"label":"not in `stages`","labels":[{"text":"declared here","file":".gitlab-ci.yml","line":1,"column":9}],"notes":[],"help":["did you mean `test`?"]}
    {"code":"nothing-to-run","severity":"error","message":"nothing to run","file":null,"line":null,"column":null,"label":null,"labels":[],"notes":[],"help":[]}
    "#);
}
