//! Services that are slow to go: the job's own container does not wait for them.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::super::super::{Endpoint, EnvSpec, Session};
use super::super::subject::{BUDGET, Step, Subject, scratch};
use super::services::{SERVE, service};
use super::{docker, docker_at, endpoint};

/// The containers whose removal was asked for since that is watched, and how many there have to be until
/// the daemon hears of the first.
#[derive(Default)]
struct Removals {
    asked: Mutex<Option<Vec<String>>>,
    changed: Condvar,
    needed: usize,
}

impl Removals {
    fn watch(&self) {
        *self.asked.lock().expect("whole") = Some(Vec::new());
    }

    fn first(&self) -> String {
        let asked = self.asked.lock().expect("whole");
        asked.iter().flatten().next().expect("one").clone()
    }

    /// Holds a request back where it is the first.
    fn pass(&self, request: &[u8]) {
        let request = String::from_utf8_lossy(request);
        let Some(id) = request.strip_prefix("DELETE /") else {
            return;
        };
        let id = id.split_once("containers/").map(|(_, id)| id);
        let Some(id) = id.and_then(|id| id.split(['?', ' ']).next()) else {
            return;
        };
        let mut asked = self.asked.lock().expect("whole");
        let Some(all) = asked.as_mut() else {
            return;
        };
        if !all.iter().any(|it| it == id) {
            all.push(id.to_owned());
        }
        self.changed.notify_all();
        if all[0] == id {
            let few = |asked: &mut Option<Vec<String>>| {
                asked.as_ref().is_some_and(|all| all.len() < self.needed)
            };
            drop(self.changed.wait_while(asked, few).expect("whole"));
        }
    }
}

/// A way to the daemon of this machine that holds back the first removal.
fn way(socket: &Path, removals: &Arc<Removals>) -> Endpoint {
    let real = endpoint().socket;
    let listener = UnixListener::bind(socket).expect("a socket");
    let removals = Arc::clone(removals);
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = UnixStream::connect(&real).expect("a daemon");
            let clone = |stream: &UnixStream| stream.try_clone().expect("a clone");
            let (asks, hears) = ((clone(&near), clone(&far)), (far, near));
            let removals = Arc::clone(&removals);
            std::thread::spawn(move || copy(asks, |request| removals.pass(request)));
            std::thread::spawn(move || copy(hears, |_| {}));
        }
    });
    Endpoint {
        socket: PathBuf::from(socket),
    }
}

fn copy((mut from, mut to): (UnixStream, UnixStream), pass: impl Fn(&[u8])) {
    let mut buffer = vec![0; 65536];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        pass(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// An attempt with a service, whose script has ended.
async fn ended(subject: &Subject) -> Box<dyn Session> {
    let spec = EnvSpec {
        services: vec![service(&["web"], SERVE)],
        ..subject.spec("slow")
    };
    let mut session = subject.open_spec(spec).await;
    Step::real("true\n").run(session.as_mut()).await;
    session
}

#[tokio::test]
async fn the_container_of_the_job_goes_before_a_service_that_takes_its_time() {
    let scratch = scratch();
    let removals = Arc::new(Removals {
        needed: 2,
        ..Removals::default()
    });
    let subject = docker_at(way(&scratch.path().join("way.sock"), &removals)).await;
    let mut session = ended(&subject).await;
    removals.watch();
    let closing = session.close(10 * BUDGET);
    let closed = tokio::time::timeout(BUDGET, closing).await;
    closed.expect("none waits for the other").expect("closes");
    assert_eq!(subject.leftovers().await, [""; 0]);
}

#[tokio::test]
async fn a_service_that_does_not_go_is_named() {
    let scratch = scratch();
    let removals = Arc::new(Removals {
        needed: usize::MAX,
        ..Removals::default()
    });
    let subject = docker_at(way(&scratch.path().join("way.sock"), &removals)).await;
    let mut session = ended(&subject).await;
    removals.watch();
    let closed = session.close(Duration::from_secs(2)).await;
    let error = closed.expect_err("one is there").to_string();
    let id = removals.first();
    assert_eq!(error, format!("container `{id}` was not removed in 2 s"));
    std::mem::forget(session);
    let mut direct = docker().await;
    direct.owner.clone_from(&subject.owner);
    assert_eq!(
        direct.leftovers().await,
        ["service `pipe-test-busybox:1` of job `slow` of run suite"]
    );
}
