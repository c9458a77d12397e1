//! Conditions, regular expressions, expansion and globs from the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipe::tested::expr::{References, Unknown, expand};
use pipe::tested::expr::{ArtifactGlobs, Fnmatch, IncludeGlob};
use pipe::tested::expr::{Condition, Variable, Variables, re2};

fuzz_target!(|input: (&str, &str, &str)| {
    let (text, first, second) = input;
    let variables: Variables = [("A", first), ("B", second), ("C", text)]
        .into_iter()
        .map(|(key, value)| Variable::new(key, value))
        .collect();
    match Condition::parse(text) {
        Ok(condition) => {
            condition.eval(&variables);
        }
        Err(error) => assert!(error.start <= error.end && error.end <= text.len()),
    }
    if let Some(Ok(regex)) = re2::from_slashes(text) {
        regex.is_match(first);
    }
    let _ = expand(text, &variables, Unknown::Keep);
    if let Ok(values) = variables.sort_and_expand_all(References::JOB) {
        let _ = values.expand_nested(text, References::KEYWORD);
    }
    if let Ok(glob) = Fnmatch::new(text) {
        glob.matches(first);
    }
    IncludeGlob::new(text).matches(first);
    ArtifactGlobs::new("/builds/g/p", &[text.to_owned()], &[second.to_owned()]).matches(first, false);
});
