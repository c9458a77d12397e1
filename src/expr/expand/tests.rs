//! GitLab's tables, and the rules that they leave out.

use serde_json::Value;

use super::{ExpandError, References, Unknown, Variable, Variables, expand, runner_expand};

fn json_text(json: &str) -> String {
    serde_json::from_str(json).expect("a JSON string")
}

fn variable(key: &str, value: &Value) -> Variable {
    match value {
        Value::String(text) => Variable::new(key, text.as_str()),
        object => Variable {
            raw: object["raw"] == true,
            file: object["file"] == true,
            ..Variable::new(key, object["value"].as_str().expect("a value"))
        },
    }
}

#[test]
fn expansions_of_the_table() {
    let mut lines = include_str!("../../../tests/data/expansion.tsv").lines();
    let head = lines.next().and_then(|line| line.strip_prefix("# vars\t"));
    let object: serde_json::Map<String, Value> =
        serde_json::from_str(head.expect("the variables")).expect("a JSON object");
    let variables: Variables = object.iter().map(|(k, v)| variable(k, v)).collect();
    let nested = variables
        .sort_and_expand_all(References::KEYWORD)
        .expect("no cycle");
    for row in lines.skip(2) {
        let columns: Vec<String> = row.split('\t').map(json_text).collect();
        let text = &columns[0];
        let got = [
            expand(text, &variables, Unknown::Empty),
            expand(text, &variables, Unknown::Keep),
            expand(text, &nested, Unknown::Keep),
        ];
        assert_eq!(got[..], columns[1..], "{text}");
    }
}

fn pairs(json: &str) -> Vec<(String, String)> {
    serde_json::from_str(json).expect("JSON pairs")
}

#[test]
fn collections_of_the_table() {
    for row in include_str!("../../../tests/data/collections.tsv")
        .lines()
        .skip(1)
    {
        let columns: Vec<&str> = row.split('\t').collect();
        let given: Variables = pairs(columns[0])
            .iter()
            .map(|(key, value)| Variable::new(key.as_str(), value.as_str()))
            .collect();
        let got = given.sort_and_expand_all(References::KEYWORD);
        let error = got.as_ref().err().map(ToString::to_string);
        let want: Option<String> = serde_json::from_str(columns[2]).expect("text or null");
        assert_eq!(error, want, "{row}");
        let values: Vec<(String, String)> = got
            .unwrap_or(given)
            .iter()
            .map(|v| (v.key.to_string(), v.value.to_string()))
            .collect();
        assert_eq!(values, pairs(columns[1]), "{row}");
    }
}

/// The variables, the rules, the value of `C`.
#[test]
fn values_of_the_reference() {
    let raw = |key: &str, value: &str| Variable {
        raw: true,
        ..Variable::new(key, value)
    };
    let file = |key: &str, value: &str| Variable {
        file: true,
        ..Variable::new(key, value)
    };
    let plain = |key: &str, value: &str| Variable::new(key, value);
    let rows: Vec<(Vec<Variable>, References, &str)> = vec![
        (
            vec![plain("C", "$A"), plain("A", "1")],
            References::KEYWORD,
            "1",
        ),
        (vec![plain("C", "x$U-y")], References::KEYWORD, "x-y"),
        (vec![plain("C", "x$U-y")], References::JOB, "x$U-y"),
        (
            vec![plain("C", "$B"), plain("B", "$$A"), plain("A", "1")],
            References::JOB,
            "$$A",
        ),
        (
            vec![raw("R", "r$A"), plain("C", "c$R"), plain("A", "1")],
            References::KEYWORD,
            "cr$A",
        ),
        (
            vec![raw("R", "r$A"), plain("C", "c$R"), plain("A", "1")],
            References::JOB,
            "c$R",
        ),
        (
            vec![file("F", "content"), plain("C", "c$F")],
            References::KEYWORD,
            "ccontent",
        ),
        (
            vec![file("F", "content"), plain("C", "c$F")],
            References::JOB,
            "c$F",
        ),
        (
            vec![raw("C", "$A"), plain("A", "1")],
            References::KEYWORD,
            "$A",
        ),
        (vec![plain("C", "$C:x")], References::KEYWORD, ":x"),
        (
            vec![plain("C", "1"), plain("C", "$C:x")],
            References::KEYWORD,
            "1:x",
        ),
        (
            vec![plain("C", "${A:-x}${ A }$1A")],
            References::KEYWORD,
            "${A:-x}${ A }$1A",
        ),
        (vec![plain("C", "${}%%")], References::KEYWORD, "${}%%"),
    ];
    for (number, (variables, references, want)) in rows.into_iter().enumerate() {
        let given: Variables = variables.into_iter().collect();
        let got = given.sort_and_expand_all(references).expect("no cycle");
        assert_eq!(got.value("C"), Some(want), "row {number}");
    }
}

#[test]
fn a_value_that_doubles_without_end_is_refused() {
    let mut variables = Variables::new();
    variables.push(Variable::new("V0", "x"));
    for n in 1..40 {
        let below = n - 1;
        variables.push(Variable::new(
            format!("V{n}"),
            format!("$V{below}$V{below}"),
        ));
    }
    let error = variables
        .sort_and_expand_all(References::KEYWORD)
        .expect_err("too large");
    assert!(
        matches!(&error, ExpandError::TooLarge(key) if key == "V21"),
        "{error}"
    );
    assert_eq!(
        variables.check_references(),
        Err(error),
        "without expanding"
    );
}

#[test]
fn a_text_that_grows_beyond_any_environment_stays() {
    let variables: Variables = [Variable::new("A", "x".repeat(1 << 20))]
        .into_iter()
        .collect();
    let text = "$A$A$A";
    assert_eq!(expand(text, &variables, Unknown::Empty), text);
    assert_eq!(variables.expand_nested(text, References::KEYWORD), text);
    assert_eq!(runner_expand(text, |name| variables.value(name)), text);
    assert_eq!(expand("$A", &variables, Unknown::Empty).len(), 1 << 20);
}

#[test]
fn a_long_chain_is_no_recursion() {
    let count = 20_000;
    let mut variables = Variables::new();
    for n in 0..count {
        variables.push(Variable::new(format!("V{n}"), format!("$V{}", n + 1)));
    }
    variables.push(Variable::new(format!("V{count}"), "end"));
    let expanded = variables
        .sort_and_expand_all(References::KEYWORD)
        .expect("no cycle");
    assert_eq!(expanded.value("V0"), Some("end"));
}

proptest::proptest! {
    /// Whatever refers to what: it ends and keeps every entry.
    #[test]
    fn any_collection_is_expanded_or_refused(
        entries in proptest::collection::vec(("[A-E]", "([A-E]|\\$[A-E]|\\$\\$|%[A-E]%|\\$\\{[A-E]\\}){0,4}"), 0..8),
    ) {
        let given: Variables = entries
            .iter()
            .map(|(key, value)| Variable::new(key.as_str(), value.as_str()))
            .collect();
        if let Ok(expanded) = given.sort_and_expand_all(References::KEYWORD) {
            let keys = |variables: &Variables| {
                let mut keys: Vec<String> = variables.iter().map(|v| v.key.to_string()).collect();
                keys.sort();
                keys
            };
            proptest::prop_assert_eq!(keys(&expanded), keys(&given));
        }
    }
}
