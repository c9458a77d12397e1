//! The markup of an XML file without the text between and in it: what a job wrote to its log may be of
//! any length, and nobody asks for it.

use std::io::{self, BufRead, Read};

use encoding_rs::{Encoding, UTF_8};

/// Bytes of one tag, all its attributes together.
pub(super) const MAX_TAG: usize = 1 << 20;

const COMMENT: &[u8] = b"<!--";
const CDATA: &[u8] = b"<![CDATA[";

/// Where in a file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Text,
    /// What begins with `<!`, before it is clear what that is.
    Undecided,
    Tag,
    /// A value of a tag, up to this byte.
    Value(u8),
    /// `<?…?>`.
    Instruction,
    /// `<!DOCTYPE …>`, and whether it has declarations of its own in brackets.
    Doctype(bool),
    /// A comment or CDATA, and how many of the bytes came that may end it.
    Skipped(&'static [u8], usize),
}

/// Gives one tag at a time, in UTF-8.
pub(super) struct Markup<R> {
    from: R,
    encoding: &'static Encoding,
    within: Within,
    /// Bytes of the file that were read.
    read: u64,
    /// The tag that is read, from `at` on not given yet.
    tag: Vec<u8>,
    at: usize,
    /// Whether `tag` is whole.
    is_whole: bool,
}

impl<R: BufRead> Markup<R> {
    pub(super) fn of(from: R) -> Self {
        Self {
            from,
            encoding: UTF_8,
            within: Within::Text,
            read: 0,
            tag: Vec::new(),
            at: 0,
            is_whole: false,
        }
    }

    /// From the next tag on. One that has ASCII's characters at their places.
    pub(super) fn set_encoding(&mut self, encoding: &'static Encoding) {
        self.encoding = encoding;
    }

    /// How many bytes of the file were read: up to the end of the last tag that was given.
    pub(super) fn position(&self) -> u64 {
        self.read
    }

    /// Reads on to the end of a tag, or to that of the file.
    fn next(&mut self) -> io::Result<()> {
        self.tag.clear();
        self.at = 0;
        self.is_whole = false;
        while !self.is_whole {
            let bytes = self.from.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            let mut taken = self.within.rests(bytes);
            let mut has_zero = false;
            for byte in &bytes[taken..] {
                taken += 1;
                let before = self.within;
                self.within = before.then(*byte, &self.tag);
                if before.is_kept() || self.within.is_kept() {
                    has_zero |= *byte == 0;
                    self.tag.push(*byte);
                }
                if let (Within::Skipped(end, _), Within::Text) = (before, self.within) {
                    self.tag.extend_from_slice(end);
                }
                self.is_whole = self.within == Within::Text && before != Within::Text;
                if self.is_whole {
                    break;
                }
            }
            self.from.consume(taken);
            self.read += taken as u64;
            if has_zero {
                return Err(io::Error::other(
                    "there are zero bytes in it; UTF-16 is not read here",
                ));
            }
            if self.tag.len() > MAX_TAG {
                let text = format!("a tag of it is longer than {} MB", MAX_TAG >> 20);
                return Err(io::Error::other(text));
            }
        }
        self.decode();
        Ok(())
    }

    /// What is no UTF-8 where a file says that it is stays as it is: whoever reads on refuses it.
    fn decode(&mut self) {
        if self.encoding != UTF_8 {
            let (text, _) = self.encoding.decode_without_bom_handling(&self.tag);
            self.tag = text.into_owned().into_bytes();
        }
    }
}

impl Within {
    /// How many of the next bytes neither lead elsewhere nor are kept.
    fn rests(self, bytes: &[u8]) -> usize {
        let ends = match self {
            Self::Text => b'<',
            Self::Skipped(end, 0) => end[0],
            _ => return 0,
        };
        memchr::memchr(ends, bytes).unwrap_or(bytes.len())
    }

    /// Where the next byte leads, behind those of `tag`.
    fn then(self, byte: u8, tag: &[u8]) -> Self {
        match (self, byte) {
            (Self::Text, b'<') => Self::Tag,
            (Self::Text, _) => Self::Text,
            (Self::Tag, b'!') if tag == b"<" => Self::Undecided,
            (Self::Tag, b'?') if tag == b"<" => Self::Instruction,
            (Self::Tag, b'"' | b'\'') => Self::Value(byte),
            (Self::Tag, b'>') => Self::Text,
            (Self::Value(end), _) if end == byte => Self::Tag,
            (Self::Instruction, b'>') if tag.ends_with(b"?") && tag.len() > 2 => Self::Text,
            (Self::Undecided, _) => Self::decided(byte, tag),
            (Self::Doctype(false), b'>') => Self::Text,
            (Self::Doctype(true), b'>') if tag.trim_ascii_end().ends_with(b"]") => Self::Text,
            (Self::Doctype(has), _) => Self::Doctype(has || byte == b'['),
            (Self::Skipped(end, came), _) => {
                // `--->` ends a comment too.
                let again = usize::from(byte == end[0]);
                match came {
                    2 if byte == b'>' => Self::Text,
                    2 => Self::Skipped(end, if again == 1 { 2 } else { 0 }),
                    came if byte == end[came] => Self::Skipped(end, came + 1),
                    _ => Self::Skipped(end, again),
                }
            }
            (within, _) => within,
        }
    }

    fn decided(byte: u8, tag: &[u8]) -> Self {
        let begins = |whole: &[u8]| whole.starts_with(tag) && whole.get(tag.len()) == Some(&byte);
        let is_last = |whole: &[u8]| tag.len() + 1 == whole.len();
        match () {
            () if begins(COMMENT) && is_last(COMMENT) => Self::Skipped(b"-->", 0),
            () if begins(CDATA) && is_last(CDATA) => Self::Skipped(b"]]>", 0),
            () if begins(COMMENT) || begins(CDATA) => Self::Undecided,
            () if byte == b'>' => Self::Text,
            () => Self::Doctype(byte == b'['),
        }
    }

    fn is_kept(self) -> bool {
        !matches!(self, Self::Text | Self::Skipped(..))
    }
}

impl<R: BufRead> BufRead for Markup<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.tag.len() {
            self.next()?;
        }
        Ok(&self.tag[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl<R: BufRead> Read for Markup<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::{MAX_TAG, Markup};

    /// What is left of a file, however it arrives.
    fn left(xml: &str) -> String {
        let mut found = Vec::new();
        for piece in [1, 3, 8192] {
            let file = BufReader::with_capacity(piece, xml.as_bytes());
            let mut text = String::new();
            let read = Markup::of(file).read_to_string(&mut text);
            found.push(read.map_or_else(|error| error.to_string(), |_| text));
        }
        found.dedup();
        assert_eq!(found.len(), 1, "{xml}: {found:?}");
        found.remove(0)
    }

    #[test]
    fn text_goes_and_markup_stays() {
        for (xml, wanted) in [
            ("", ""),
            ("\u{feff} hello", ""),
            ("<a>text &amp; more<b c='>'/></a>\n", "<a><b c='>'/></a>"),
            ("<a b=\"'>\">'</a>", "<a b=\"'>\"></a>"),
            (
                "<?xml a='?'?><?p x > y?><a/>",
                "<?xml a='?'?><?p x > y?><a/>",
            ),
            ("<!-- <a> -- --->b<!----><c/>", "<!----><!----><c/>"),
            ("<a><![CDATA[ ]>]] </a> ]]]>b</a>", "<a><![CDATA[]]></a>"),
            ("<!DOCTYPE a><a/>", "<!DOCTYPE a><a/>"),
            (
                "<!DOCTYPE a [<!ENTITY b 'c'> ] ><a/>",
                "<!DOCTYPE a [<!ENTITY b 'c'> ] ><a/>",
            ),
            ("<a b='c", "<a b='c"),
            ("<!-- a", "<!--"),
            ("a<", "<"),
            ("<!", "<!"),
            ("<!>a<b>", "<!><b>"),
        ] {
            assert_eq!(left(xml), wanted, "{xml}");
        }
    }

    #[test]
    fn a_tag_has_a_bound_and_a_text_has_none() {
        let long = "x".repeat(MAX_TAG + 1);
        assert_eq!(left(&format!("<a>{long}</a>")), "<a></a>");
        assert_eq!(left(&format!("<!--{long}--><a/>")), "<!----><a/>");
        assert_eq!(
            left(&format!("<a b='{long}'/>")),
            "a tag of it is longer than 1 MB"
        );
        assert!(left("<\0a\0>\0").contains("UTF-16"));
    }
}
