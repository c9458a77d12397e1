//! Bytes → values. Nothing may panic, hang or grow without bounds.

use pipe::tested::SourceMap;

/// `text` is the file.
pub fn feed(text: &str) {
    let mut sources = SourceMap::default();
    let file = sources.add(".gitlab-ci.yml", text);
    let (_, found) = pipe::tested::yaml::load(file, text);
    let _ = pipe::tested::diag::full(&found, &sources, false);
    for finding in &found {
        if let Some(span) = finding.primary {
            assert!(
                sources.text(span).is_some(),
                "a place lies outside of its text"
            );
        }
    }
}
