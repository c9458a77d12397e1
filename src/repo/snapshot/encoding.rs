//! The attribute `working-tree-encoding`: the encoding of a file in the work tree, where git stores UTF-8.

use encoding_rs::Encoding;

/// An encoding of the work tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkTreeEncoding {
    Utf16 {
        big: bool,
        mark: Mark,
    },
    Utf32 {
        big: bool,
        mark: Mark,
    },
    /// The first 256 characters of Unicode, a byte each.
    Latin1,
    /// One that browsers know too.
    Other(&'static Encoding),
}

/// Whether a mark of the order of bytes comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// It must not.
    None,
    /// It must, and says the order of what is read.
    Needed,
}

/// Byte order mark.
const MARK: char = '\u{feff}';

impl WorkTreeEncoding {
    /// That of this name; `None` where git stores the same, or knows no such name and leaves the content
    /// as it is.
    pub(super) fn named(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase().replace('_', "-");
        let rest = upper
            .strip_prefix("UTF")
            .map(|it| it.trim_start_matches('-'));
        let (wide, order) = match rest {
            Some("8") => return None,
            Some(rest) if rest.starts_with("16") => (false, &rest[2..]),
            Some(rest) if rest.starts_with("32") => (true, &rest[2..]),
            _ => {
                // Browsers have another page for it, which has more letters.
                if ["ISO-8859-1", "ISO8859-1", "LATIN1", "LATIN-1"].contains(&&*upper) {
                    return Some(Self::Latin1);
                }
                let found = Encoding::for_label_no_replacement(name.as_bytes());
                // Code pages as `iconv` calls them.
                let page = upper.strip_prefix("CP").map(|page| match page {
                    "932" => "shift_jis".to_owned(),
                    page => format!("windows-{page}"),
                });
                let found = found.or_else(|| Encoding::for_label_no_replacement(page?.as_bytes()));
                let found = found.filter(|it| *it != encoding_rs::UTF_8);
                return found.map(Self::Other);
            }
        };
        let (big, mark) = match order {
            // As most machines write it.
            "" | "LE-BOM" => (false, Mark::Needed),
            "BE-BOM" => (true, Mark::Needed),
            "LE" => (false, Mark::None),
            "BE" => (true, Mark::None),
            _ => return None,
        };
        Some(if wide {
            Self::Utf32 { big, mark }
        } else {
            Self::Utf16 { big, mark }
        })
    }

    /// UTF-8 in this encoding; `None` where it can't be.
    pub(super) fn encode(self, stored: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(stored).ok()?;
        let marked = |mark| {
            let first = (mark == Mark::Needed).then_some(MARK);
            first.into_iter().chain(text.chars())
        };
        Some(match self {
            Self::Utf16 { big, mark } => {
                let mut units = [0; 2];
                let mut out = Vec::with_capacity(2 * text.len() + 2);
                for one in marked(mark) {
                    for unit in one.encode_utf16(&mut units) {
                        out.extend(if big {
                            unit.to_be_bytes()
                        } else {
                            unit.to_le_bytes()
                        });
                    }
                }
                out
            }
            Self::Utf32 { big, mark } => marked(mark)
                .flat_map(|one| {
                    let unit = u32::from(one);
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect(),
            Self::Latin1 => {
                let bytes = text.chars().map(|one| u8::try_from(u32::from(one)).ok());
                return bytes.collect();
            }
            Self::Other(encoding) => match encoding.encode(text) {
                (bytes, _, false) => bytes.into_owned(),
                (.., true) => return None,
            },
        })
    }

    /// This encoding in UTF-8; `None` where it is not that.
    pub(super) fn decode(self, content: &[u8]) -> Option<Vec<u8>> {
        let text = match self {
            Self::Utf16 { big, mark } => {
                let (pairs, []) = content.as_chunks() else {
                    return None;
                };
                let (big, start) = match (mark, pairs.first()) {
                    (Mark::None, _) => (big, 0),
                    (Mark::Needed, Some([0xfe, 0xff])) => (true, 1),
                    (Mark::Needed, Some([0xff, 0xfe])) => (false, 1),
                    (Mark::Needed, _) => return None,
                };
                let units = pairs[start..].iter().map(|pair| {
                    if big {
                        u16::from_be_bytes(*pair)
                    } else {
                        u16::from_le_bytes(*pair)
                    }
                });
                char::decode_utf16(units)
                    .collect::<Result<String, _>>()
                    .ok()?
            }
            Self::Utf32 { big, mark } => {
                let (fours, []) = content.as_chunks() else {
                    return None;
                };
                let (big, start) = match (mark, fours.first()) {
                    (Mark::None, _) => (big, 0),
                    (Mark::Needed, Some([0, 0, 0xfe, 0xff])) => (true, 1),
                    (Mark::Needed, Some([0xff, 0xfe, 0, 0])) => (false, 1),
                    (Mark::Needed, _) => return None,
                };
                let units = fours[start..].iter().map(|four| {
                    if big {
                        u32::from_be_bytes(*four)
                    } else {
                        u32::from_le_bytes(*four)
                    }
                });
                units.map(char::from_u32).collect::<Option<String>>()?
            }
            Self::Latin1 => content.iter().copied().map(char::from).collect(),
            Self::Other(encoding) => {
                let text = encoding.decode_without_bom_handling_and_without_replacement(content)?;
                text.into_owned()
            }
        };
        Some(text.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::WorkTreeEncoding;

    #[test]
    fn content_goes_both_ways() {
        for (name, wanted) in [
            ("UTF-16", &b"\xff\xfeh\0\xe4\0"[..]),
            ("utf16", b"\xff\xfeh\0\xe4\0"),
            ("UTF-16LE-BOM", b"\xff\xfeh\0\xe4\0"),
            ("UTF-16BE-BOM", b"\xfe\xff\0h\0\xe4"),
            ("UTF-16LE", b"h\0\xe4\0"),
            ("UTF-16BE", b"\0h\0\xe4"),
            ("UTF-32BE", b"\0\0\0h\0\0\0\xe4"),
            ("UTF-32", b"\xff\xfe\0\0h\0\0\0\xe4\0\0\0"),
            ("ISO-8859-1", b"h\xe4"),
            ("CP1252", b"h\xe4"),
            ("latin1", b"h\xe4"),
            ("ISO-8859-15", b"h\xe4"),
        ] {
            let encoding = WorkTreeEncoding::named(name).expect(name);
            let encoded = encoding.encode("hä".as_bytes());
            assert_eq!(encoded.as_deref(), Some(wanted), "{name}");
            let decoded = encoding.decode(wanted);
            assert_eq!(decoded.as_deref(), Some("hä".as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_is_left_alone() {
        for name in ["UTF-8", "utf8", "nonsense", "UTF-16XE", ""] {
            assert_eq!(WorkTreeEncoding::named(name), None, "{name}");
        }
        let latin = WorkTreeEncoding::named("ISO-8859-1").expect("known");
        assert_eq!(latin.encode("€".as_bytes()), None);
        let next_line = latin.encode("\u{85}".as_bytes());
        assert_eq!(next_line.as_deref(), Some(&b"\x85"[..]));
        let page = WorkTreeEncoding::named("CP1252").expect("known");
        let euro = page.encode("€".as_bytes());
        assert_eq!(euro.as_deref(), Some(&b"\x80"[..]));
        assert_eq!(latin.encode("Ж".as_bytes()), None);
        assert_eq!(latin.encode(b"\xff"), None, "not what git stores");
        let wide = WorkTreeEncoding::named("UTF-16").expect("known");
        for content in [&b"h\0"[..], b"\xff\xfeh", b"\xff\xfe\0\xd8", b""] {
            assert_eq!(wide.decode(content), None, "{content:?}");
        }
    }
}
