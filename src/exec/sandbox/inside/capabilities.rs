//! Which capabilities processes of a sandbox have: those that containers have by default, less those that
//! the user takes from jobs.

use std::io;

use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities,
};

/// Docker's default ones, but for MKNOD: a job gets no device that it was not given.
const USUAL: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::AUDIT_WRITE)
    .union(CapabilitySet::SETFCAP);

/// Those that there may be, by number.
const HIGHEST: u32 = 63;

/// Keeps the usual ones alone, also for programs that would have more by their file.
pub(super) fn keep_usual() -> io::Result<()> {
    bound(USUAL)?;
    clear_ambient_capability_set()?;
    Ok(set_capabilities(
        None,
        CapabilitySets {
            effective: USUAL,
            permitted: USUAL,
            inheritable: CapabilitySet::empty(),
        },
    )?)
}

/// Lets no program have those of these names, whatever its file says; this process keeps them, which has
/// yet to become another user.
pub(super) fn drop_for_programs(dropped: &[String]) -> rustix::io::Result<()> {
    if dropped.is_empty() {
        return Ok(());
    }
    bound(usual_without(dropped))
}

/// Gives up those of these names. One who is not root has none any more.
pub(super) fn give_up(dropped: &[String]) -> rustix::io::Result<()> {
    if dropped.is_empty() {
        return Ok(());
    }
    let left = capabilities(None)?.permitted & usual_without(dropped);
    set_capabilities(
        None,
        CapabilitySets {
            effective: left,
            permitted: left,
            inheritable: CapabilitySet::empty(),
        },
    )
}

/// Which of the usual ones are left, where those of these names are dropped.
fn usual_without(dropped: &[String]) -> CapabilitySet {
    let is = |name: &String, wanted: &str| {
        let name = name.to_ascii_uppercase();
        let name = name.strip_prefix("CAP_").unwrap_or(&name);
        name == wanted || name == "ALL"
    };
    let left = USUAL
        .iter_names()
        .filter(|(wanted, _)| !dropped.iter().any(|name| is(name, wanted)));
    left.map(|(_, one)| one).collect()
}

/// Programs have no others.
fn bound(kept: CapabilitySet) -> rustix::io::Result<()> {
    for number in 0..=HIGHEST {
        let one = CapabilitySet::from_bits_retain(1 << number);
        if kept.contains(one) {
            continue;
        }
        match remove_capability_from_bounding_set(one) {
            // The kernel knows no more.
            Err(Errno::INVAL) => break,
            removed => removed?,
        }
    }
    Ok(())
}
