//! The types of settings: what a value may be, and how it is read from a text.

use core::net::IpAddr;

use super::value::Value;
use crate::types::PullPolicy;

/// The type of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text that is not empty.
    Text,
    /// A whole number within bounds.
    Number {
        /// Smallest.
        min: u32,
        /// Largest.
        max: u32,
    },
    /// Yes or no.
    Switch,
    /// Bytes, as a number or as `512m`.
    Size,
    /// Processors, as `1.5`.
    Cpus,
    /// GPUs: `all`, how many, or `device=0,1`.
    Gpus,
    /// A list of texts; in the environment they are separated by commas.
    List(Item),
    /// A table of texts; in the environment `name=value`, separated by semicolons.
    Pairs,
    /// One of some words.
    Choice(&'static [&'static str]),
}

/// What an entry of a list may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// Any text.
    Any,
    /// `/folder`, or `source:/folder`, perhaps with a mode behind it (runtime reference 7.3).
    Volume,
    /// `/dev/name`, perhaps with the place in the container and rights behind it.
    Device,
    /// `name:address`.
    Host,
    /// The number of an internet address.
    Address,
    /// A word of `pull_policy`.
    PullPolicy,
}

impl Kind {
    /// What a value must be, in the words of a message.
    pub fn expects(self) -> String {
        match self {
            Self::Text => "a text that is not empty".to_owned(),
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Switch => "`true` or `false`".to_owned(),
            Self::Size => "a number of bytes, or a text such as `512m` or `2g`".to_owned(),
            Self::Cpus => "a number of processors such as `1.5`".to_owned(),
            Self::Gpus => "`all`, a number, or `device=…`".to_owned(),
            Self::List(item) => item.expects().to_owned(),
            Self::Pairs => "a table of texts".to_owned(),
            Self::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
        }
    }

    /// Reads one text. `None` where it does not fit.
    pub(super) fn read(self, text: &str) -> Option<Value> {
        let text = text.trim();
        let as_text = || Value::Text(text.to_owned());
        match self {
            Self::Text => (!text.is_empty()).then(as_text),
            Self::Number { .. } => self.number(text.parse().ok()?),
            Self::Switch => text.parse().ok().map(Value::Switch),
            Self::Size => size(text).map(Value::Size),
            Self::Cpus => nano_cpus(text).map(|_| as_text()),
            Self::Gpus => are_gpus(text).then(as_text),
            Self::List(item) => {
                let items = text.split(',').map(str::trim);
                item.list(items.filter(|item| !item.is_empty()))
            }
            Self::Pairs => {
                let pairs = text.split(';').map(str::trim);
                let pairs = pairs.filter(|pair| !pair.is_empty());
                pairs.map(pair).collect::<Option<_>>().map(Value::Pairs)
            }
            Self::Choice(words) => words.contains(&text).then(as_text),
        }
    }

    /// Reads a number. `None` where it is out of bounds.
    pub(super) fn number(self, number: u64) -> Option<Value> {
        match self {
            Self::Number { min, max } => u32::try_from(number)
                .ok()
                .filter(|number| (min..=max).contains(number))
                .map(Value::Number),
            Self::Size => Some(Value::Size(number)),
            Self::Cpus | Self::Gpus => self.read(&number.to_string()),
            _ => None,
        }
    }
}

impl Item {
    fn expects(self) -> &'static str {
        match self {
            Self::Any => "a list of texts",
            Self::Volume => "a list of `/folder` or `source:/folder`",
            Self::Device => "a list of `/dev/name`",
            Self::Host => "a list of `name:address`",
            Self::Address => "a list of internet addresses",
            Self::PullPolicy => "a list of `always`, `if-not-present`, `never`",
        }
    }

    /// The list; `None` where an entry does not fit.
    pub(super) fn list<'a>(self, items: impl Iterator<Item = &'a str>) -> Option<Value> {
        let checked = items.map(|item| self.fits(item).then(|| item.to_owned()));
        checked.collect::<Option<_>>().map(Value::List)
    }

    fn fits(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Volume => {
                let place = match text.split_once(':') {
                    None => text,
                    Some((source, rest)) if !source.is_empty() => {
                        rest.split(':').next().unwrap_or_default()
                    }
                    Some(_) => return false,
                };
                !place.trim_end_matches('/').is_empty()
            }
            Self::Device => text.starts_with('/') && text.split(':').all(|part| !part.is_empty()),
            Self::Host => text
                .split_once(':')
                .is_some_and(|(name, address)| !name.is_empty() && !address.is_empty()),
            Self::Address => text.parse::<IpAddr>().is_ok(),
            Self::PullPolicy => PullPolicy::parse(text).is_some(),
        }
    }
}

/// `name=value`.
fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    (!name.is_empty()).then(|| (name.to_owned(), value.to_owned()))
}

/// Bytes of a text as `512m`, in powers of 1024.
fn size(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let text = text.strip_suffix('b').unwrap_or(&text);
    let digits = text.trim_end_matches(['k', 'm', 'g', 't']);
    let shift = match &text[digits.len()..] {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return None,
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Billionths of a processor, of a text as `1.5`.
pub(super) fn nano_cpus(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 9 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = format!("{part:0<9}").parse::<u64>().ok()?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?;
    whole.checked_add(part).filter(|cpus| *cpus > 0)
}

fn are_gpus(text: &str) -> bool {
    let devices = text.strip_prefix("device=");
    text == "all"
        || text.parse::<u32>().is_ok_and(|count| count > 0)
        || devices.is_some_and(|names| names.split(',').all(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::{Item, Kind, nano_cpus};
    use crate::settings::value::Value;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("268435456", Some(268_435_456)),
            ("128m", Some(128 << 20)),
            ("2G", Some(2 << 30)),
            ("1kb", Some(1024)),
            ("", None),
            ("m", None),
            ("1x", None),
            ("1mm", None),
            ("-1", None),
            ("99999999t", None),
        ] {
            assert_eq!(Kind::Size.read(text), bytes.map(Value::Size), "{text}");
        }
    }

    #[test]
    fn processors() {
        for (text, nano) in [
            ("2", Some(2_000_000_000)),
            ("1.5", Some(1_500_000_000)),
            ("0.25", Some(250_000_000)),
            ("0", None),
            ("1,5", None),
            ("1.", Some(1_000_000_000)),
            (".5", None),
            ("x", None),
        ] {
            assert_eq!(nano_cpus(text), nano, "{text}");
        }
    }

    #[test]
    fn entries_of_lists() {
        for (item, text, fits) in [
            (Item::Volume, "/cache", true),
            (Item::Volume, "data:/data", true),
            (Item::Volume, "/srv/a:/b:ro", true),
            (Item::Volume, "sub/folder", true),
            (Item::Volume, "/", false),
            (Item::Volume, "/a:/", false),
            (Item::Volume, ":/a", false),
            (Item::Device, "/dev/kvm", true),
            (Item::Device, "/dev/kvm:/dev/kvm:rw", true),
            (Item::Device, "kvm", false),
            (Item::Host, "db:10.0.0.1", true),
            (Item::Host, "db:host-gateway", true),
            (Item::Host, "db", false),
            (Item::Address, "10.0.0.1", true),
            (Item::Address, "::1", true),
            (Item::Address, "dns.example", false),
            (Item::PullPolicy, "always", true),
            (Item::PullPolicy, "often", false),
        ] {
            assert_eq!(item.list([text].into_iter()).is_some(), fits, "{text}");
        }
    }

    #[test]
    fn gpus() {
        for (text, fits) in [
            ("all", true),
            ("2", true),
            ("device=0,GPU-1", true),
            ("0", false),
            ("device=", false),
            ("some", false),
        ] {
            assert_eq!(Kind::Gpus.read(text).is_some(), fits, "{text}");
        }
    }
}
