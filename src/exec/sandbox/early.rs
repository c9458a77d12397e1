//! What sandboxes need can begin before anybody knows which jobs there are: the process that makes
//! them, and where groups are of version 2 a wait of the kernel's.
//!
//! Whoever moves a process between such groups first waits for all processors, some milliseconds;
//! whoever does it soon after does not.

use std::io;
use std::thread;

use super::groups;
use super::inside::maker;
use super::inside::wire::{GroupSetup, Order, Wire};
use super::limits::{Limits, Version};

/// Begins that, in a thread of its own. Jobs will have these limits. What can't be done now is done
/// when the first sandbox is made, which tells why it can't; nothing is left behind where none comes.
pub fn expect_sandboxes(limits: Limits) {
    let beginning = move || {
        let _ = begin(limits);
    };
    let thread = thread::Builder::new().name("sandboxes".to_owned());
    let _ = thread.spawn(beginning);
}

fn begin(limits: Limits) -> io::Result<()> {
    let mut copy = Wire::new(maker::copy()?.into());
    let own = groups::own_entrance(&limits.effective().controllers());
    if let Some((Version::Two, entrance)) = own {
        // It moves to the group in which it is, and ends. Of `pipe` nobody knows whether somebody
        // moves it just now.
        let stays = GroupSetup {
            steps: Vec::new(),
            entrances: vec![entrance],
        };
        copy.send(&Order::Limits(stays), &[])?;
    }
    Ok(())
}
