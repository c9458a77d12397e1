//! Names of images in full: `ruby:3.1` is `docker.io/library/ruby:3.1`.

use std::fmt;

use crate::types::is_image_name;

/// The registry of names that say none.
const HUB: &str = "docker.io";
/// The tag of names that say none.
const LATEST: &str = "latest";

/// A name, taken apart as Docker does (runtime reference 9.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageName {
    /// Host, perhaps with a port: `registry.example.com:5000`.
    pub registry: String,
    /// The path there: `library/ruby`.
    pub repository: String,
    /// `None` only where there is a digest.
    pub tag: Option<String>,
    /// `sha256:…`.
    pub digest: Option<String>,
}

impl ImageName {
    /// Takes a name apart; `None` where the text is no name of an image.
    pub fn parse(text: &str) -> Option<Self> {
        if !is_image_name(text) {
            return None;
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_ascii_lowercase())),
            None => (text, None),
        };
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag.to_owned())),
            _ => (rest, None),
        };
        let is_host = |host: &str| {
            host.contains(['.', ':'])
                || host == "localhost"
                || host.chars().any(|c| c.is_ascii_uppercase())
        };
        let (registry, repository) = match path.split_once('/') {
            Some((host, path)) if is_host(host) => (host, path.to_owned()),
            Some(_) => (HUB, path.to_owned()),
            None => (HUB, format!("library/{path}")),
        };
        let registry = match registry {
            "index.docker.io" | "registry-1.docker.io" => HUB,
            other => other,
        };
        let repository = match repository.as_str() {
            name if registry == HUB && !name.contains('/') => format!("library/{name}"),
            _ => repository,
        };
        let tag = tag.or_else(|| digest.is_none().then(|| LATEST.to_owned()));
        Some(Self {
            registry: registry.to_owned(),
            repository,
            tag,
            digest,
        })
    }

    /// A digest says which image it is, whatever the tag.
    pub(super) fn without_spare_tag(mut self) -> Self {
        if self.digest.is_some() {
            self.tag = None;
        }
        self
    }

    /// Whether it means what `name` means, which was brought with these digests.
    pub(super) fn means(&self, name: &str, digests: &[String]) -> bool {
        if let Some(digest) = &self.digest
            && digests.contains(digest)
        {
            let same_place = |other: &Self| {
                (&other.registry, &other.repository) == (&self.registry, &self.repository)
            };
            return Self::parse(name).as_ref().is_some_and(same_place);
        }
        self.to_string() == name
    }

    /// As people write it: `ruby:3.1`.
    pub fn short(&self) -> String {
        let full = self.to_string();
        let rest = full.strip_prefix("docker.io/").unwrap_or(&full);
        rest.strip_prefix("library/").unwrap_or(rest).to_owned()
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::ImageName;

    #[test]
    fn names_are_completed_and_shortened() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let by_digest = format!("ruby@{digest}");
        let full_by_digest = format!("docker.io/library/ruby@{digest}");
        let both = format!("r.io/a:1@{digest}");
        for (text, full, short) in [
            ("ruby", "docker.io/library/ruby:latest", "ruby:latest"),
            ("ruby:3.1", "docker.io/library/ruby:3.1", "ruby:3.1"),
            (
                "docker.io/ruby",
                "docker.io/library/ruby:latest",
                "ruby:latest",
            ),
            (
                "index.docker.io/library/ruby",
                "docker.io/library/ruby:latest",
                "ruby:latest",
            ),
            ("me/tool:1", "docker.io/me/tool:1", "me/tool:1"),
            ("localhost/a", "localhost/a:latest", "localhost/a:latest"),
            (
                "127.0.0.1:5000/a:b",
                "127.0.0.1:5000/a:b",
                "127.0.0.1:5000/a:b",
            ),
            ("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest"),
            (&by_digest, &full_by_digest, &by_digest),
            (&both, &both, &both),
        ] {
            let name = ImageName::parse(text).expect("a name");
            assert_eq!(name.to_string(), full, "{text}");
            assert_eq!(name.short(), short, "{text}");
            assert_eq!(ImageName::parse(full).expect("a name"), name, "{text}");
        }
        for text in ["", "A", "a:", "/a", "../a", "a b", "a@x"] {
            assert_eq!(ImageName::parse(text), None, "{text}");
        }
    }
}
