//! Which processes there are in a sandbox, and what they may do.

use super::super::super::{Cx, Exit};
use super::super::subject::{BUDGET, Step};
use super::sandbox;

/// As in a container: the kernel keeps process 1 from signals of its own that it does not wait for, what
/// is left in the background goes with it, and no other process is in sight.
#[tokio::test]
async fn the_shell_of_each_script_is_process_1() {
    let subject = sandbox().await;
    let mut session = subject.open("first", &[]).await;
    let script = "kill $$; kill -9 $$; echo $$ $(readlink /proc/self/../1/exe | grep -c sh)\n\
                  sleep 100 & ls -d /proc/[0-9]* | wc -l >n; read n <n; [ $n -lt 6 ] && echo few\n\
                  grep -c ' /proc ' /proc/self/mountinfo\n";
    // What the one before saw of the kernel is not below what this one sees.
    for _ in 0..2 {
        let ended = Step::real(script).run(session.as_mut()).await;
        assert_eq!(ended, (Exit::Code(0), "1 1\nfew\n2\n".to_owned()));
    }
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// It is a copy of the one that made the sandbox, into which nobody looks.
#[tokio::test]
async fn another_is_process_1_where_that_is_asked_for() {
    let subject = sandbox().await;
    let mut spec = subject.spec("init");
    spec.init = true;
    let mut session = subject.open_spec(spec).await;
    let script = "echo $$; (sleep 0 & echo); sleep 0.1; grep -l '(sleep) Z' /proc/[0-9]*/stat\n\
                  cat /proc/1/environ /proc/1/maps /proc/1/mem 2>/dev/null | wc -c\n\
                  for file in /proc/1/fd/*; do readlink $file; done 2>/dev/null | wc -c\n\
                  kill -9 1; kill -9 $$\n";
    let (exit, output) = Step::real(script).run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!((exit, &*output), (Exit::Code(137), "2\n\n0\n0\n"));
}

/// The files of a job are read and written with the rights that its programs have, and no more.
#[tokio::test]
async fn who_works_on_files_has_the_rights_of_a_job() {
    let subject = sandbox().await;
    let mut session = subject.open("files", &[]).await;
    let cx = Cx::unstoppable();
    let told = session.read("/proc/self/status", 1 << 20, &cx).await;
    let told = told.expect("read").expect("a file");
    let told = String::from_utf8_lossy(&told).into_owned();
    let rights = |told: &str| {
        let lines = told.lines();
        let about = ["CapPrm:", "CapEff:", "CapBnd:", "NoNewPrivs:", "Seccomp:"];
        let lines = lines.filter(|line| about.iter().any(|name| line.starts_with(name)));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let step = Step::real("while read -r line; do echo \"$line\"; done </proc/$$/status\n");
    let (_, of_job) = step.run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    let of_job = rights(&of_job.replace(": ", ":\t"));
    assert_eq!((of_job.len(), rights(&told)), (5, of_job));
}
