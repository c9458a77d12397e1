//! A script that runs beside services: their lines join its output, and one that is no more is told
//! of where the script fails (runtime reference 8.5).

use super::super::service_lines::{beside, has_failed, tell};
use super::super::{Cx, ExecError, Exit};
use super::services::Services;

/// Does what `alone` does with a script, beside these services, if there are some.
pub(super) async fn run<F: Future<Output = Result<Exit, ExecError>>>(
    services: Option<&mut Services>,
    cx: &Cx,
    alone: impl FnOnce(Cx) -> F,
) -> Result<Exit, ExecError> {
    let Some(services) = services else {
        return alone(cx.clone()).await;
    };
    let exit = beside(&mut services.lines, cx, alone).await;
    if has_failed(&exit) {
        tell(services.obituary().await, cx).await;
    }
    exit
}
