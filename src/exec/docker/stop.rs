//! Stopping the script in a container (runtime reference 5).

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, StartExecResults};
use bollard::query_parameters::{KillContainerOptionsBuilder, StopContainerOptionsBuilder};
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::Cancel;
use super::super::cancel::asked;

/// Bound of the gentle part.
const GENTLE: Duration = Duration::from_secs(10);

/// Seconds between TERM to process 1 and KILL; the daemon's default.
const DAEMON_GRACE: i32 = 10;

/// How long a daemon may take for that, and for a KILL.
const STOPPED: Duration = Duration::from_secs(15);
const KILLED: Duration = Duration::from_secs(5);

/// TERM to all but process 1 and itself, the youngest first: they are what the others wait for.
/// Each has about five seconds. Needs nothing of the image that could fail badly: whatever goes
/// wrong here, the daemon stops the container next.
const TERM_ALL: &str = r#"
for pid in $(ls /proc | grep '^[0-9][0-9]*$' | sort -rn); do
  if [ "$pid" = 1 ] || [ "$pid" = $$ ]; then continue; fi
  kill -TERM "$pid" 2>/dev/null || continue
  tenths=0
  while [ -d "/proc/$pid" ] && [ $tenths -lt 50 ]; do
    if sleep 0.1; then tenths=$((tenths + 1)); else sleep 1; tenths=$((tenths + 10)); fi
  done
done
"#;

/// Ends whatever runs in the container; kills it as soon as that is asked for. Errors are not
/// told: the container is removed by force when its session is closed.
pub(super) async fn stop(docker: &Docker, id: &str, cancel: &watch::Receiver<Cancel>) {
    tokio::select! {
        biased;
        () = asked(cancel, Cancel::Force) => kill(docker, id).await,
        () = gently(docker, id) => {}
    }
}

async fn gently(docker: &Docker, id: &str) {
    let _ = timeout(GENTLE, term_all(docker, id)).await;
    let options = StopContainerOptionsBuilder::new().t(DAEMON_GRACE).build();
    let stopping = timeout(STOPPED, docker.stop_container(id, Some(options)));
    if !matches!(stopping.await, Ok(Ok(()))) {
        kill(docker, id).await;
    }
}

async fn term_all(docker: &Docker, id: &str) -> Result<(), Error> {
    let exec = docker
        .create_exec(
            id,
            CreateExecOptions {
                cmd: Some(vec!["sh", "-c", TERM_ALL]),
                attach_stdout: Some(true),
                attach_stderr: Some(true),
                ..CreateExecOptions::default()
            },
        )
        .await?;
    if let StartExecResults::Attached { mut output, .. } = docker.start_exec(&exec.id, None).await?
    {
        while output.next().await.is_some() {}
    }
    Ok(())
}

async fn kill(docker: &Docker, id: &str) {
    let options = KillContainerOptionsBuilder::new().signal("KILL").build();
    let _ = timeout(KILLED, docker.kill_container(id, Some(options))).await;
}
