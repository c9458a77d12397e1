//! Small configurations that are huge when they are written out: each ends at once, with an error
//! that has a place.

use super::world::Tree;

/// Ten of the level below, `levels` times; `one` writes a level with ten of `inner` in it.
fn levels(levels: usize, first: &str, one: impl Fn(&str) -> String) -> String {
    let mut text = format!(".a0: {first}\n");
    for level in 1..=levels {
        let inner = format!("!reference [.a{}, s]", level - 1);
        text += &format!(".a{level}: {}\n", one(&inner));
    }
    text
}

fn ten(inner: &str) -> String {
    [inner; 10].join(", ")
}

/// Lines of a list, one for each number.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

fn bombs() -> Vec<(&'static str, Tree)> {
    let itself = |header: &str, inputs: &str, job: &str| {
        Tree::of(&format!(
            "spec: {{inputs: {{x: {header}}}}}\n---\n\
             include: {{local: .gitlab-ci.yml, inputs: {{x: {inputs}}}}}\nj: {job}\n"
        ))
    };
    let wide = lines(5000, |at| format!("    V{at}: x\n"));
    let users = lines(1000, |at| format!("j{at}: {{script: x, extends: .b}}\n"));
    let jobs = lines(1000, |at| format!("j{at}: {{script: x}}\n"));
    vec![
        (
            "references, ten in ten, in a list",
            Tree::of(
                &(levels(7, "{s: [x]}", |inner| format!("{{s: [{}]}}", ten(inner)))
                    + "j: {script: !reference [.a7, s]}\n"),
            ),
        ),
        (
            "references, ten in ten, in mappings",
            Tree::of(
                &(levels(7, "{s: {}}", |inner| {
                    let entry = |at| format!("k{at}: {inner}, ");
                    format!("{{s: {{{}}}}}", lines(10, entry))
                }) + "j: {script: x}\n"),
            ),
        ),
        (
            "a reference below a reference, without end in sight",
            Tree::of(
                &(lines(2000, |at| {
                    format!(".a{at}: {{s: {{s: !reference [.a{}, s]}}}}\n", at + 1)
                }) + ".a2000: {s: x}\nj: {script: x}\n"),
            ),
        ),
        (
            "the same the other way round",
            Tree::of(
                &(".a0: {s: x}\n".to_owned()
                    + &lines(2000, |at| {
                        format!(".a{}: {{s: {{s: !reference [.a{at}, s]}}}}\n", at + 1)
                    })
                    + "j: {script: x}\n"),
            ),
        ),
        (
            "a long list in many jobs",
            Tree::of(&format!(
                ".b: {{s: [{}x]}}\n{}",
                "x,".repeat(5000),
                lines(1000, |at| format!(
                    "j{at}: {{script: !reference [.b, s]}}\n"
                ))
            )),
        ),
        (
            "a wide template in many jobs",
            Tree::of(&format!(".b:\n  variables:\n{wide}{users}")),
        ),
        (
            "many variables in many jobs",
            Tree::of(&format!("variables:\n{wide}{jobs}")),
        ),
        (
            "a long default in many jobs",
            Tree::of(&format!(
                "default: {{after_script: [{}x]}}\n{jobs}",
                "x,".repeat(5000)
            )),
        ),
        (
            "many parallel jobs",
            Tree::of(&lines(4000, |at| {
                format!("j{at}: {{script: x, parallel: 200}}\n")
            })),
        ),
        (
            "parallel jobs that need parallel jobs",
            Tree::of(
                &("a: {script: x, parallel: 200}\n".to_owned()
                    + &lines(100, |at| {
                        format!("j{at}: {{script: x, parallel: 200, needs: [a]}}\n")
                    })),
            ),
        ),
        (
            "names of a matrix with a long value",
            Tree::of(&format!(
                "j: {{script: x, parallel: {{matrix: [{{A: {}, B: [{}0]}}]}}}}\n",
                "x".repeat(200_000),
                lines(100, |at| format!("{at}b, "))
            )),
        ),
        (
            "a list that is doubled by a file that includes itself",
            itself(
                "{type: array, default: [a, a]}",
                "['$[[ inputs.x ]]', '$[[ inputs.x ]]']",
                "{script: x}",
            ),
        ),
        (
            "a mapping that is doubled by a file that includes itself",
            itself(
                "{type: array, default: [a]}",
                "[{k: '$[[ inputs.x ]]', l: '$[[ inputs.x ]]'}]",
                "{script: x}",
            ),
        ),
        (
            "a mapping that grows deeper with each file",
            itself(
                "{type: array, default: [a]}",
                "[{k: {k: '$[[ inputs.x ]]'}}]",
                "{script: x}",
            ),
        ),
    ]
}

#[test]
fn each_bomb_is_refused_with_a_place() {
    for (name, tree) in bombs() {
        let loaded = tree.load();
        let codes: Vec<&str> = loaded.diagnostics.iter().map(|d| d.code.as_str()).collect();
        assert_eq!(codes, ["config-too-big"], "{name}");
        assert!(loaded.diagnostics[0].primary.is_some(), "{name}: no place");
        assert!(!loaded.diagnostics[0].help.is_empty(), "{name}: no remedy");
    }
}

/// Texts of inputs end at GitLab's limit of one text.
#[test]
fn a_text_that_is_doubled_by_a_file_that_includes_itself_is_refused() {
    for made in [
        "'$[[ inputs.x ]]$[[ inputs.x ]]'",
        "'$[[ inputs.x | posix_escape | posix_escape | posix_escape ]]'",
    ] {
        let tree = Tree::of(&format!(
            "spec: {{inputs: {{x: {{default: $$$}}}}}}\n---\n\
             include: {{local: .gitlab-ci.yml, inputs: {{x: {made}}}}}\nj: {{script: x}}\n"
        ));
        let loaded = tree.load();
        let messages: Vec<&str> = loaded.diagnostics.iter().map(|d| &*d.message).collect();
        assert_eq!(messages, ["the text grows beyond 1 MiB"], "{made}");
    }
}

/// A list without values makes no instances, whatever the others would make.
#[test]
fn a_matrix_of_a_huge_product_makes_nothing_of_it() {
    let keys = lines(30, |at| format!("A{at}: [a, b, c, d, e, f, g, h], "));
    let job = |matrix: &str| format!("a: {{script: x}}\nj: {{script: x, {matrix}}}\n");
    let rows = [
        (
            job(&format!("parallel: {{matrix: [{{{keys}}}]}}")),
            "too-many",
        ),
        (job(&format!("parallel: {{matrix: [{{{keys}Z: []}}]}}")), ""),
        (
            job(&format!(
                "needs: [{{job: a, parallel: {{matrix: [{{{keys}}}]}}}}]"
            )),
            "too-many",
        ),
    ];
    for (text, errors) in rows {
        assert_eq!(Tree::of(&text).errors(), errors, "{text}");
    }
}

#[test]
fn mistakes_without_number_are_told_up_to_a_limit() {
    let text = lines(2000, |at| {
        format!("job{at}: {{script: x, needs: [jib{at}]}}\n")
    });
    let found = Tree::of(&text).load().diagnostics;
    assert_eq!(found.len(), 200);
    let last = found.last().expect("many findings");
    assert_eq!(
        last.notes,
        ["only the first 200 findings of this kind are shown"]
    );
    assert!(found[0].notes.is_empty(), "said once");
}
