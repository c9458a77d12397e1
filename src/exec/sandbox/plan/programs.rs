//! What each program of a sandbox begins with, and what it may neither see nor do. Pure.

use super::super::step::{Fresh, Step};
use super::Plan;

/// What of the kernel's folders is hidden, as Docker hides it.
const HIDDEN: [&str; 13] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/fs/cgroup",
];

/// What can be read there and not written.
const PROTECTED: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

/// Each program is process 1 of its own, as in a container, and `/proc` shows these processes.
pub(super) fn for_program() -> Vec<Step> {
    let mut steps = vec![Step::Fresh {
        kind: Fresh::Proc,
        at: "/proc".into(),
        options: String::new(),
    }];
    steps.extend(hidden("/proc/"));
    steps.extend(PROTECTED.map(|at| Step::ReadOnly { at: at.into() }));
    steps
}

/// Hides what begins so.
pub(super) fn hidden(start: &'static str) -> impl Iterator<Item = Step> {
    let hidden = HIDDEN.into_iter().filter(move |at| at.starts_with(start));
    hidden.map(|at| Step::Hide { at: at.into() })
}

/// What nobody has who runs a program, or works on what it left.
pub(super) fn rights(plan: &Plan<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = plan
        .processes
        .map(Step::MostProcesses)
        .into_iter()
        .collect();
    steps.extend(plan.no_new_privileges.then_some(Step::NoNewPrivileges));
    steps.extend([Step::Filter, Step::Capabilities]);
    steps
}
