//! Encodings that an XML file may declare.

/// One that has ASCII's characters at their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    #[default]
    Utf8,
    /// ISO-8859-1.
    Latin1,
    /// ISO-8859-15.
    Latin9,
    Windows1252,
}

impl Encoding {
    /// That of a name in a declaration; `None` where it is not known here.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Self::Utf8,
            "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" => Self::Latin1,
            "iso-8859-15" | "iso8859-15" | "iso_8859-15" | "latin-9" => Self::Latin9,
            "windows-1252" | "cp1252" => Self::Windows1252,
            _ => return None,
        })
    }

    /// Adds a byte of such a text to one in UTF-8.
    pub(super) fn push(self, byte: u8, text: &mut Vec<u8>) {
        let character = match self {
            Self::Utf8 => return text.push(byte),
            Self::Latin1 => char::from(byte),
            Self::Latin9 => latin9(byte),
            Self::Windows1252 => windows1252(byte),
        };
        let mut bytes = [0; 4];
        text.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
    }
}

fn latin9(byte: u8) -> char {
    match byte {
        0xa4 => '€',
        0xa6 => 'Š',
        0xa8 => 'š',
        0xb4 => 'Ž',
        0xb8 => 'ž',
        0xbc => 'Œ',
        0xbd => 'œ',
        0xbe => 'Ÿ',
        _ => char::from(byte),
    }
}

/// From 0x80 on; the five that mean nothing are left as they are.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows1252(byte: u8) -> char {
    let special = byte.checked_sub(0x80).map(usize::from);
    let special = special.and_then(|at| WINDOWS.get(at));
    special.copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::Encoding;

    #[test]
    fn names_and_what_their_bytes_mean() {
        for (name, bytes, wanted) in [
            ("UTF-8", &b"\xc3\xa4"[..], Some("ä")),
            ("us-ascii", b"a", Some("a")),
            ("ISO-8859-1", b"a\xe4\xa4\x7f", Some("aä¤\u{7f}")),
            ("iso-8859-15", b"\xe4\xa4\xbe\xa5", Some("ä€Ÿ¥")),
            ("Windows-1252", b"\x80\x8a\x9f\xa0\xe4", Some("€ŠŸ\u{a0}ä")),
            ("UTF-16", b"", None),
            ("", b"", None),
        ] {
            let read = Encoding::named(name).map(|encoding| {
                let mut text = Vec::new();
                for byte in bytes {
                    encoding.push(*byte, &mut text);
                }
                String::from_utf8(text).expect(name)
            });
            assert_eq!(read.as_deref(), wanted, "{name}");
        }
    }
}
