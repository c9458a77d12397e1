//! The rows of the table of keywords and the configuration reference name each other.

use crate::config::keywords::{INCLUDE_RULE, JOB, WORKFLOW};
use crate::config::shape::{Keys, Shape};

const REFERENCE: &str = include_str!("../../../tests/reference/configuration.md");

/// The text of a chapter, up to the next heading.
fn chapter(number: &str) -> Option<&'static str> {
    let (_, text) = REFERENCE.split_once(&format!("\n### {number} "))?;
    Some(text.split("\n#").next().unwrap_or(text))
}

fn check(keys: &'static Keys, broken: &mut Vec<String>) {
    for row in keys.rows {
        match chapter(row.chapter) {
            Some(text) if text.contains(row.name) => {}
            _ => broken.push(format!("`{}` is not in {}", row.name, row.chapter)),
        }
        match &row.shape {
            Shape::Map(keys) | Shape::Named(Shape::Map(keys)) => check(keys, broken),
            _ => {}
        }
    }
}

#[test]
fn each_keyword_stands_in_its_chapter() {
    let mut broken = Vec::new();
    for keys in [&JOB, &WORKFLOW, &INCLUDE_RULE] {
        check(keys, &mut broken);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
