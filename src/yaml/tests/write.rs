//! What is written reads back to the same.

use proptest::prelude::*;

use super::dump::dump;
use crate::source::{FileId, Span};
use crate::yaml::{Entry, Key, Kind, Mapping, Value, parse_document, write};

fn written(value: &Value) -> String {
    write(value.as_map().expect("a mapping"), &|_| None)
}

fn parsed(text: &str) -> Value {
    let (value, found) = parse_document(FileId(0), text);
    assert!(found.is_empty(), "{found:?}\n{text}");
    value.unwrap_or_else(|| panic!("nothing is read of\n{text}"))
}

#[track_caller]
fn comes_back(value: &Value) {
    let text = written(value);
    assert_eq!(dump(&parsed(&text)), dump(value), "\n{text}");
}

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn mapping(entries: impl IntoIterator<Item = (Key, Value)>) -> Value {
    let entries = entries.into_iter().map(|(key, value)| Entry {
        key,
        key_span: span(),
        value,
        via: None,
    });
    let mapping: Mapping = entries.collect();
    Value::new(Kind::Map(mapping.into()), span())
}

#[test]
fn texts_that_look_like_something_else() {
    for text in [
        "",
        " ",
        "a",
        "a b",
        "a: b",
        "a:b",
        "a:",
        "a #b",
        "a#b",
        "- a",
        "-a",
        "? a",
        "yes",
        "No",
        "on",
        "null",
        "~",
        "1",
        "1_0",
        "1:30",
        "0x1F",
        "3.10",
        "1e3",
        "1.5e+3",
        ".inf",
        "2024-01-02",
        ":sym",
        "<<",
        "=",
        "a'b",
        "\"",
        "'",
        "\\",
        "a\nb",
        "a\nb\n",
        "a\n\nb\n\n",
        "\n",
        "\na",
        " a\nb",
        "a\n b\n",
        "a\n\tb",
        "\ta",
        "a\t",
        "a\r\nb",
        "a\u{85}b",
        "a\u{2028}b",
        "\u{feff}",
        "\u{1}",
        "---",
        "--- a\n---\n",
        "...",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "[a]",
        "{a}",
        "a]",
        "a, b",
        "日本",
        "🚀",
        "a \n b \n",
        "#",
        "y",
        "n",
        "a\u{a0}",
    ] {
        let value = Value::new(Kind::Str(text.into()), span());
        let items = Value::new(Kind::Seq([value.clone(), value.clone()].into()), span());
        comes_back(&mapping([
            (Key::Str("a".into()), value),
            (Key::Str("b".into()), items),
            (Key::Str(text.into()), Value::new(Kind::Null, span())),
        ]));
    }
}

#[test]
fn every_kind_of_value() {
    for text in [
        "a:\n- 1\n- -5\n- 1.5\n- 1.0e+20\n- .inf\n- -.inf\n- true\n- false\n- ~\n- :sym\n- :a b\n- ':a b: c'\n",
        "a: {}\nb: []\nc: [[], {}, [[1], [2, [3]]]]\nd: [{a: {b: [c]}}, {e: f}]",
        "a: !reference [.x, script]\nb: [!reference [a], x]",
        "1: a\n2.5: b\n~: c\ntrue: d\n'1': e\n'true': f",
        "a: |\n  line\n   more\n\n  end\nb: |-\n  x\n  y\nc: >\n  folded\n  text\n",
        "!!str <<: a\nb: {!!str <<: {c: d}}",
    ] {
        comes_back(&parsed(text));
    }
    let long = Key::Str("x".repeat(1200).into());
    comes_back(&mapping([(long, Value::new(Kind::Int(1), span()))]));
    assert_eq!(written(&mapping([])), "{}\n");
}

#[test]
fn how_it_looks() {
    let value = parsed(
        "stages: [build]\ntest:\n  script: ['make: all', \"a\\nb\\n\"]\n  rules: [{if: $A, when: never}, {when: always}]\nlast: {image: ruby}\n",
    );
    let shown = write(value.as_map().expect("a mapping"), &|span| {
        (span.start == 9).then(|| "here".to_owned())
    });
    insta::assert_snapshot!(shown, @r"
    stages:
      - build  # here
    test:
      script:
        - 'make: all'
        - |
          a
          b
      rules:
        - if: $A
          when: never
        - when: always

    last:
      image: ruby
    ");
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[ -~\\n\\t]{0,12}", "\\PC{0,6}", ".{0,4}"];
    let leaf = prop_oneof![
        Just(Kind::Null),
        any::<bool>().prop_map(Kind::Bool),
        any::<i64>().prop_map(Kind::Int),
        (-1e20_f64..1e20).prop_map(Kind::Float),
        text.prop_map(|text| Kind::Str(text.into())),
    ];
    let leaf = leaf.prop_map(|kind| Value::new(kind, span()));
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = "[ -~]{0,6}".prop_map(|text| Key::Str(text.into()));
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| Value::new(Kind::Seq(items.into()), span())),
            prop::collection::vec((key, inner), 0..4).prop_map(mapping),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_written_comes_back(value in any_value()) {
        comes_back(&mapping([(Key::Str("a".into()), value)]));
    }
}
