//! A person's shell in a sandbox: a program at a terminal of its own.

use std::fs::File;
use std::io::Seek;
use std::os::fd::AsFd;

use super::super::contract::Terminal;
use super::super::detector::with_login;
use super::super::service_lines::unheard;
use super::super::terminal::talk;
use super::super::{Cx, ExecError, Exit, Script};
use super::inside::link::unexpected;
use super::inside::wire::{Program, Reply, Request};
use super::script::{CHECK_ENTRYPOINT, in_memory, not_started};
use super::session::SandboxSession;
use crate::foreign::system_words;

const PHASE: &str = "attach";

impl SandboxSession {
    /// As [`Session::attach`](super::super::Session::attach). What leads in comes as a script that the shell
    /// reads, and ends with `login`: nobody sees what it says, and an entrypoint comes before all of it, once.
    pub(super) async fn give_shell(
        &mut self,
        login: &Script,
        terminal: Terminal,
        cx: &Cx,
    ) -> Result<Exit, ExecError> {
        let own = self.program.clone();
        let (program, script) = if let Some(before) = self.leads_in.take() {
            let script = in_memory(&format!("{before}{}", login.text)).map_err(|error| {
                let text = format!("no place for the script: {}", system_words(&error));
                ExecError::system(PHASE, text)
            })?;
            (own, Some(script))
        } else {
            let words = with_login(&own.words, &login.text);
            (Program { words, ..own }, None)
        };
        let files: Vec<_> = script.iter().map(AsFd::as_fd).collect();
        self.link.ask(&Request::Attach(program), &files).await?;
        match self.link.receive().await? {
            Reply::Started => {}
            Reply::Failed { what, cause } => {
                return Err(not_started(what, cause, self.has_entrypoint));
            }
            other => return Err(unexpected(PHASE, other)),
        }
        let end = self.link.take_file();
        let end = end.ok_or_else(|| ExecError::system(PHASE, "the sandbox gave no terminal"))?;
        let mut services = self.services.take();
        let ended = tokio::select! {
            ended = self.until_the_end(talk(end, terminal, cx), cx) => ended,
            never = unheard(services.as_mut().map(|services| &mut services.lines)) => match never {},
        };
        self.services = services;
        let ended = ended?;
        match (ended, &script) {
            (Exit::Code(code), Some(script)) if is_unread(script) => {
                let text =
                    format!("the entrypoint started no shell, and ended with exit code {code}");
                Err(ExecError::user(PHASE, text).help(CHECK_ENTRYPOINT))
            }
            _ => Ok(ended),
        }
    }
}

/// Whether nobody has read from a file that was shared with others, and its position with it.
fn is_unread(mut script: &File) -> bool {
    matches!(script.stream_position(), Ok(0))
}
