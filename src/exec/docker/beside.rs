//! A script that runs beside services: their lines join its output, and one that is no more is told
//! of where the script fails (runtime reference 8.5).

use super::super::service_lines::{beside, has_failed, tell};
use super::super::{Cx, ExecError, Exit, Script};
use super::container::Container;
use super::run::{self, Waiting};
use super::services::Services;

/// As [`run::run`].
pub(super) async fn run(
    container: &Container,
    services: &mut Services,
    shell: Option<Waiting>,
    script: &Script,
    cx: &Cx,
) -> Result<Exit, ExecError> {
    let alone = |cx| async move { run::run(container, shell, script, &cx).await };
    let exit = beside(&mut services.lines, cx, alone).await;
    if has_failed(&exit) {
        tell(services.obituary().await, cx).await;
    }
    exit
}
