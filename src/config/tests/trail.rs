//! The ways of values: which template, reference, alias or include brought them.

use crate::config::trail::Step;
use crate::yaml::{Key, Value};

use super::world::Tree;

const MAIN: &str = "\
include: ci/base.yml
.anchor: &anchor {tags: [fast]}
.two:
  extends: .one
  variables: {B: two}
test:
  extends: [.zero, .two]
  <<: *anchor
  script:
    - !reference [.setup, script]
    - make
";
const BASE: &str = "\
include: ci/deep.yml
.zero: {variables: {A: zero, B: zero}}
.setup: {script: [setup]}
";
const DEEP: &str = "\
.one: {image: ruby, variables: {C: one}}
";

/// The steps to the value that `keys` lead to in the job `test`, in words.
fn way(keys: &[&str]) -> String {
    let tree = Tree::of(MAIN).with("ci/base.yml", BASE);
    let loaded = tree.with("ci/deep.yml", DEEP).load();
    let document = loaded.document.expect("the configuration is valid");
    let mut value: &Value = &document.resolved.get("test").expect("a job").value;
    for key in keys {
        value = match value.as_seq() {
            Some(items) => &items[key.parse::<usize>().expect("a number")],
            None => {
                &value
                    .as_map()
                    .and_then(|map| map.get(key))
                    .expect("a key")
                    .value
            }
        };
    }
    let key = Key::Str("test".into());
    let steps = document.trail.way(&document.merged, &key, value.span);
    let files = document.trail.included(value.span);
    let words = files.iter().chain(&steps).map(|step| {
        let at = loaded.sources.locate(step.span()).expect("a place");
        let at = format!("{}:{}", at.0, at.1.line);
        match step {
            Step::Extends { name, .. } => format!("extends {name} {at}"),
            Step::Reference(_) => format!("reference {at}"),
            Step::Merge(_) => format!("alias {at}"),
            Step::Include(_) => format!("include {at}"),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn each_value_knows_its_way() {
    for (keys, expected) in [
        (&["script", "1"][..], ""),
        (&["tags"], "alias .gitlab-ci.yml:8"),
        (&["variables", "B"], "extends .two .gitlab-ci.yml:7"),
        (
            &["variables", "A"],
            "include .gitlab-ci.yml:1, extends .zero .gitlab-ci.yml:7",
        ),
        (
            &["variables", "C"],
            "include .gitlab-ci.yml:1, include ci/base.yml:1, extends .two .gitlab-ci.yml:7, extends .one .gitlab-ci.yml:4",
        ),
        (
            &["script", "0", "0"],
            "include .gitlab-ci.yml:1, reference .gitlab-ci.yml:10",
        ),
    ] {
        assert_eq!(way(keys), expected, "{keys:?}");
    }
}
