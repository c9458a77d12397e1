//! A shell for a person in the place of a script.

use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

use super::ended::Ended;
use super::story::{Story, job};
use crate::exec::{Cancel, Terminal};
use crate::run::{Person, Seat};
use crate::types::KeepWhen;

/// One who types that, a key at a time, and then waits.
#[derive(Default)]
struct Typist {
    types: Vec<String>,
    is_away: bool,
    told: Mutex<Vec<String>>,
    screen: Mutex<Option<mpsc::Receiver<Vec<u8>>>>,
    hands: Mutex<Vec<mpsc::Sender<Vec<u8>>>>,
}

#[async_trait]
impl Person for Typist {
    async fn sit_down(&self) -> io::Result<Seat> {
        if self.is_away {
            return Err(io::ErrorKind::NotFound.into());
        }
        let (keys, input) = mpsc::channel(8);
        for typed in &self.types {
            let typed = typed.clone().into_bytes();
            keys.send(typed).await.expect("room");
        }
        self.hands.lock().expect("whole").push(keys);
        let (screen, shown) = mpsc::channel(8);
        *self.screen.lock().expect("whole") = Some(shown);
        let (_, size) = watch::channel((80, 24));
        let terminal = Terminal { input, size };
        Ok(Seat { terminal, screen })
    }

    async fn get_up(&self, status: Option<i64>) {
        let shown = self.screen.lock().expect("whole").take();
        let mut shown = shown.expect("one who sat down");
        let mut told = Vec::new();
        // It ends: nobody can show more.
        while let Some(piece) = shown.recv().await {
            told.push(String::from_utf8(piece).expect("text"));
        }
        told.push(format!("ended {status:?}"));
        *self.told.lock().expect("whole") = told;
    }
}

/// What a run of a job with `script` in front of the shell told, and what the person saw.
async fn with(typist: Typist, script: &str, interrupt: Option<u64>) -> (Ended, Vec<String>) {
    let person = Arc::new(typist);
    let job = job("a", 0, script)
        .with(|job| job.login = Some("welcome".to_owned()))
        .after("say never")
        .keeping("out", KeepWhen::Always);
    let mut story = Story::new([job]);
    story.spec.settings.person = Some(Arc::clone(&person) as _);
    if let Some(after) = interrupt {
        story = story.interrupted(after, Cancel::Graceful);
    }
    let ended = story.run().await;
    let told = person.told.lock().expect("whole").clone();
    (ended, told)
}

fn typing(keys: &[&str]) -> Typist {
    Typist {
        types: keys.iter().map(ToString::to_string).collect(),
        ..Typist::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_has_a_shell_where_the_script_would_be() {
    let (ended, told) = with(typing(&["hello", "exit 3"]), "say before", None).await;
    assert_eq!(told, ["welcome\n", "hello", "ended Some(3)"]);
    let want = [
        "begin",
        "a.1 starts",
        "a.1| before",
        "a.1 success",
        "end success 0",
    ];
    assert_eq!(
        ended.told(),
        want,
        "how a shell ends says nothing of the job"
    );
    let want = ["open a 1", "run a 1", "attach a 1", "close a 1"];
    assert_eq!(ended.asked.calls, want, "nothing is kept of it");
}

#[tokio::test(start_paused = true)]
async fn what_fails_before_is_told_and_no_shell_comes() {
    for (name, typist, script, why) in [
        (
            "before",
            typing(&[]),
            "exit 2",
            "script_failure: exit code 2",
        ),
        (
            "no terminal",
            Typist {
                is_away: true,
                ..Typist::default()
            },
            "",
            "runner_system_failure: the terminal can't be used: entity not found",
        ),
    ] {
        let (ended, told) = with(typist, script, None).await;
        assert_eq!(told, [""; 0], "{name}");
        let wanted = format!("a.1 failed: {why}");
        assert!(ended.told().contains(&wanted), "{name}: {:?}", ended.told());
        assert_eq!(ended.asked.open, 0, "{name}");
        assert_eq!(ended.result.exit, 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_the_shell() {
    let (ended, told) = with(typing(&["hello"]), "", Some(1000)).await;
    assert_eq!(told, ["welcome\n", "hello", "ended None"]);
    assert_eq!(ended.result.exit, 130);
    assert_eq!(ended.asked.open, 0);
}
