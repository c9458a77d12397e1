//! What an image was made for: `linux/amd64`, `linux/arm/v7`.

use std::fmt;
use std::str::FromStr;

/// Operating system and processor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64`, `arm64`, …: Go's words.
    pub architecture: String,
    /// `v7`; empty where there is none.
    pub variant: String,
}

impl Platform {
    /// That of this machine.
    pub fn here() -> Self {
        let (architecture, variant) = match std::env::consts::ARCH {
            "x86_64" => ("amd64", ""),
            "x86" => ("386", ""),
            "aarch64" => ("arm64", ""),
            "arm" => ("arm", "v7"),
            "loongarch64" => ("loong64", ""),
            "powerpc64" if cfg!(target_endian = "little") => ("ppc64le", ""),
            other => (other, ""),
        };
        Self {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
        }
    }

    /// From the three words that files of images have, of which the variant may be empty.
    pub(super) fn of_words(os: &str, architecture: &str, variant: &str) -> Result<Self, String> {
        let text = [os, architecture, variant].join("/");
        text.trim_end_matches('/').parse()
    }

    /// Whether an image for `self` is what `wanted` asks for. A variant counts only where both
    /// have one, and `arm64` has `v8` alone.
    pub fn fits(&self, wanted: &Self) -> bool {
        let same_variant =
            self.variant == wanted.variant || self.variant.is_empty() || wanted.variant.is_empty();
        self.os == wanted.os && self.architecture == wanted.architecture && same_variant
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        Ok(())
    }
}

impl FromStr for Platform {
    type Err = String;

    /// `linux/arm64`, `arm64`, `linux/arm/v7`; the names that `uname` has are understood.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no platform: say it as in `linux/amd64`");
        let words: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match words[..] {
            [architecture] => ("linux", architecture, ""),
            [os, architecture] => (os, architecture, ""),
            [os, architecture, variant] => (os, architecture, variant),
            _ => return Err(wrong()),
        };
        let is_word = |word: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            let is_whole = word.starts_with(|c: char| c.is_ascii_alphanumeric());
            is_whole && word.len() <= 32 && word.chars().all(plain)
        };
        if !is_word(os) || !is_word(architecture) || !(variant.is_empty() || is_word(variant)) {
            return Err(wrong());
        }
        let (architecture, variant) = match (architecture, variant) {
            ("x86_64" | "x86-64", _) => ("amd64", variant),
            ("aarch64", _) => ("arm64", variant),
            ("armhf", "") => ("arm", "v7"),
            ("armel", "") => ("arm", "v6"),
            ("i386" | "i686", _) => ("386", variant),
            _ => (architecture, variant),
        };
        let variant = match (architecture, variant) {
            ("arm64", "v8" | "8") => "",
            _ => variant,
        };
        Ok(Self {
            os: os.to_ascii_lowercase(),
            architecture: architecture.to_ascii_lowercase(),
            variant: variant.to_ascii_lowercase(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn a_platform_is_said_in_many_ways() {
        for (text, read) in [
            ("linux/amd64", Some("linux/amd64")),
            ("amd64", Some("linux/amd64")),
            ("x86_64", Some("linux/amd64")),
            ("linux/aarch64", Some("linux/arm64")),
            ("linux/arm64/v8", Some("linux/arm64")),
            ("linux/arm/v7", Some("linux/arm/v7")),
            ("armhf", Some("linux/arm/v7")),
            ("Linux/AMD64", Some("linux/amd64")),
            ("", None),
            ("linux/", None),
            ("linux/arm/v7/x", None),
            ("linux/a b", None),
            ("../etc", None),
        ] {
            let found = text.parse::<Platform>().ok().map(|it| it.to_string());
            assert_eq!(found.as_deref(), read, "{text}");
        }
    }

    #[test]
    fn a_variant_counts_where_both_have_one() {
        for (image, wanted, fits) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/arm/v7", "linux/arm", true),
            ("linux/arm", "linux/arm/v7", true),
            ("linux/arm/v6", "linux/arm/v7", false),
            ("linux/amd64", "linux/arm64", false),
            ("windows/amd64", "linux/amd64", false),
        ] {
            let read = |text: &str| text.parse::<Platform>().expect("a platform");
            assert_eq!(read(image).fits(&read(wanted)), fits, "{image} {wanted}");
        }
    }
}
