//! Networks of jobs: whoever gets one finds nothing of those who had it.

use super::super::super::SandboxExecutor;
use super::super::subject::{BUDGET, Step};
use super::sandbox_of;

/// A connection that has ended keeps its port for a minute, which the next job would find taken.
#[tokio::test]
async fn a_network_by_which_something_was_sent_serves_nobody_else() {
    let subject = sandbox_of(|plain| plain, |executor: SandboxExecutor| executor);
    let look = "grep -E '^ *lo:' /proc/self/net/dev | tr -s ' ' | cut -d ' ' -f 3,4\n";
    let run = async |script: &str| {
        let mut session = subject.open("sends", &[]).await;
        let (_, output) = Step::real(script).run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        output
    };
    for sends in ["", ": >/dev/tcp/127.0.0.1/9\n", "ping -c 1 127.0.0.1\n"] {
        let before = run(look).await;
        assert_eq!(before, "0 0\n", "before `{sends}`");
        let after = run(&format!("exec 2>/dev/null\n{sends}{look}")).await;
        let has_sent = !after.ends_with("0 0\n");
        // Not every machine has a `ping`.
        assert!(has_sent || !sends.contains("tcp"), "{after}");
    }
    assert_eq!(run(look).await, "0 0\n");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}
