//! The filter of system calls: what Docker's default filter refuses is refused here too. Pure.
//!
//! There are two programs, and the kernel heeds the stricter answer. The first knows which calls
//! exist: a number it does not know, `clone3`, and any call of another instruction set answer that
//! there is no such call, so that programs fall back on older ones. The second refuses by name.
//!
//! Unlike Docker's, it lets 32-bit programs make no call at all, and a job may never mount, enter
//! namespaces or load programs into the kernel, whatever it was granted.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

/// The newest call that is known: what came later was looked at by nobody.
const NEWEST: u32 = 462;

/// Calls of `clone` that make namespaces.
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWCGROUP) as u64;

/// Sockets that lead to the host of a virtual machine, and those of the kernel's ciphers, through
/// which files have been changed that could only be read.
const SOCKETS: [u64; 2] = [40, 38];

/// Personalities that change nothing of how memory is laid out, as Docker lets them.
const PERSONALITIES: [u64; 5] = [0, 0x0008, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// Refused whatever their arguments.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mbind,
    libc::SYS_migrate_pages,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_move_pages,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_set_mempolicy,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// The same, where only this instruction set has them.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[libc::c_long] = &[
    // create_module, get_kernel_syms and query_module, which kernels gave up.
    174,
    177,
    178,
    libc::SYS__sysctl,
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_kexec_file_load,
    libc::SYS_lookup_dcookie,
    libc::SYS_modify_ldt,
    libc::SYS_sysfs,
    libc::SYS_uselib,
    libc::SYS_ustat,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[libc::c_long] = &[];

/// How a call is refused.
const REFUSAL: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs();

/// Both programs, in the order they are given to the kernel.
pub(in super::super) type Filter = [BpfProgram; 2];

/// Makes them, which takes a moment.
pub(in super::super) fn programs() -> Result<Filter, BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok([known(arch), refused(arch)?])
}

// From `linux/bpf_common.h`: load a word, compare with a constant, go on further down, return.
const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const GREATER: u16 = 0x25;
const GO: u16 = 0x05;
const RETURN: u16 = 0x06;

/// Where the kernel's description of a call has its number.
const NUMBER: u32 = 0;

const fn line(code: u16, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// Lets pass what exists.
fn known(arch: TargetArch) -> BpfProgram {
    // Where the kernel's description of a call has its instruction set.
    const ARCH: u32 = 4;
    let audit = match arch {
        TargetArch::x86_64 => 0xc000_003e,
        TargetArch::aarch64 => 0xc000_00b7,
        TargetArch::riscv64 => 0xc000_00f3,
    };
    let clone3 = u32::try_from(libc::SYS_clone3).unwrap_or(u32::MAX);
    let no_such_call = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    vec![
        line(LOAD, 0, 0, ARCH),
        line(EQUAL, 0, 3, audit),
        line(LOAD, 0, 0, NUMBER),
        line(GREATER, 1, 0, NEWEST),
        line(EQUAL, 0, 1, clone3),
        line(RETURN, 0, 0, no_such_call),
        line(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

/// Refuses by name. When a process is given the filter, the kernel tries it with each call that there
/// is: most names are looked for by halves.
fn refused(arch: TargetArch) -> Result<BpfProgram, BackendError> {
    let names = REFUSED.iter().chain(REFUSED_HERE);
    let mut numbers: Vec<u32> = names.filter_map(|call| u32::try_from(*call).ok()).collect();
    numbers.sort_unstable();
    let mut program = vec![line(LOAD, 0, 0, NUMBER)];
    refuse_some(&numbers, &mut program);
    program.extend(by_arguments(arch)?);
    Ok(program)
}

/// Refuses these calls, which are in order; what is none of them goes on behind the program.
fn refuse_some(numbers: &[u32], program: &mut BpfProgram) {
    const FEW: usize = 4;
    if numbers.len() > FEW {
        let (low, high) = numbers.split_at(numbers.len() / 2);
        let [mut first, mut second] = [BpfProgram::new(), BpfProgram::new()];
        refuse_some(low, &mut first);
        refuse_some(high, &mut second);
        let (beyond, end) = (length(&first) + 1, length(&second));
        program.extend([
            // One is jumped over where the number may be among the lower ones.
            line(GREATER, 0, 1, low.last().copied().unwrap_or_default()),
            line(GO, 0, 0, beyond),
        ]);
        program.append(&mut first);
        program.push(line(GO, 0, 0, end));
        program.append(&mut second);
        return;
    }
    for &number in numbers {
        program.push(line(EQUAL, 0, 1, number));
        program.push(line(RETURN, 0, 0, REFUSAL));
    }
}

fn length(program: &BpfProgram) -> u32 {
    // The kernel takes none of more than 4096 lines.
    u32::try_from(program.len()).unwrap_or(u32::MAX)
}

/// Refuses calls for what they are asked to do, and lets pass all others.
fn by_arguments(arch: TargetArch) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let masked = |bit: u64| {
        let makes =
            SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(bit), bit)?;
        SeccompRule::new(vec![makes])
    };
    let bits = (0..64)
        .map(|at| 1 << at)
        .filter(|bit| NAMESPACES & bit != 0);
    rules.insert(libc::SYS_clone, bits.map(masked).collect::<Result<_, _>>()?);
    let other = PERSONALITIES
        .iter()
        .map(|&value| SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, value));
    let other = SeccompRule::new(other.collect::<Result<_, _>>()?)?;
    rules.insert(libc::SYS_personality, vec![other]);
    let family = |family: &u64| {
        let is = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, *family)?;
        SeccompRule::new(vec![is])
    };
    let sockets = SOCKETS.iter().map(family);
    rules.insert(libc::SYS_socket, sockets.collect::<Result<_, _>>()?);
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::{NEWEST, REFUSED, REFUSED_HERE, known, programs, refused};
    use seccompiler::{BpfProgram, TargetArch};

    const HERE: u32 = 0xc000_003e;

    /// Runs a program as the kernel would, for a call whose arguments are 0; its answer, and how many
    /// lines it took.
    fn run(program: &BpfProgram, arch: u32, number: u32) -> (u32, usize) {
        let (mut at, mut word) = (0, 0);
        for lines in 1.. {
            let line = &program[at];
            at += 1;
            let holds = match line.code {
                0x20 => {
                    word = match line.k {
                        0 => number,
                        4 => arch,
                        _ => 0,
                    };
                    continue;
                }
                0x54 => {
                    word &= line.k;
                    continue;
                }
                0x05 => {
                    at += usize::try_from(line.k).expect("few lines");
                    continue;
                }
                0x15 => word == line.k,
                0x25 => word > line.k,
                0x35 => word >= line.k,
                0x06 => return (line.k, lines),
                other => panic!("no line of ours: {other:#x}"),
            };
            at += usize::from(if holds { line.jt } else { line.jf });
        }
        unreachable!("each program ends")
    }

    fn answer(arch: u32, number: u32) -> u32 {
        run(&known(TargetArch::x86_64), arch, number).0
    }

    #[test]
    fn calls_are_refused_by_their_names_and_no_others() {
        let program = refused(TargetArch::x86_64).expect("it can be made");
        let names: Vec<_> = REFUSED.iter().chain(REFUSED_HERE).collect();
        let (allow, refuse) = (0x7fff_0000, 0x0005_0001);
        for number in 0..=NEWEST {
            let (answer, lines) = run(&program, HERE, number);
            let is_named = names.contains(&&i64::from(number));
            assert_eq!(answer, if is_named { refuse } else { allow }, "{number}");
            assert!(lines < 100, "{lines} lines for {number}");
        }
    }

    #[test]
    fn only_calls_that_are_known_pass() {
        let (allow, none) = (0x7fff_0000, 0x0005_0026);
        for (name, arch, number, wanted) in [
            ("read", 0xc000_003e, 0, allow),
            ("the newest", 0xc000_003e, NEWEST, allow),
            ("a newer one", 0xc000_003e, NEWEST + 1, none),
            ("clone3", 0xc000_003e, 435, none),
            ("x32", 0xc000_003e, 0x4000_0000, none),
            ("32 bits", 0x4000_0003, 3, none),
        ] {
            assert_eq!(answer(arch, number), wanted, "{name}");
        }
    }

    #[test]
    fn the_kernel_takes_programs_of_that_length() {
        for program in programs().expect("they can be made") {
            assert!(!program.is_empty() && program.len() < 4096);
        }
    }
}
