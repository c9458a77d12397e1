//! The addresses by which a job and its services reach each other. Pure.
//!
//! Each has a network of its own, as containers have, and in it one address: by it others reach it, and with
//! it it goes out. That of the job is joined with each of the others, and carries what services send each other.

use std::net::Ipv4Addr;

use super::super::super::{EnvSpec, ServiceSpec};
use super::way_out;

/// What the addresses of all services begin with. They lie among those that the way out has anyhow, so that
/// nothing outside is hidden by them.
pub(in super::super) const SERVICES: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 0, 2, 128), 25);

/// The job's.
pub(in super::super) const JOB: Ipv4Addr = way_out::ADDRESS;

/// How many services have one.
pub(in super::super) const MOST: usize = 126;

/// That of a service, counted from 0.
pub(in super::super) fn of_service(number: usize) -> Ipv4Addr {
    let [.., before] = SERVICES.0.octets();
    let behind = u8::try_from(number.min(MOST - 1)).unwrap_or_default();
    Ipv4Addr::new(10, 0, 2, before + 1 + behind)
}

/// What the machine of a service is called: as others reach it, so that it can tell them. Many programs take
/// what is behind a dot for a domain, and leave it out. The kernel takes names of a limited length.
pub(in super::super) fn hostname(service: &ServiceSpec) -> Option<&str> {
    const LONGEST: usize = 64;
    let aliases = || service.aliases.iter().rev();
    let plain = aliases().find(|alias| !alias.contains('.') && alias.len() <= LONGEST);
    let mut cut = aliases().filter_map(|alias| Some(alias.split_once('.')?.0));
    let cut = cut.find(|part| (1..=LONGEST).contains(&part.len()));
    plain.map(String::as_str).or(cut)
}

/// The addresses of a job and its services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Addresses {
    /// Each has its own.
    Own,
    /// They share one network, whose loopback is theirs.
    Shared,
}

impl Addresses {
    /// Those of a job and services that have networks of their own, or not.
    pub(in super::super) fn of(have_own: bool) -> Self {
        if have_own { Self::Own } else { Self::Shared }
    }

    pub(in super::super) fn job(self) -> Ipv4Addr {
        match self {
            Self::Own => JOB,
            Self::Shared => Ipv4Addr::LOCALHOST,
        }
    }

    /// That of a service, counted from 0.
    pub(in super::super) fn service(self, number: usize) -> Ipv4Addr {
        match self {
            Self::Own => of_service(number),
            Self::Shared => Ipv4Addr::LOCALHOST,
        }
    }

    /// All names that are known to a job and its services, with the address of each: aliases, and hosts.
    pub(in super::super) fn names(self, spec: &EnvSpec) -> Vec<(String, Ipv4Addr)> {
        let services = spec.services.iter().enumerate();
        let of_services = services.flat_map(|(number, service)| {
            let own = hostname(service).map(str::to_owned);
            let own = own.filter(|own| !service.aliases.contains(own));
            let names = service.aliases.iter().cloned().chain(own);
            names.map(move |name| (name, self.service(number)))
        });
        let of_job = spec.job_alias().map(|name| (name.to_owned(), self.job()));
        of_services.chain(of_job).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_service_has_an_address_of_its_own() {
        let (first, bits) = SERVICES;
        let of = |address: Ipv4Addr| u32::from(address) >> (32 - bits);
        let addresses: BTreeSet<Ipv4Addr> = (0..MOST).map(of_service).collect();
        assert_eq!(addresses.len(), MOST);
        assert!(addresses.iter().all(|it| of(*it) == of(first)));
        assert_ne!(of(JOB), of(first));
        // The first and the last are nobody's.
        assert!(!addresses.contains(&first));
        assert!(!addresses.contains(&Ipv4Addr::new(10, 0, 2, 255)));
    }
}
