//! What a job may use of this machine: how the user's limits become groups and steps. Pure.

use std::path::{Path, PathBuf};

use super::step::{GroupSetting, Step};

/// Processes and threads of a job where nobody says otherwise: room for any build, and an end for
/// what only multiplies.
pub(super) const USUAL_PROCESSES: u64 = 4096;

/// The period in which time of processors is counted, in microseconds, and what is the least of it.
const PERIOD: u64 = 100_000;
const LEAST: u64 = 1000;

/// What a job may use. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes.
    pub memory: Option<u64>,
    /// Billionths of a processor.
    pub nano_cpus: Option<u64>,
    /// Processes and threads. As the user sets it, nothing is the usual number, and 0 no limit.
    pub processes: Option<u64>,
}

/// What the kernel counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Controller {
    Memory,
    Cpu,
    Pids,
}

impl Controller {
    /// By the kernel's name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "memory" => Self::Memory,
            "cpu" => Self::Cpu,
            "pids" => Self::Pids,
            _ => return None,
        })
    }

    /// All, in the order that they are told in.
    pub(super) const ALL: [Self; 3] = [Self::Memory, Self::Cpu, Self::Pids];

    /// What it counts, in words.
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "processors",
            Self::Pids => "processes",
        }
    }

    /// The setting of the user's file.
    const fn setting(self) -> &'static str {
        match self {
            Self::Memory => "docker.memory",
            Self::Cpu => "docker.cpus",
            Self::Pids => "docker.pids_limit",
        }
    }
}

/// Of control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    One,
    Two,
}

impl Version {
    /// The file by which a process with one thread moves to a group. With version 1 that can be a
    /// thread's own, for which the kernel waits for nobody; a process is waited for, and those that
    /// are made meanwhile.
    pub(super) const fn entrance(self) -> &'static str {
        match self {
            Self::One => "tasks",
            Self::Two => "cgroup.procs",
        }
    }
}

/// A folder in which groups can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) version: Version,
    pub(super) controllers: Vec<Controller>,
}

/// A group of one sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) at: PathBuf,
    version: Version,
    settings: Vec<GroupSetting>,
}

impl Group {
    /// How it is made.
    pub(super) fn step(&self) -> Step {
        Step::Group {
            at: self.at.clone(),
            settings: self.settings.clone(),
        }
    }

    /// Where whoever is to be in it writes that.
    pub(super) fn entrance(&self) -> PathBuf {
        self.at.join(self.version.entrance())
    }
}

impl Limits {
    /// Those that count, from what the user sets.
    pub(super) fn effective(self) -> Self {
        let processes = self.processes.unwrap_or(USUAL_PROCESSES);
        Self {
            processes: Some(processes).filter(|most| *most > 0),
            ..self
        }
    }

    /// Those that hold for services: of a job's memory and processors they have no part (runtime
    /// reference 7.4).
    pub(super) fn of_service(self) -> Self {
        Self {
            processes: self.processes,
            ..Self::default()
        }
    }

    /// What has to be counted for them.
    pub(super) fn controllers(self) -> Vec<Controller> {
        let all = [
            (Controller::Memory, self.memory),
            (Controller::Cpu, self.nano_cpus),
            (Controller::Pids, self.processes),
        ];
        let set = all.into_iter().filter(|(_, limit)| limit.is_some());
        set.map(|(controller, _)| controller).collect()
    }

    /// The groups that hold them, by a name that no other sandbox has.
    pub(super) fn groups(self, places: &[Place], name: &str) -> Vec<Group> {
        let groups = places.iter().map(|place| Group {
            at: place.folder.join(name),
            version: place.version,
            settings: place
                .controllers
                .iter()
                .flat_map(|controller| self.settings(*controller, place.version))
                .collect(),
        });
        groups.filter(|group| !group.settings.is_empty()).collect()
    }

    fn settings(self, controller: Controller, version: Version) -> Vec<GroupSetting> {
        let set = |file: &str, value: String| GroupSetting {
            file: file.to_owned(),
            value,
            needed: true,
        };
        // As much of swap as of memory, where swap is counted, as Docker has it.
        let swap = |file: &str, value: u64| GroupSetting {
            needed: false,
            ..set(file, value.to_string())
        };
        match (controller, version) {
            (Controller::Memory, version) => {
                let Some(bytes) = self.memory else {
                    return Vec::new();
                };
                let (file, swapped) = match version {
                    Version::One => (
                        "memory.limit_in_bytes",
                        swap("memory.memsw.limit_in_bytes", bytes.saturating_mul(2)),
                    ),
                    Version::Two => ("memory.max", swap("memory.swap.max", bytes)),
                };
                vec![set(file, bytes.to_string()), swapped]
            }
            (Controller::Cpu, version) => {
                let Some(nano) = self.nano_cpus else {
                    return Vec::new();
                };
                let quota = u128::from(nano) * u128::from(PERIOD) / 1_000_000_000;
                let quota = u64::try_from(quota).unwrap_or(u64::MAX).max(LEAST);
                match version {
                    Version::One => vec![
                        set("cpu.cfs_period_us", PERIOD.to_string()),
                        set("cpu.cfs_quota_us", quota.to_string()),
                    ],
                    Version::Two => vec![set("cpu.max", format!("{quota} {PERIOD}"))],
                }
            }
            (Controller::Pids, _) => {
                // The process that waits for the end of the sandbox is in the group too.
                let limit = self.processes.map(|most| most.saturating_add(1));
                let limit = limit.iter();
                limit
                    .map(|most| set("pids.max", most.to_string()))
                    .collect()
            }
        }
    }

    /// The settings that nothing holds: `places` count not all, and of processes perhaps the kernel
    /// counts those of a user.
    pub(super) fn not_held(self, places: &[Place], counts_processes: bool) -> Vec<&'static str> {
        let held = |controller: &Controller| {
            places.iter().any(|it| it.controllers.contains(controller))
                || (*controller == Controller::Pids && counts_processes)
        };
        let all = self.controllers().into_iter();
        all.filter(|controller| !held(controller))
            .map(Controller::setting)
            .collect()
    }
}

/// Whether a group of `places` counts processes.
pub(super) fn counts_processes(places: &[Place]) -> bool {
    let all = places.iter().flat_map(|place| &place.controllers);
    all.into_iter().any(|it| *it == Controller::Pids)
}

/// The name of the groups of the sandbox in `folder`, behind what the names of its run begin with and
/// the folder of its attempt.
pub(super) fn group_name(run: &str, folder: &Path) -> String {
    let names = [folder.parent(), Some(folder)].into_iter().flatten();
    let names = names.filter_map(|it| Some(it.file_name()?.to_string_lossy().into_owned()));
    let names: Vec<String> = names.collect();
    format!("{run}{}", names.join("-"))
}

/// Whether a kernel counts the processes of a user for each namespace of users by itself: those
/// before count all that the user has, in whatever job or window.
pub(super) fn counts_by_namespace(release: &str) -> bool {
    let mut numbers = release.split(|it: char| !it.is_ascii_digit());
    let mut next = || numbers.next()?.parse::<u32>().ok();
    matches!((next(), next()), (Some(major), Some(minor)) if (major, minor) >= (5, 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Limits = Limits {
        memory: Some(64 << 20),
        nano_cpus: Some(1_500_000_000),
        processes: Some(100),
    };

    fn place(folder: &str, version: Version, controllers: &[Controller]) -> Place {
        Place {
            folder: folder.into(),
            version,
            controllers: controllers.to_vec(),
        }
    }

    fn made(limits: Limits, places: &[Place]) -> Vec<String> {
        let groups = limits.groups(places, "g");
        let lines = groups.iter().flat_map(|group| {
            let at = group.at.display();
            let line = move |it: &GroupSetting| format!("{at}/{} {}", it.file, it.value);
            group.settings.iter().map(line)
        });
        lines.collect()
    }

    #[test]
    fn version_1_has_a_tree_for_each() {
        use Controller::{Cpu, Memory, Pids};

        let places = [
            place("/m", Version::One, &[Memory]),
            place("/c", Version::One, &[Cpu]),
            place("/p", Version::One, &[Pids]),
        ];
        assert_eq!(
            made(ALL, &places),
            [
                "/m/g/memory.limit_in_bytes 67108864",
                "/m/g/memory.memsw.limit_in_bytes 134217728",
                "/c/g/cpu.cfs_period_us 100000",
                "/c/g/cpu.cfs_quota_us 150000",
                "/p/g/pids.max 101",
            ]
        );
        let usual = Limits {
            processes: Some(7),
            ..Limits::default()
        };
        assert_eq!(made(usual, &places), ["/p/g/pids.max 8"]);
        assert_eq!(ALL.of_service().controllers(), [Pids]);
    }

    #[test]
    fn version_2_has_one_tree_for_all() {
        use Controller::{Cpu, Memory, Pids};

        let places = [place("/u", Version::Two, &[Memory, Cpu, Pids])];
        assert_eq!(
            made(ALL, &places),
            [
                "/u/g/memory.max 67108864",
                "/u/g/memory.swap.max 67108864",
                "/u/g/cpu.max 150000 100000",
                "/u/g/pids.max 101",
            ]
        );
        let tiny = Limits {
            nano_cpus: Some(1),
            ..Limits::default()
        };
        assert_eq!(made(tiny, &places), ["/u/g/cpu.max 1000 100000"]);
    }

    #[test]
    fn nobody_is_waited_for_where_a_thread_can_enter_alone() {
        let pids = [Controller::Pids];
        let places = [
            place("/p", Version::One, &pids),
            place("/u", Version::Two, &pids),
        ];
        let groups = ALL.groups(&places, "g");
        let entrances: Vec<_> = groups.iter().map(Group::entrance).collect();
        let wanted = ["/p/g/tasks", "/u/g/cgroup.procs"].map(PathBuf::from);
        assert_eq!(entrances, wanted);
    }

    #[test]
    fn what_nothing_holds_is_known() {
        let memory = [place("/m", Version::One, &[Controller::Memory])];
        for (limits, places, counted, wanted) in [
            (ALL, &memory[..], true, &["docker.cpus"][..]),
            (
                ALL,
                &[],
                false,
                &["docker.memory", "docker.cpus", "docker.pids_limit"],
            ),
            (Limits::default(), &[], false, &[]),
        ] {
            assert_eq!(limits.not_held(places, counted), wanted);
        }
    }

    #[test]
    fn kernels_that_count_by_namespace() {
        for (release, wanted) in [
            ("6.1.0-13-amd64", true),
            ("5.14.0", true),
            ("5.10.0-28-amd64", false),
            ("4.18.0", false),
            ("odd", false),
        ] {
            assert_eq!(counts_by_namespace(release), wanted, "{release}");
        }
    }

    #[test]
    fn groups_are_named_after_their_attempt() {
        let name = group_name("pipe-abc-", Path::new("/cache/jobs/7/build-1-def/job"));
        assert_eq!(name, "pipe-abc-build-1-def-job");
    }
}
