//! A script that runs beside services: their lines join its output, and one that is no more is told
//! of where the script fails (runtime reference 8.5).

use tokio::sync::mpsc;

use super::super::service_lines::join;
use super::super::{Cx, ExecError, Exit, Script};
use super::container::Container;
use super::run::{self, Waiting};
use super::services::Services;

/// As [`run::run`].
pub(super) async fn run(
    container: &Container,
    services: &mut Services,
    shell: Waiting,
    script: &Script,
    cx: &Cx,
) -> Result<Exit, ExecError> {
    let (own, mut chunks) = mpsc::channel(1);
    let inner = Cx {
        cancel: cx.cancel.clone(),
        output: own,
    };
    let running = async {
        // Its output ends with it.
        let inner = inner;
        run::run(container, shell, script, &inner).await
    };
    let joining = join(&mut chunks, &mut services.lines, &cx.output);
    let (exit, ()) = tokio::join!(running, joining);
    if matches!(exit, Ok(Exit::Code(code)) if code != 0) {
        let obituary = services.obituary().await;
        if !obituary.is_empty() {
            let _ = cx.output.send(obituary).await;
        }
    }
    exit
}
