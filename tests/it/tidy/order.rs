//! Inside a layer: of two files or folders one builds on the other, never both on each other.

use super::assert_none;
use super::files::{File, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Each file or folder of a layer, with those that it names.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// What the parts of a layer name of each other.
fn uses(layer: &str, files: &[&File]) -> Uses {
    let mut uses = Uses::new();
    for file in files {
        if let [own, part, ..] = file.module()[..]
            && own == layer
        {
            let named = uses.entry(part.to_owned()).or_default();
            let others = file.named().iter();
            named.extend(others.filter_map(|other| part_of(layer, file, &other.path)));
        }
    }
    let parts: Vec<String> = uses.keys().cloned().collect();
    for (part, named) in &mut uses {
        named.retain(|other| other != part && parts.contains(other));
    }
    uses
}

/// The part of the layer that a path leads to, if it leaves the one it stands in.
fn part_of(layer: &str, file: &File, path: &[String]) -> Option<String> {
    let supers = path.iter().take_while(|word| *word == "super").count();
    let from_layer = match path.first()?.as_str() {
        "crate" if path.get(1)? == layer => 2,
        "super" if supers + 1 == file.module().len() => supers,
        _ => return None,
    };
    path.get(from_layer).cloned()
}

/// The parts that lead back to themselves: what is left when those are taken away, again and again,
/// that name no other or that no other names.
fn circle(mut uses: Uses) -> Uses {
    loop {
        let is_used = |part: &String| uses.values().any(|named| named.contains(part));
        let free: Vec<String> = (uses.iter())
            .filter(|(part, named)| named.is_empty() || !is_used(part))
            .map(|(part, _)| part.clone())
            .collect();
        if free.is_empty() {
            return uses;
        }
        uses.retain(|part, _| !free.contains(part));
        for named in uses.values_mut() {
            named.retain(|other| !free.contains(other));
        }
    }
}

#[test]
fn parts_of_a_layer_have_an_order() {
    let files: Vec<&File> = sources().iter().filter(|file| !file.is_test).collect();
    let mut layers: Vec<&str> = files
        .iter()
        .filter_map(|file| file.module().first().copied())
        .collect();
    layers.dedup();
    assert!(layers.len() > 10, "src was not found");
    let mut broken = Vec::new();
    for layer in layers {
        for (part, named) in circle(uses(layer, &files)) {
            let named: Vec<String> = named.into_iter().collect();
            broken.push(format!("{layer}/{part} uses {}", named.join(", ")));
        }
    }
    assert_none(
        "parts of a layer lead to each other in a circle, or to one: move what they share",
        &broken,
    );
}

#[test]
fn a_circle_is_found() {
    let rows = [
        ("use super::b::B;", "use super::c::C;", ""),
        ("use super::b::B;", "use super::a::A;", "a b"),
        ("use crate::x::b::B;", "fn f() { super::a::g() }", "a b"),
        ("use super::b::B;", "#[cfg(test)]\nuse super::a::A;", ""),
    ];
    for (a, b, expected) in rows {
        let files = [
            File::new("src/x/a.rs", a),
            File::new("src/x/b/mod.rs", ""),
            File::new("src/x/b/inner.rs", &b.replace("super::", "super::super::")),
            File::new("src/x/c.rs", "use crate::y::a::A;"),
        ];
        let uses = uses("x", &files.each_ref());
        let found: Vec<String> = circle(uses).into_keys().collect();
        assert_eq!(found.join(" "), expected, "{a} {b}");
    }
}
