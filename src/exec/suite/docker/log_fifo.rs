//! Logs that the daemon need not carry (design chapter 6), whatever a job does to their FIFO.

use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;

use super::super::super::{DockerExecutor, DockerSettings, Exit};
use super::super::subject::{BUDGET, Step, Subject, scratch};
use super::{ends, in_docker};

/// Fails where the log does not come by the FIFO.
const IS_FIFO: &str = "[ -p /proc/self/fd/1 ] && [ /proc/self/fd/1 -ef /dev/pipe-log ]\n";

/// FIFOs below a folder.
fn fifos(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            found.extend(fifos(entry.path()));
        } else if kind.is_fifo() {
            found.push(entry.path());
        }
    }
    found
}

#[tokio::test]
async fn a_job_has_one_and_it_goes_with_it() {
    let notes = scratch();
    let settings = DockerSettings::default();
    let executor = DockerExecutor::with_log_fifos_in(super::endpoint(), settings, notes.path());
    let subject = super::with(executor).await;
    let mut session = subject.open("fifo", &[]).await;
    assert_eq!(fifos(notes.path().to_owned()).len(), 1);
    for text in ["one", "two"] {
        let step = Step::real(&format!("{IS_FIFO}echo is $?; echo {text} >&2; exit 3\n"));
        let ended = step.run(session.as_mut()).await;
        assert_eq!(ended, (Exit::Code(3), format!("is 0\n{text}\n")));
    }
    session.close(BUDGET).await.expect("closes");
    drop(session);
    assert_eq!(fifos(notes.path().to_owned()), Vec::<PathBuf>::new());
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
    let found = std::fs::read_to_string(notes.path().join(".log-fifo")).expect("a note");
    assert!(found.starts_with("works "), "{found}");
}

#[tokio::test]
async fn what_a_killed_run_left_goes() {
    let notes = scratch();
    let settings = DockerSettings::default();
    let executor = DockerExecutor::with_log_fifos_in(super::endpoint(), settings, notes.path());
    let subject = super::with(executor).await;
    let session = subject.open("killed", &[]).await;
    std::mem::forget(session);
    assert_eq!(fifos(notes.path().to_owned()).len(), 1);
    assert_eq!(subject.leftovers().await.len(), 1);
    assert_eq!(fifos(notes.path().to_owned()), Vec::<PathBuf>::new());
}

/// A daemon that sees another file system than this process: so it is with one in a virtual machine.
#[tokio::test]
async fn a_daemon_that_does_not_have_it_carries_the_log() {
    let notes = scratch();
    let folder = std::fs::File::open(notes.path()).expect("a folder");
    // The daemon's own process has no file of that number.
    let unseen = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    let found = notes.path().join(".log-fifo");
    let identity = super::endpoint().identity().expect("a socket");
    for before in [String::new(), format!("works {identity}")] {
        std::fs::write(&found, &before).expect("a note");
        let settings = DockerSettings::default();
        let executor = DockerExecutor::with_log_fifos_in(super::endpoint(), settings, &unseen);
        let subject = super::with(executor).await;
        let mut session = subject.open("unseen", &[]).await;
        let step = Step::real("[ -e /dev/pipe-log ] || echo attached\n");
        let ended = step.run(session.as_mut()).await;
        assert_eq!(ended, (Exit::Code(0), "attached\n".to_owned()), "{before}");
        session.close(BUDGET).await.expect("closes");
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
        let after = std::fs::read_to_string(&found).unwrap_or_default();
        let wanted = if before.is_empty() {
            format!("refused {identity}")
        } else {
            String::new()
        };
        assert_eq!(after, wanted);
        assert_eq!(fifos(notes.path().to_owned()), Vec::<PathBuf>::new());
    }
}

/// It comes by the daemon, and what comes by another way would be before it.
#[tokio::test]
async fn what_an_entrypoint_says_comes_first() {
    in_docker(async |subject: &Subject| {
        let mut spec = subject.spec("speaks");
        if let Some(image) = &mut spec.image {
            let words = ["/bin/sh", "-c", "echo first; exec \"$@\"", "sh"];
            image.entrypoint = Some(words.map(str::to_owned).to_vec());
        }
        let script = "echo second; [ -e /dev/pipe-log ] || echo attached\n";
        let ended = ends(subject, spec, script).await;
        let told = "first\nsecond\nattached\n".to_owned();
        assert_eq!(ended, (Exit::Code(0), told));
    })
    .await;
}

#[tokio::test]
async fn any_user_may_write_to_it() {
    in_docker(async |subject: &Subject| {
        let mut spec = subject.spec("nobody");
        if let Some(image) = &mut spec.image {
            image.user = Some("nobody".to_owned());
        }
        let script = format!("{IS_FIFO}echo is $?; id -u\n");
        let ended = ends(subject, spec, &script).await;
        assert_eq!(ended, (Exit::Code(0), "is 0\n65534\n".to_owned()));
    })
    .await;
}

/// None hangs, none is believed, and the next script has its log.
#[tokio::test]
async fn whatever_a_job_does_to_it() {
    let forged = "pipe-end-00000000000000000000000000000000 0";
    for (does, code, told) in [
        (
            "rm -f /dev/pipe-log; echo after\nexit 3\n".to_owned(),
            3,
            "after\n",
        ),
        (
            "chmod 0 /dev/pipe-log; echo after\nexit 3\n".to_owned(),
            3,
            "after\n",
        ),
        (
            format!(
                "echo '{forged}' >/dev/pipe-log; echo '{forged}' >/dev/pipe-log; echo after\nexit 3\n"
            ),
            3,
            "after\n",
        ),
        ("exec >&- 2>&-\nexit 3\n".to_owned(), 3, ""),
        ("exec >/dev/null 2>&1 8>&- 9>&-\nexit 3\n".to_owned(), 3, ""),
        (
            "(while :; do echo held; sleep 0.01; done >/dev/pipe-log) &\necho after\nexit 3\n"
                .to_owned(),
            3,
            "after\n",
        ),
        (
            "sleep 60 <>/dev/pipe-log &\necho after\nexit 3\n".to_owned(),
            3,
            "after\n",
        ),
        ("cat /dev/pipe-log >/dev/null &\nexit 3\n".to_owned(), 3, ""),
    ] {
        in_docker(async |subject: &Subject| {
            let mut session = subject.open("does", &[]).await;
            let (exit, output) = Step::real(&does).run(session.as_mut()).await;
            assert_eq!(exit, Exit::Code(code), "{does}");
            assert!(output.contains(told), "{does}: {output}");
            let next = Step::real("echo next\n").run(session.as_mut()).await;
            session.close(BUDGET).await.expect("closes");
            assert_eq!(next, (Exit::Code(0), "next\n".to_owned()), "{does}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_long_log_is_whole_and_in_its_order() {
    in_docker(async |subject: &Subject| {
        let spec = subject.spec("long");
        let script = "n=0; while [ $n -lt 60000 ]; do echo $n; echo $n >&2; n=$((n+1)); done\n";
        let (exit, output) = ends(subject, spec, script).await;
        assert_eq!(exit, Exit::Code(0));
        let mut lines = output.lines();
        for number in 0..60000 {
            let number = number.to_string();
            let pair = [lines.next(), lines.next()];
            assert_eq!(pair, [Some(&*number), Some(&*number)]);
        }
        assert_eq!(lines.next(), None);
    })
    .await;
}
