//! Conditions, regular expressions, expansion and globs from the same text.

use pipe::tested::expr::{
    ArtifactGlobs, Condition, Fnmatch, IncludeGlob, References, Unknown, Variable, Variables,
    expand, re2,
};

/// `text` is all that a keyword may hold; `first` and `second` are values.
pub fn feed(text: &str, first: &str, second: &str) {
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
    ArtifactGlobs::new("/builds/g/p", &[text.to_owned()], &[second.to_owned()])
        .matches(first, false);
}
