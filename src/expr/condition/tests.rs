//! Verdicts of GitLab on a table of conditions, the examples of the reference, and the words of
//! the errors.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Condition, InputValue, Lookup};

#[derive(Default)]
struct Variables(HashMap<String, String>);

impl Lookup for Variables {
    fn variable(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn input(&self, name: &str) -> Option<InputValue> {
        match name {
            "text" => Some(InputValue::Text("qa".to_owned())),
            "yes" => Some(InputValue::Bool(true)),
            "three" => Some(InputValue::Number("3".to_owned())),
            _ => None,
        }
    }
}

fn verdict(text: &str, variables: &Variables) -> &'static str {
    match Condition::parse(text).and_then(|condition| condition.try_eval(variables)) {
        Err(_) => "error",
        Ok(true) => "true",
        Ok(false) => "false",
    }
}

#[test]
fn verdicts_of_the_table() {
    let mut wrong = Vec::new();
    for (number, row) in include_str!("../../../tests/data/expressions.tsv")
        .lines()
        .enumerate()
        .skip(1)
    {
        let columns: Vec<&str> = row.split('\t').collect();
        let text = columns[0]
            .replace("\\n&&\\n", "\n&&\n")
            .replace("\\n||\\n", "\n||\n");
        let variables = Variables(serde_json::from_str(columns[1]).expect("a JSON object"));
        let got = verdict(&text, &variables);
        if got != columns[2] {
            wrong.push(format!(
                "row {}: {text}  want {} got {got}",
                number + 1,
                columns[2]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Condition and verdict (configuration reference 9.5).
const REFERENCE: &[(&str, &str)] = &[
    ("$SP", "false"),
    ("$U == \"\"", "false"),
    ("$E != null", "true"),
    ("$REF == \"$P\"", "true"),
    ("$P == \"a\\\"b\"", "error"),
    ("$P == \"it's\"", "false"),
    ("$T == true", "true"),
    ("$U == false", "false"),
    ("$E && $P", "true"),
    ("$E || $P", "false"),
    ("\"string\" == (\"test\" && \"string\")", "true"),
    ("\"string\" == (\"test\" || \"string\")", "false"),
    ("$P =~ /my/ == true", "true"),
    ("$P =~ /(?i)MY/", "true"),
    ("$P =~ /\\\\/", "error"),
    ("$P =~ /ab\\/", "error"),
    ("$FS =~ /feature/foo/", "error"),
    ("$FS =~ /^feature\\/(foo|bar)$/", "true"),
    ("$U =~ /^$/", "true"),
    ("$P =~ $U", "false"),
    ("$P !~ $U", "true"),
    ("$P =~ $E", "false"),
    ("$P =~ \"var\"", "false"),
    ("$S =~ $P", "true"),
    ("\"23\" =~ \"1234\"", "true"),
    ("$U =~ \"abc\"", "true"),
    ("$P =~ '/^MY/i'", "true"),
    ("$P =~ /$S/", "false"),
    ("!$P == \"x\"", "false"),
    ("!$P =~ /my/", "false"),
    ("/my/", "true"),
    ("/my/ == $P", "error"),
    ("$U && /my/ == $P", "false"),
    ("$P && /my/ == $P", "error"),
    ("$P =~ true", "error"),
    ("$1A", "false"),
    ("$A.B", "error"),
    ("", "error"),
    (" ", "error"),
    ("$[[ inputs.text ]] == \"qa\"", "true"),
    ("$[[inputs.yes]]", "true"),
    ("$[[ inputs.yes ]] == \"true\"", "true"),
    ("$[[ inputs.three ]] == \"3\"", "false"),
    ("$[[ inputs.none ]]", "false"),
    ("$[[ matrix.x ]]", "error"),
    ("$U =~ /a//", "false"),
    ("$U =~ /a\nb/", "error"),
    ("\"a\nb\"", "error"),
];

#[test]
fn verdicts_of_the_reference() {
    let values = [
        ("P", "my variable"),
        ("S", "variable"),
        ("E", ""),
        ("SP", " "),
        ("T", "true"),
        ("FS", "feature/foo"),
        ("REF", "$P"),
    ];
    let variables = Variables(values.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    for (text, want) in REFERENCE {
        assert_eq!(verdict(text, &variables), *want, "{text}");
    }
}

#[test]
fn the_limit_is_ninety_nine_tokens() {
    let chain = |terms: usize| vec!["$A"; terms].join("||");
    assert!(Condition::parse(&chain(50)).is_ok());
    let error = Condition::parse(&chain(51)).expect_err("101 tokens");
    assert_eq!(
        error.message,
        "the condition has more than 99 parts, GitLab's limit"
    );
    assert!(Condition::parse(&format!("!{}", chain(50))).is_err());
}

/// Condition; the part of it that is marked; message; help.
const ERRORS: &[(&str, &str, &str, &str)] = &[
    (
        "$A = \"x\"",
        "=",
        "`=` is no operator",
        "write `==` to compare",
    ),
    (
        "$A === \"x\"",
        "===",
        "there is no operator of this form",
        "write `==` to compare, `!=` for the opposite",
    ),
    (
        "${A} == \"x\"",
        "${A}",
        "braces around a variable have no meaning in a condition",
        "write `$A`",
    ),
    (
        "%A% == \"x\"",
        "%A%",
        "`%A%` has no meaning in a condition",
        "write `$A`",
    ),
    (
        "$A == main",
        "main",
        "the word `main` has no quotes",
        "write `\"main\"`",
    ),
    (
        "CI_TAG == \"x\"",
        "CI_TAG",
        "the word `CI_TAG` is neither a variable nor quoted",
        "write `$CI_TAG` for the variable, `\"CI_TAG\"` for the text",
    ),
    (
        "$A == 42",
        "42",
        "the number `42` has no quotes",
        "write `\"42\"`, values are text",
    ),
    ("$A and $B", "and", "`and` is no operator", "write `&&`"),
    ("$A & $B", "&", "`&` is no operator", "write `&&` for and"),
    (
        "$A == True",
        "True",
        "`True` is not in lower case",
        "write `true`",
    ),
    (
        "$A > \"1\"",
        ">",
        "values can't be compared by size",
        "compare with `==`, or match with a regular expression",
    ),
    (
        "$A == \"x",
        "\"x",
        "the text begun by `\"` has no end",
        "close it with `\"` in the same line; quotes can't be escaped",
    ),
    (
        "$A-B == \"x\"",
        "-",
        "the variable `$A` ends before `-`",
        "names have letters, digits and `_` only; put text in quotes",
    ),
    (
        "$A =~ /m/",
        "/m/",
        "a regular expression of one character, GitLab wants two at least",
        "write `/(m)/`",
    ),
    (
        "$A =~ //",
        "//",
        "the regular expression is empty",
        "GitLab wants two characters at least; write `/.*/` to match anything",
    ),
    (
        "$A =~ /my",
        "/my",
        "the regular expression has no end",
        "close it with `/`; write `\\/` for a slash inside",
    ),
    (
        "$A =~ /my/g",
        "g",
        "`g` is no flag of a regular expression",
        "the flags are `i`, `s`, `m` and `U`",
    ),
    (
        "$A =~ /a\\/b(?!c)/",
        "(?!",
        "RE2 has no look-around: `(?!…)`",
        "match with `=~` and exclude with a second `!~`",
    ),
    (
        "$A $B",
        "$B",
        "`$B` follows `$A` without an operator",
        "put `==`, `!=`, `=~`, `!~`, `&&` or `||` between them",
    ),
    ("$A == ", "==", "nothing follows `==`", "add a value"),
    ("&& $A", "&&", "nothing stands before `&&`", "add a value"),
    (
        "$A == && $B",
        "&&",
        "`&&` follows `==`, a value is missing",
        "add a value between them",
    ),
    (
        "()",
        ")",
        "the parentheses are empty",
        "put a condition inside",
    ),
    ("($A", "(", "this `(` is never closed", "add `)`"),
    (
        "$A)",
        ")",
        "this `)` closes nothing",
        "remove it, or open with `(`",
    ),
    (
        "/my/ == $A",
        "==",
        "a regular expression can't stand on the left of `==`",
        "put the variable on the left and match it with `=~` or `!~`",
    ),
];

#[test]
fn errors_mark_the_place_and_say_what_to_write() {
    for (text, marked, message, help) in ERRORS {
        let error = Condition::parse(text).expect_err(text);
        let got = (
            &text[error.start..error.end],
            error.message.as_str(),
            error.help.as_deref(),
        );
        assert_eq!(got, (*marked, *message, Some(*help)), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_answered(
        text in "\\PC{0,24}|(\\$[AB]|\"x\"|/[a-z\\\\/(]{0,4}/|[()!=~&|]{1,2}|null|true| ){0,16}",
    ) {
        match Condition::parse(&text) {
            Ok(condition) => {
                condition.eval(&Variables::default());
            }
            Err(error) => {
                proptest::prop_assert!(text.get(error.start..error.end).is_some(), "{error:?}");
            }
        }
    }
}

#[test]
fn a_text_that_was_read_is_the_same_condition() {
    let text = "$A =~ /^x/ && $B";
    let read = |text: &str| Condition::shared(text).expect("a condition");
    assert!(Arc::ptr_eq(&read(text), &read(text)));
    // More than are remembered, and one that is too long to be.
    for number in 0..1000 {
        let other = format!("$A == \"{number}\"");
        assert_eq!(read(&other).variables(), ["A"]);
    }
    let long = format!("$A == \"{}\"", "x".repeat(2000));
    assert!(!Arc::ptr_eq(&read(&long), &read(&long)));
    assert_eq!(read(text).variables(), ["A", "B"]);
    Condition::shared("$A ==").expect_err("nothing on its right");
    Condition::shared("$A ==").expect_err("no mistake is remembered as none");
}
