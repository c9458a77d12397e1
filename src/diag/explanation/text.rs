//! The text of one code, and where to find it.

use super::{includes, jobs, keywords, pipeline, repository, running, settings, yaml};
use crate::diag::Code;

/// What there is to say of a code.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// What it means, and why it is so.
    pub meaning: &'static str,
    /// What brings it forth.
    pub example: Example,
    /// What to do.
    pub remedy: &'static str,
}

/// What brings a diagnostic forth.
#[derive(Debug, Clone, Copy)]
pub enum Example {
    /// A `.gitlab-ci.yml`.
    Pipeline(&'static str),
    /// Several files, each with its path.
    Files(&'static [(&'static str, &'static str)]),
    /// A command, for what no file can show, or words about it.
    Command(&'static str),
}

/// The texts of one part of the table.
pub(super) type Texts = &'static [(Code, Explanation)];

/// A row of such a part.
pub(super) const fn text(
    code: Code,
    meaning: &'static str,
    example: Example,
    remedy: &'static str,
) -> (Code, Explanation) {
    let explanation = Explanation {
        meaning,
        example,
        remedy,
    };
    (code, explanation)
}

const PARTS: [Texts; 8] = [
    yaml::TEXTS,
    includes::TEXTS,
    keywords::TEXTS,
    jobs::TEXTS,
    pipeline::TEXTS,
    repository::TEXTS,
    settings::TEXTS,
    running::TEXTS,
];

impl Code {
    /// What it means; every code has a text.
    pub fn explanation(self) -> Option<&'static Explanation> {
        let mut all = PARTS.into_iter().flatten();
        let found = all.find(|(code, _)| *code == self);
        found.map(|(_, explanation)| explanation)
    }
}

impl Example {
    /// The files that it is made of, with their paths; none of a command.
    pub fn files(&self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Pipeline(text) => vec![(".gitlab-ci.yml", text)],
            Self::Files(files) => files.to_vec(),
            Self::Command(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_text_once() {
        for code in Code::ALL {
            let texts = PARTS.into_iter().flatten();
            let count = texts.filter(|(of, _)| of == code).count();
            assert_eq!(count, 1, "{code} has {count} texts");
        }
    }

    #[test]
    fn texts_are_whole_sentences() {
        for (code, text) in PARTS.into_iter().flatten() {
            for part in [text.meaning, text.remedy] {
                assert!(part.ends_with('.'), "{code}: {part}");
                assert!(
                    part.starts_with(char::is_uppercase) || part.starts_with('`'),
                    "{code}: {part}"
                );
                assert!(!part.contains("  "), "{code}: {part}");
            }
        }
    }
}
