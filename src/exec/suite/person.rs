//! A person's shell on every executor: what they see who type that.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::super::{Cancel, Cx, ExecError, Exit, Script, Session, Terminal};
use super::subject::{BUDGET, Step, Subject, context};

/// Longer than any shell takes to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The other end of a shell's terminal.
struct Person {
    typing: mpsc::Sender<Vec<u8>>,
    resizing: watch::Sender<(u16, u16)>,
    cancel: watch::Sender<Cancel>,
    screen: mpsc::Receiver<Vec<u8>>,
    seen: String,
}

impl Person {
    /// Types, and waits until that shows behind all that showed before.
    async fn types(&mut self, typed: &str, wanted: &str) {
        let from = self.seen.len();
        self.typing.send(typed.into()).await.expect("typed");
        let waiting = async {
            while !self.seen[from..].contains(wanted) {
                let piece = self.screen.recv().await.expect("more");
                self.seen.push_str(&String::from_utf8_lossy(&piece));
            }
        };
        let shown = tokio::time::timeout(PATIENCE, waiting).await;
        shown.unwrap_or_else(|_| panic!("{typed}: {}", self.seen));
    }
}

/// Gives `person` a shell in the session, and returns how it ended.
async fn attached(
    session: &mut dyn Session,
    acting: impl AsyncFnOnce(&mut Person),
) -> Result<Exit, ExecError> {
    let (typing, input) = mpsc::channel(8);
    let (resizing, size) = watch::channel((100, 40));
    let (cancel, cancelled) = watch::channel(Cancel::Run);
    let (output, screen) = mpsc::channel(64);
    let login = Script::whole("export WORD=kept\nexec \"$0\" <&1\n");
    let shell = async {
        // What it shows ends with it.
        let cx = Cx {
            cancel: cancelled,
            output,
        };
        let terminal = Terminal { input, size };
        session.attach(&login, terminal, &cx).await
    };
    let person = async {
        let mut person = Person {
            typing,
            resizing,
            cancel,
            screen,
            seen: String::new(),
        };
        acting(&mut person).await;
        while person.screen.recv().await.is_some() {}
    };
    let (ended, ()) = tokio::join!(shell, person);
    ended
}

/// The terminal is of the job's own, with job control, in a window that changes its size.
pub(super) async fn types_and_sees(subject: &Subject) {
    let mut session = subject.open("person", &[]).await;
    let ended = attached(session.as_mut(), async |person| {
        let size = "echo $WORD $(stty size | tr ' ' x) $((40 + 2))\n";
        person.types(size, "kept 40x100 42").await;
        let typed = "printf '\\001\\002\\000%s\\n' raw >/dev/tty\n";
        person.types(typed, "\u{1}\u{2}\0raw").await;
        person.resizing.send((80, 24)).expect("heard");
        let until =
            "until stty size | grep -q 24; do sleep 0.1; done; echo $(stty size | tr ' ' x)\n";
        person.types(until, "24x80").await;
        let waits = "sh -c 'trap \"exit 7\" INT; echo is$((1))up; while :; do sleep 0.1; done'\n";
        person.types(waits, "is1up").await;
        person.types("\u{3}", "^C").await;
        person.types("echo and $?\n", "and 7").await;
        person.typing.send("exit 3\n".into()).await.expect("typed");
    });
    assert_eq!(ended.await.expect("it ran"), Exit::Code(3));
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// What comes before the person's shell has run its entrypoint, which does not run again, and what that has
/// started goes on.
pub(super) async fn finds_an_entrypoint_that_ran_once(subject: &Subject) {
    let entrypoint = "echo ran >>/tmp/runs; sleep 300 & echo $! >/tmp/pid; exec \"$@\"";
    let mut spec = subject.spec("entrypoint");
    if let Some(image) = &mut spec.image {
        let words = ["/bin/sh", "-c", entrypoint, "sh"];
        image.entrypoint = Some(words.map(str::to_owned).to_vec());
    }
    let mut session = subject.open_spec(spec).await;
    let (cx, _live) = context();
    let before = Script::whole("echo led in >/tmp/led\n");
    let led = session.lead_in(&before, &cx).await.expect("it ran");
    assert_eq!(led, Exit::Code(0));
    let ended = attached(session.as_mut(), async |person| {
        let looks = "echo $WORD $(cat /tmp/led) $(cat /tmp/runs) $((40 + 2))\n";
        person.types(looks, "kept led in ran 42").await;
        let looks = "kill -0 $(cat /tmp/pid) && echo alive $((40 + 3))\n";
        person.types(looks, "alive 43").await;
        person.typing.send("exit 3\n".into()).await.expect("typed");
    });
    assert_eq!(ended.await.expect("it ran"), Exit::Code(3));
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// What its entrypoint says in its place is no end of a shell.
pub(super) async fn has_no_shell_where_the_entrypoint_starts_none(subject: &Subject) {
    let mut spec = subject.spec("no-shell");
    if let Some(image) = &mut spec.image {
        let words = ["/bin/sh", "-c", "exit 3"];
        image.entrypoint = Some(words.map(str::to_owned).to_vec());
    }
    let mut session = subject.open_spec(spec).await;
    let (cx, _live) = context();
    let led = session.lead_in(&Script::whole("true\n"), &cx).await;
    let led = led.expect("it ran");
    // Some know that at once.
    if led != Exit::Code(3) {
        let ended = attached(session.as_mut(), async |_| {}).await;
        let error = ended.expect_err("no shell");
        let wanted = "the entrypoint started no shell, and ended with exit code 3";
        assert_eq!(error.message, wanted);
    }
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// A background job keeps neither the terminal nor the session.
pub(super) async fn ends_with_all_that_it_started(subject: &Subject) {
    let mut session = subject.open("background", &[]).await;
    let ended = attached(session.as_mut(), async |person| {
        person.types("sleep 300 &\n", "\n").await;
        person.types("echo $((40 + 2))\n", "42").await;
        person.typing.send("exit\n".into()).await.expect("typed");
    });
    assert_eq!(ended.await.expect("it ran"), Exit::Code(0));
    let again = Step::real("echo still\n").run(session.as_mut()).await;
    assert_eq!(again, (Exit::Code(0), "still\n".to_owned()));
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// A cancellation is a terminal that is gone.
pub(super) async fn is_hung_up_on(subject: &Subject) {
    let mut session = subject.open("hung-up", &[]).await;
    let ended = attached(session.as_mut(), async |person| {
        person.types("echo $((40 + 2)); sleep 300\n", "42").await;
        person.cancel.send_replace(Cancel::Graceful);
    });
    let ended = tokio::time::timeout(Duration::from_secs(8), ended).await;
    let ended = ended.expect("nobody is waited for");
    assert_eq!(ended.expect("it ran"), Exit::Stopped);
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}
