//! `spec`, inputs and `$[[ … ]]` in small files.

use super::world::{Tree, outcomes};

/// A main file with a header whose input `i` is declared so, and one job that prints it.
fn input(declared: &str, given: Option<&str>) -> Tree {
    let tree = Tree::of(&format!(
        "spec: {{inputs: {{i: {declared}}}}}\n---\na: {{script: 'got $[[ inputs.i ]]'}}"
    ));
    match given {
        Some(value) => tree.input("i", value),
        None => tree,
    }
}

#[test]
fn values() {
    let rows = [
        ("null", None, "! input-missing"),
        ("{}", None, "! input-missing"),
        ("null", Some("v"), "a: got v"),
        ("null", Some(""), "a: got "),
        ("{default: d}", None, "a: got d"),
        ("{default: d}", Some("v"), "a: got v"),
        ("{default: ''}", None, "a: got "),
        ("{default: null}", None, "a: got "),
        ("{default: 5}", None, "a: got 5"),
        ("{default: 1.0}", None, "a: got 1.0"),
        ("{default: true}", None, "a: got true"),
        ("{default: [a, 1]}", None, "a: got [\"a\", 1]"),
        ("{type: number}", Some("3"), "a: got 3"),
        ("{type: number}", Some("3.5"), "a: got 3.5"),
        ("{type: number}", Some("three"), "! input-invalid"),
        ("{type: number, default: x}", None, "! input-invalid"),
        ("{type: number, default: x}", Some("3"), "! input-invalid"),
        ("{type: boolean}", Some("true"), "a: got true"),
        ("{type: boolean}", Some("yes"), "! input-invalid"),
        ("{type: array}", Some("[1, 2]"), "a: got [1, 2]"),
        ("{type: array}", Some("1"), "! input-invalid"),
        ("{type: text}", Some("1"), "! spec-invalid"),
        ("{type: 5}", Some("1"), "! spec-invalid"),
        ("{options: [a, b]}", Some("a"), "a: got a"),
        ("{options: [a, b]}", Some("c"), "! input-invalid"),
        ("{options: [a, b], default: c}", None, "! input-invalid"),
        (
            "{options: [a, b], default: c}",
            Some("a"),
            "! input-invalid",
        ),
        ("{options: [1, 2], type: number}", Some("2"), "a: got 2"),
        (
            "{options: [1, 2], type: number}",
            Some("3"),
            "! input-invalid",
        ),
        (
            "{options: [true], type: boolean}",
            Some("true"),
            "! spec-invalid",
        ),
        ("{options: a}", Some("a"), "! spec-invalid"),
        ("{options: [a, null]}", Some("a"), "! spec-invalid"),
        ("{regex: '^v'}", Some("v1"), "a: got v1"),
        ("{regex: 'v'}", Some("xvx"), "a: got xvx"),
        ("{regex: '^v'}", Some("1"), "! input-invalid"),
        ("{regex: '^v', default: x}", None, "! input-invalid"),
        ("{regex: '^v', type: number}", Some("1"), "! input-invalid"),
        ("{regex: '(', default: x}", None, "! spec-invalid"),
        ("{foo: 1}", Some("1"), "! spec-invalid"),
        ("text", Some("1"), "! spec-invalid"),
        ("[a]", Some("1"), "! spec-invalid"),
        ("{description: words, default: d}", None, "a: got d"),
        ("{description: [words], default: d}", None, "! spec-invalid"),
        (
            "{rules: [{if: '$[[ inputs.i ]]', default: a}, {default: b}]}",
            None,
            "a: got b",
        ),
        (
            "{rules: [{default: b, options: [b, c]}]}",
            Some("c"),
            "a: got c",
        ),
        (
            "{rules: [{default: b, options: [b, c]}]}",
            Some("d"),
            "! input-invalid",
        ),
        (
            "{rules: [{default: b, options: [b, c]}]}",
            Some(""),
            "a: got b",
        ),
        ("{rules: [{options: [b, c]}]}", Some("b"), "! spec-invalid"),
        (
            "{rules: [{options: [], default: b}]}",
            Some("b"),
            "! spec-invalid",
        ),
        (
            "{rules: [{if: 5, default: b}]}",
            Some("b"),
            "! spec-invalid",
        ),
        (
            "{rules: [{if: '$A ==', default: b}]}",
            Some("b"),
            "! spec-invalid",
        ),
        (
            "{rules: [{default: z, options: [b, c]}]}",
            Some("b"),
            "! spec-invalid",
        ),
        (
            "{rules: [{default: z}], options: [z]}",
            Some("z"),
            "! spec-invalid",
        ),
    ];
    let name = |declared: &str, given: Option<&str>| -> &'static str {
        Box::leak(format!("{declared} with {given:?}").into_boxed_str())
    };
    outcomes(
        rows.into_iter()
            .map(|(declared, given, expected)| {
                (name(declared, given), input(declared, given), expected)
            })
            .collect(),
    );
}

#[test]
fn blocks() {
    let rows = [
        ("$[[ inputs.s ]]", "a: text of it"),
        ("$[[inputs.s]]", "a: text of it"),
        ("<$[[ inputs.n ]]>", "a: <2>"),
        ("$[[ inputs.n ]]$[[ inputs.n ]]", "a: 22"),
        ("$[[ inputs.l[1] ]]", "a: y"),
        ("$[[ inputs.l[2] ]]", "! interpolation"),
        ("$[[ inputs.s | truncate(0,4) ]]", "a: text"),
        ("$[[ inputs.s | truncate(50,4) ]]", "a: "),
        ("$[[ inputs.s | posix_escape ]]", "a: text\\ of\\ it"),
        ("$[[ inputs.v | expand_vars ]]", "a: known $UNKNOWN"),
        ("$[[ inputs.v | expand_vars | truncate(0,5) ]]", "a: known"),
        ("$[[ inputs.n | truncate(0,1) ]]", "! interpolation"),
        ("$[[ inputs.s | upcase ]]", "! interpolation"),
        ("$[[ inputs.s | truncate(a,b) ]]", "! interpolation"),
        ("$[[ inputs.s | truncate(1) ]]", "! interpolation"),
        (
            "$[[ inputs.s | truncate(0,9) | truncate(0,9) | truncate(0,9) | truncate(0,9) ]]",
            "! interpolation",
        ),
        ("$[[ inputs.unknown ]]", "! interpolation"),
        ("$[[ input.s ]]", "! interpolation"),
        ("$[[ inputs ]]", "! interpolation"),
        ("$[[ component.name ]]", "! interpolation"),
        ("$[[ matrix.X ]]", "a: $[[ matrix.X ]]"),
        ("$[[ ]]", "a: $[[ ]]"),
        ("$[ inputs.s ]", "a: $[ inputs.s ]"),
    ];
    let tree = |text: &str| {
        Tree::of(&format!(
            "spec: {{inputs: {{s: {{default: text of it}}, n: {{type: number, default: 2}}, l: {{type: array, default: [x, y]}}, v: {{default: $KNOWN $UNKNOWN}}}}}}\n---\na: {{script: ['{text}']}}"
        ))
        .variable("KNOWN", "known")
    };
    outcomes(
        rows.into_iter()
            .map(|(text, expected)| (text, tree(text), expected))
            .collect(),
    );
}

#[test]
fn places() {
    outcomes(vec![
        (
            "keys, types and spliced lists",
            Tree::of(
                "spec: {inputs: {n: {type: number, default: 2}, e: {default: qa}, l: {type: array, default: [x, y]}}}\n---\n\"d-$[[ inputs.e ]]\": {parallel: '$[[ inputs.n ]]', script: [w, '$[[ inputs.l ]]']}",
            ),
            "d-qa 1/2: w; x; y  d-qa 2/2: w; x; y",
        ),
        (
            "without header",
            Tree::of("a: {script: '$[[ inputs.x ]]'}"),
            "a: $[[ inputs.x ]]",
        ),
        (
            "inputs of an include",
            Tree::of("include: {local: i.yml, inputs: {x: 1}}").with(
                "i.yml",
                "spec: {inputs: {x: null}}\n---\na: {script: '$[[ inputs.x ]]!'}",
            ),
            "a: 1!",
        ),
        (
            "inputs that are not declared",
            Tree::of("include: {local: i.yml, inputs: {x: 1, y: 2}}")
                .with("i.yml", "spec: {inputs: {x: null}}\n---\na: {script: x}"),
            "! input-unknown",
        ),
        (
            "inputs for a file without header",
            Tree::of("include: {local: i.yml, inputs: {x: 1}}").with("i.yml", "a: {script: x}"),
            "! input-unknown",
        ),
        (
            "inputs that are no mapping",
            Tree::of("include: {local: i.yml, inputs: [x]}").with("i.yml", "a: {script: x}"),
            "! input-invalid",
        ),
        (
            "null is no value",
            Tree::of("include: {local: i.yml, inputs: {x: null}}").with(
                "i.yml",
                "spec: {inputs: {x: {default: d}}}\n---\na: {script: '$[[ inputs.x ]]'}",
            ),
            "a: d",
        ),
        (
            "inputs of the main file that are not declared",
            Tree::of("a: {script: x}").input("x", "1"),
            "! input-unknown",
        ),
        (
            "declarations from a file",
            Tree::of("spec: {include: [{local: d.yml}]}\n---\na: {script: '$[[ inputs.x ]]'}")
                .with("d.yml", "inputs: {x: {default: d}}"),
            "a: d",
        ),
        (
            "declared twice",
            Tree::of("spec: {include: [d.yml], inputs: {x: null}}\n---\na: {script: x}")
                .with("d.yml", "inputs: {x: null}"),
            "! spec-invalid",
        ),
        (
            "more than inputs in such a file",
            Tree::of("spec: {include: [d.yml]}\n---\na: {script: x}")
                .with("d.yml", "inputs: {}\nfoo: 1"),
            "! spec-invalid",
        ),
        (
            "an unknown key of the header",
            Tree::of("spec: {}\ntitle: t\n---\na: {script: x}"),
            "! spec-invalid",
        ),
        (
            "an unknown key of spec",
            Tree::of("spec: {foo: 1}\n---\na: {script: x}"),
            "! spec-invalid",
        ),
        (
            "spec is null",
            Tree::of("spec: null\n---\na: {script: x}"),
            "a: x",
        ),
        (
            "a description",
            Tree::of("spec: {description: d}\n---\na: {script: x}"),
            "a: x",
        ),
        (
            "component fields that there are not",
            Tree::of("spec: {component: [path]}\n---\na: {script: x}"),
            "! spec-invalid",
        ),
    ]);
}
