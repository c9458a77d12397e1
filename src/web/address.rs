//! Addresses of the web: which may be asked, and how they are shown.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use super::error::WebError;

/// Hosts near this machine that the user allows.
#[derive(Debug, Clone, Default)]
pub(super) struct LocalHosts(pub(super) Vec<String>);

impl LocalHosts {
    /// Whether a host may be asked although it is this machine.
    pub(super) fn allows(&self, host: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// An address that may be asked: one of the web, not of this machine itself.
    pub(super) fn check(&self, url: &Url) -> Result<(), WebError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(WebError::Address);
        }
        let host = url.host_str().ok_or(WebError::Address)?;
        let bare = host.trim_matches(['[', ']']).trim_end_matches('.');
        let is_local = match bare.parse::<IpAddr>() {
            Ok(address) => is_near(address),
            Err(_) => bare == "localhost" || bare.ends_with(".localhost"),
        };
        if is_local && !self.allows(bare) {
            return Err(WebError::Local(bare.to_owned()));
        }
        Ok(())
    }
}

/// This machine, or what answers only on its own wire: there a mere question can do harm.
pub(super) fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_near_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(inner) => is_near_v4(inner),
            None => {
                address.is_loopback()
                    || address == Ipv6Addr::UNSPECIFIED
                    || address.segments()[0] & 0xffc0 == 0xfe80
            }
        },
    }
}

fn is_near_v4(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_link_local() || address.octets()[0] == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_beyond_this_machine_is_asked() {
        let none = LocalHosts::default();
        let some = LocalHosts(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]);
        for (address, without, with) in [
            ("https://gitlab.com/a.yml", true, true),
            ("http://10.0.0.1/a.yml", true, true),
            ("file:///etc/passwd", false, false),
            ("ftp://h.example/a", false, false),
            ("http://127.0.0.1:8080/a", false, true),
            ("http://localhost/a", false, true),
            ("http://LOCALHOST./a", false, true),
            ("http://a.localhost/a", false, false),
            ("http://127.1/a", false, true),
            ("http://2130706433/a", false, true),
            ("http://0.0.0.0/a", false, false),
            ("http://169.254.169.254/latest", false, false),
            ("http://[::1]/a", false, false),
            ("http://[::ffff:127.0.0.1]/a", false, false),
            ("http://[fe80::1]/a", false, false),
        ] {
            let url = Url::parse(address).expect("an address");
            assert_eq!(none.check(&url).is_ok(), without, "{address}");
            assert_eq!(some.check(&url).is_ok(), with, "{address}, allowed");
        }
    }
}
