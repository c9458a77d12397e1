//! What each program of a sandbox begins with: it is process 1 of its own, as the shell of a container
//! is, has `/proc` of its own processes, and only the rights that are left.
//!
//! The first process of the sandbox keeps the rights that this takes. Nobody inside sees it or can send
//! it a signal, and what it does with a job's files is done by a copy that has given them up.

use std::io;

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{WaitOptions, waitpid};

use super::super::step::Step;
use super::super::words::{broken, cause};
use super::kernel::{Linux, perform};
use super::program::Refused;
use super::seccomp::Filter;
use super::sys::{self, Namespaces};
use super::wire::Setup;

/// That of one sandbox.
pub(super) struct World {
    filter: Option<Filter>,
    for_program: Vec<Step>,
    rights: Vec<Step>,
    cap_drop: Vec<String>,
    /// Whether a program has seen it.
    is_used: bool,
}

impl World {
    pub(super) fn of(setup: &Setup, filter: Option<Filter>) -> Self {
        Self {
            filter,
            for_program: setup.for_program.clone(),
            rights: setup.rights.clone(),
            cap_drop: setup.cap_drop.clone(),
            is_used: false,
        }
    }

    /// Makes the world of a program around this process, which is the first in a namespace of processes.
    pub(super) fn enter(&mut self) -> Result<(), Refused> {
        let steps = [&self.for_program[..], &self.rights].concat();
        self.perform(&steps)
    }

    /// Capabilities that programs do not have, by name.
    pub(super) fn cap_drop(&self) -> &[String] {
        &self.cap_drop
    }

    /// A program has begun in it.
    pub(super) fn is_seen(&mut self) {
        self.is_used = true;
    }

    /// Takes away what the program that ran last has seen, before another comes: most often none does.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.is_used) {
            return Ok(());
        }
        for step in self.for_program.iter().rev() {
            if let Step::Fresh { at, .. } = step {
                unmount(at, UnmountFlags::DETACH)?;
            }
        }
        Ok(())
    }

    /// Has a copy of this process do something without rights; whether it was done to the end.
    pub(super) fn without_rights(
        &mut self,
        work: impl FnOnce(Result<(), Refused>) -> io::Result<()>,
    ) -> io::Result<bool> {
        let Some(copy) = sys::fork(Namespaces::NONE)? else {
            let rights = std::mem::take(&mut self.rights);
            let given_up = self.perform(&rights);
            sys::leave(i32::from(work(given_up).is_err()));
        };
        loop {
            match waitpid(Some(copy), WaitOptions::empty()) {
                Err(rustix::io::Errno::INTR) => {}
                ended => return Ok(ended?.is_some_and(|(_, it)| it.exit_status() == Some(0))),
            }
        }
    }

    fn perform(&mut self, steps: &[Step]) -> Result<(), Refused> {
        let mut kernel = Linux::with(Vec::new(), self.filter.take());
        perform(&mut kernel, steps).map_err(|it| Refused {
            what: broken(&it),
            cause: cause(&it),
        })
    }
}
