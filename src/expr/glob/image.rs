//! Lists of images that a runner allows: `allowed_images` and its kin (runtime reference 9.1).

use super::GlobError;
use super::doublestar::Doublestar;

/// Globs of names of images, those with `!` in front taking away what others allow.
#[derive(Debug, Clone, Default)]
pub struct ImageGlobs {
    allowed: Vec<Doublestar>,
    taken_away: Vec<Doublestar>,
}

impl ImageGlobs {
    /// Reads the patterns.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, GlobError> {
        let mut globs = Self::default();
        for pattern in patterns {
            match pattern.strip_prefix('!') {
                Some(pattern) => globs.taken_away.push(Doublestar::new(pattern)?),
                None => globs.allowed.push(Doublestar::new(pattern)?),
            }
        }
        Ok(globs)
    }

    /// Whether an image of that name is allowed. Without patterns all are.
    pub fn allow(&self, name: &str) -> bool {
        let parts: Vec<&str> = name.split('/').collect();
        let any = |globs: &[Doublestar]| globs.iter().any(|glob| glob.matches(&parts));
        (self.allowed.is_empty() || any(&self.allowed)) && !any(&self.taken_away)
    }
}

#[cfg(test)]
mod tests {
    use super::ImageGlobs;

    #[test]
    fn what_lists_allow() {
        for (patterns, name, allowed) in [
            (&[][..], "any:1", true),
            (&["ruby:*"], "ruby:3.1", true),
            (&["ruby:*"], "python:3", false),
            (&["ruby:*"], "ruby", false),
            (&["reg.io/*/*:*"], "reg.io/a/b:1", true),
            (&["reg.io/*"], "reg.io/a/b:1", false),
            (&["reg.io/**"], "reg.io/a/b:1", true),
            (&["{ruby,python}:*"], "python:3", true),
            (&["!secret/**"], "secret/a", false),
            (&["!secret/**"], "ruby:3", true),
            (&["**", "!secret/**"], "secret/a", false),
        ] {
            let globs = ImageGlobs::new(patterns.iter().copied()).expect("globs");
            assert_eq!(globs.allow(name), allowed, "{patterns:?} {name}");
        }
    }
}
