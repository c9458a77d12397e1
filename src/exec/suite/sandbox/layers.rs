//! Layers of builds directories that outlive their run.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::subject::{BUDGET, context};
use super::sandbox;

/// Longer than it takes to remove some empty folders.
const PATIENCE: Duration = Duration::from_secs(60);

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).expect("a folder").count()
}

/// Beside the first job, and also where there is no room for what it wants.
#[tokio::test]
async fn those_that_are_too_many_go_and_what_others_left_unfinished() {
    for is_unpacked in [true, false] {
        let subject = sandbox().await;
        let layers = subject.archive("sandbox").join("layers");
        for number in 0..30 {
            fs::create_dir_all(layers.join(number.to_string())).expect("a folder");
        }
        fs::create_dir_all(layers.join(".given-up/gone")).expect("a folder");
        let mut spec = subject.spec("first");
        spec.workspace = subject.tree(&[("README", 0o666, "tree\n")]).await;
        if !is_unpacked {
            fs::remove_file(subject.archive("tree.tar")).expect("gone");
        }
        let (cx, _live) = context();
        let opened = subject.executor.open(spec, &cx).await;
        assert_eq!(opened.is_ok(), is_unpacked);
        let begun = Instant::now();
        while count(&layers) > 24 && begun.elapsed() < PATIENCE {
            tokio::task::yield_now().await;
        }
        assert_eq!(count(&layers), 24, "{is_unpacked}");
        if let Ok(mut session) = opened {
            session.close(BUDGET).await.expect("closes");
        }
        assert_eq!(subject.leftovers().await, [] as [String; 0]);
    }
}
