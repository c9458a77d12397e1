//! Numbers that never come twice, whoever asks at the same time.

use std::ops::Range;
use std::path::Path;

use super::RecordError;
use super::folder::{lock, make, write_atomic};

/// Takes the next `count` numbers of the counter `name` in `folder`. The first ever is 1.
pub(super) fn take(folder: &Path, name: &str, count: u64) -> Result<Range<u64>, RecordError> {
    make(folder)?;
    let guard = folder.join(format!("{name}.lock"));
    let _held = lock(&guard, true).map_err(RecordError::at("lock", &guard))?;
    let path = folder.join(name);
    let last = match std::fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().unwrap_or(0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(RecordError::at("read", path)(error)),
    };
    let next = u64::saturating_add(last, count);
    write_atomic(&path, format!("{next}\n"))?;
    Ok(last.saturating_add(1)..next.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let take = |count| take(folder.path(), "jobs", count).expect("numbers");
        assert_eq!(take(1), 1..2);
        assert_eq!(take(3), 2..5);
        assert_eq!(take(0), 5..5);
        assert_eq!(take(1), 5..6);
    }

    #[test]
    fn many_at_once_get_different_numbers() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut numbers = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let one = || take(folder.path(), "jobs", 1).expect("a number").start;
                        (0..10).map(|_| one()).collect::<Vec<_>>()
                    })
                })
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().expect("a worker"))
                .collect::<Vec<_>>()
        });
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=80).collect::<Vec<_>>());
    }
}
