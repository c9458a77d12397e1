//! Digests as registries write them: `sha256:` and 64 small hexadecimal digits.

use std::fmt::Write as _;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// What stands before the digits.
const PREFIX: &str = "sha256:";

/// The digest of these bytes.
pub(super) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    written(Sha256::new_with_prefix(bytes))
}

/// A digest that was made part by part.
pub(super) fn written(hash: Sha256) -> String {
    let mut text = PREFIX.to_owned();
    for byte in hash.finalize() {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The digits of a digest; `None` where the text is none. They are safe as the name of a file.
pub(super) fn digits(digest: &str) -> Option<&str> {
    let digits = digest.strip_prefix(PREFIX)?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (digits.len() == 64 && digits.bytes().all(is_digit)).then_some(digits)
}

/// Reads on, and knows the digest of what was read.
pub(super) struct Hashing<R> {
    from: R,
    hash: Sha256,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            hash: Sha256::new(),
        }
    }

    /// The digest of all that was read.
    pub(super) fn finish(self) -> String {
        written(self.hash)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.hash.update(&into[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{Hashing, digits, sha256};

    #[test]
    fn a_digest_is_written_as_registries_do() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(""), format!("sha256:{empty}"));
        let mut hashing = Hashing::new(&b"abc"[..]);
        hashing.read_to_end(&mut Vec::new()).expect("read");
        assert_eq!(hashing.finish(), sha256("abc"));
        for (text, is_one) in [
            (format!("sha256:{empty}"), true),
            (empty.to_owned(), false),
            (format!("sha256:{}", empty.to_uppercase()), false),
            (format!("sha512:{empty}"), false),
            (format!("sha256:../{}", &empty[3..]), false),
            ("sha256:".to_owned(), false),
        ] {
            assert_eq!(digits(&text).is_some(), is_one, "{text}");
        }
    }
}
