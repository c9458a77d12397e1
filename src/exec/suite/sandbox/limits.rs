//! What a job may use: bombs end in their job, and nothing of their groups stays.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::super::super::{Cancel, Cx, Exit, SandboxLimits};
use super::super::subject::{BUDGET, Step, Subject};
use super::{sandbox, sandbox_with, stays_inside};

fn of_processes(most: u64) -> SandboxLimits {
    SandboxLimits {
        processes: Some(most),
        ..SandboxLimits::default()
    }
}

/// The name of a job that no other test has at the same time, of another process neither.
fn own(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

/// The control groups of the jobs of that name.
fn groups(job: &str) -> Vec<PathBuf> {
    fn look(folder: &Path, job: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if entry.file_name().to_string_lossy().contains(job) {
                found.push(entry.path());
            }
            look(&entry.path(), job, found);
        }
    }
    let mut found = Vec::new();
    look(Path::new("/sys/fs/cgroup"), job, &mut found);
    found
}

/// Nothing of the jobs is left, in groups neither.
async fn is_all_gone(subject: &Subject, job: &str) {
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
    assert_eq!(groups(job), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_fork_bomb_ends_in_its_job() {
    let subject = sandbox_with(of_processes(60));
    let (job, beside) = (own("forks"), own("beside-forks"));
    let mut bystander = subject.open(&beside, &[]).await;
    for (name, script, wanted) in [
        (
            "one after the other",
            "busybox sh -c 'i=0; while [ $i -lt 100 ]; do sleep 100 & i=$((i+1)); done; echo all'\n",
            false,
        ),
        (
            "without end",
            "busybox sh -c 'f() { f & f & }; f; sleep 1' 2>/dev/null; true\n",
            true,
        ),
    ] {
        let mut session = subject.open(&job, &[]).await;
        let (exit, output) = Step::real(script).run(session.as_mut()).await;
        assert_eq!(exit == Exit::Code(0), wanted, "{name}: {exit:?} {output}");
        assert!(!output.contains("all"), "{name}: {output}");
        let again = Step::real("echo on\n").run(session.as_mut()).await;
        assert_eq!(again, (Exit::Code(0), "on\n".to_owned()), "{name}");
        session.close(BUDGET).await.expect("closes");
        let beside = Step::real("echo there\n").run(bystander.as_mut()).await;
        assert_eq!(beside, (Exit::Code(0), "there\n".to_owned()), "{name}");
    }
    bystander.close(BUDGET).await.expect("closes");
    is_all_gone(&subject, &job).await;
}

#[tokio::test]
async fn without_a_word_there_is_an_end_to_processes_and_jobs_go_first() {
    let subject = sandbox().await;
    let job = own("usual");
    let mut session = subject.open(&job, &[]).await;
    let script = "cat /proc/self/oom_score_adj; ulimit -u\n";
    let (_, output) = Step::real(script).run(session.as_mut()).await;
    let mut lines = output.lines();
    let first: i32 = lines
        .next()
        .and_then(|it| it.parse().ok())
        .expect("a number");
    assert!(first >= 500, "{output}");
    let counted = groups(&job).iter().any(|group| {
        std::fs::read_to_string(group.join("pids.max")).is_ok_and(|most| most == "4097\n")
    });
    assert!(counted || lines.next() == Some("4096"), "{output}");
    session.close(BUDGET).await.expect("closes");
    is_all_gone(&subject, &job).await;
}

#[tokio::test]
async fn groups_of_the_host_are_not_told() {
    let own = std::fs::read_to_string("/proc/self/cgroup").expect("groups");
    let subject = sandbox().await;
    let mut session = subject.open("told", &[]).await;
    let (_, output) = Step::real("cat /proc/self/cgroup\n")
        .run(session.as_mut())
        .await;
    session.close(BUDGET).await.expect("closes");
    for line in own.lines() {
        let path = line.splitn(3, ':').nth(2).unwrap_or_default();
        assert!(path.len() < 2 || !output.contains(path), "{path}: {output}");
    }
    stays_inside(&subject, "groups", "ls /sys/fs/cgroup\n", "").await;
}

/// With time of processors, which no test uses up.
#[tokio::test]
async fn what_is_set_is_held_or_told() {
    let subject = sandbox_with(SandboxLimits {
        nano_cpus: Some(500_000_000),
        ..SandboxLimits::default()
    });
    let (output, mut said) = mpsc::channel(8);
    let (_live, cancel) = watch::channel(Cancel::Run);
    let cx = Cx { cancel, output };
    let job = own("slow");
    let session = subject.executor.open(subject.spec(&job), &cx).await;
    drop(cx);
    let mut session = session.expect("opens");
    let mut told = Vec::new();
    while let Some(chunk) = said.recv().await {
        told.extend(chunk);
    }
    let told = String::from_utf8_lossy(&told);
    let half = |(file, value): (&str, &str)| {
        groups(&job).iter().any(|group| {
            let has_members = std::fs::read_to_string(group.join("cgroup.procs"));
            let limit = std::fs::read_to_string(group.join(file));
            limit.is_ok_and(|limit| limit == value) && has_members.is_ok_and(|it| !it.is_empty())
        })
    };
    let is_held = half(("cpu.cfs_quota_us", "50000\n")) || half(("cpu.max", "50000 100000\n"));
    let is_told = told.contains("nothing holds `docker.cpus`");
    assert_eq!(is_told, !is_held, "{told}");
    session.close(BUDGET).await.expect("closes");
    is_all_gone(&subject, &job).await;
}

/// What was begun before it was known that there is no such image may be slow to end.
#[tokio::test]
async fn an_attempt_that_comes_to_nothing_leaves_no_group() {
    let subject = sandbox().await;
    let job = own("nothing");
    for _ in 0..5 {
        let mut spec = subject.spec(&job);
        if let Some(image) = &mut spec.image {
            "no-such-image:1".clone_into(&mut image.name);
        }
        let opened = subject.executor.open(spec, &Cx::unstoppable()).await;
        assert!(opened.is_err(), "there is no such image");
        assert_eq!(groups(&job), Vec::<PathBuf>::new());
        // Longer than it takes the kernel to put a process into a group.
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(groups(&job), Vec::<PathBuf>::new());
    }
    is_all_gone(&subject, &job).await;
}
