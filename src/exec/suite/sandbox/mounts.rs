//! What is mounted where sandboxes begin.

use std::fs;

use super::super::subject::BUDGET;
use super::{has_users, sandbox};

/// The processes that `parent` has made.
fn children(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("processes").flatten();
    let numbers = all.filter_map(|it| it.file_name().to_str()?.parse().ok());
    let is_child = |number: &u32| {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        // Behind the name, which may hold anything.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split(' ');
        fields.nth(2) == Some(&parent.to_string())
    };
    numbers.filter(is_child).collect()
}

/// Whether nothing is mounted where it is but what the kernel has to see of itself.
fn is_bare(process: u32) -> bool {
    let mounts = fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap_or_default();
    let mut places = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    !mounts.is_empty()
        && places.all(|it| matches!(it, "/" | "/proc" | "/sys") || it.starts_with("/proc/"))
}

/// Each mount of this machine would be copied for each job, and given up.
#[tokio::test]
async fn many_sandboxes_begin_with_few_mounts() {
    let subject = sandbox().await;
    let mut sessions = Vec::new();
    for number in 0..4 {
        sessions.push(subject.open(&format!("job-{number}"), &[]).await);
    }
    let makers = children(std::process::id());
    let waiting: Vec<u32> = makers.into_iter().flat_map(children).collect();
    assert!(waiting.len() >= sessions.len(), "{waiting:?}");
    // Where users have one id alone, mounts are made when rights are given up.
    assert_eq!(waiting.into_iter().any(is_bare), has_users());
    for mut session in sessions {
        session.close(BUDGET).await.expect("closes");
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}
