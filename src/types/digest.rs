//! One name for many parts: equal only where all of them are equal.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// SHA-256 over parts in their order. Each part counts with its length, so that none can be taken
/// for the end of the one before it.
#[derive(Debug, Clone, Default)]
pub struct Digest(Sha256);

impl Digest {
    /// Adds a part.
    pub fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Adds a list: how many parts, and each of them.
    pub fn add_all<P: AsRef<[u8]>>(&mut self, parts: impl IntoIterator<Item = P>) {
        let mut count = 0_u64;
        for part in parts {
            self.add(part);
            count += 1;
        }
        self.add(count.to_le_bytes());
    }

    /// Adds a part that need not be there.
    pub fn add_option(&mut self, part: Option<impl AsRef<[u8]>>) {
        self.add_all(part);
    }

    /// The digest in hexadecimal.
    pub fn finish(self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0.finalize() {
            // Writing to a string can't fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    fn of(lists: &[&[&str]]) -> String {
        let mut digest = Digest::default();
        for list in lists {
            digest.add_all(*list);
        }
        digest.finish()
    }

    #[test]
    fn parts_can_not_be_taken_for_others() {
        let all: [&[&[&str]]; 6] = [
            &[],
            &[&[]],
            &[&["ab"]],
            &[&["a", "b"]],
            &[&["a"], &["b"]],
            &[&["", "ab"]],
        ];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(of(one).len(), 64);
            for (other, two) in all.iter().enumerate() {
                assert_eq!(of(one) == of(two), at == other, "{one:?} {two:?}");
            }
        }
    }
}
