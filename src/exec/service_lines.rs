//! Lines of services among the output of their job (runtime reference 8.5).

use std::convert::Infallible;
use std::future::pending;

use tokio::sync::mpsc;

use super::{Cx, ExecError, Exit};

/// Runs a script beside services, whose lines join its output.
pub(super) async fn beside<F: Future<Output = Result<Exit, ExecError>>>(
    lines: &mut mpsc::Receiver<Vec<u8>>,
    cx: &Cx,
    run: impl FnOnce(Cx) -> F,
) -> Result<Exit, ExecError> {
    let (own, mut chunks) = mpsc::channel(1);
    // Its output ends with what runs.
    let running = run(Cx {
        cancel: cx.cancel.clone(),
        output: own,
    });
    let (exit, ()) = tokio::join!(running, join(&mut chunks, lines, &cx.output));
    exit
}

/// Whether a script has failed by itself, which a service that is no more may explain.
pub(super) fn has_failed(exit: &Result<Exit, ExecError>) -> bool {
    matches!(exit, Ok(Exit::Code(code)) if *code != 0)
}

/// Adds a text to a job's output, if it is one.
pub(super) async fn tell(text: Vec<u8>, cx: &Cx) {
    if !text.is_empty() {
        let _ = cx.output.send(text).await;
    }
}

/// Hands on the job's output to its end, and lines of services where they break none of it: a
/// secret that came in two parts would not be hidden.
pub(super) async fn join(
    chunks: &mut mpsc::Receiver<Vec<u8>>,
    lines: &mut mpsc::Receiver<Vec<u8>>,
    to: &mpsc::Sender<Vec<u8>>,
) {
    let mut is_between = true;
    loop {
        tokio::select! {
            biased;
            chunk = chunks.recv() => {
                let Some(chunk) = chunk else { break };
                is_between = chunk.ends_with(b"\n");
                let _ = to.send(chunk).await;
            }
            Some(line) = lines.recv(), if is_between => {
                let _ = to.send(line).await;
            }
        }
    }
    while let Ok(line) = lines.try_recv() {
        if !std::mem::replace(&mut is_between, true) {
            let _ = to.send(b"\n".to_vec()).await;
        }
        let _ = to.send(line).await;
    }
}

/// Takes lines that nobody is to see, or a service would be kept from writing more. Never returns.
pub(super) async fn unheard(lines: Option<&mut mpsc::Receiver<Vec<u8>>>) -> Infallible {
    if let Some(lines) = lines {
        while lines.recv().await.is_some() {}
    }
    pending().await
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::join;

    #[tokio::test]
    async fn lines_of_services_break_no_line_of_the_job() {
        let (job, mut chunks) = mpsc::channel::<Vec<u8>>(8);
        let (service, mut lines) = mpsc::channel::<Vec<u8>>(8);
        let (to, mut all) = mpsc::channel(16);
        let playing = async move {
            job.send(b"half ".to_vec()).await.expect("read");
            tokio::task::yield_now().await;
            service
                .send(b"[service:db] a\n".to_vec())
                .await
                .expect("read");
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            job.send(b"whole\n".to_vec()).await.expect("read");
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            service
                .send(b"[service:db] b\n".to_vec())
                .await
                .expect("read");
            job.send(b"end".to_vec()).await.expect("read");
            service
                .send(b"[service:db] c\n".to_vec())
                .await
                .expect("read");
        };
        tokio::join!(join(&mut chunks, &mut lines, &to), playing);
        drop(to);
        let mut text = Vec::new();
        while let Some(part) = all.recv().await {
            text.extend(part);
        }
        let text = String::from_utf8(text).expect("text");
        assert!(text.starts_with("half whole\n[service:db] a\n"), "{text}");
        assert!(text.contains("end\n[service:db] "), "{text}");
    }
}
