//! What a shell writes to its pipe, on its way to the job's log.

use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

/// Largest piece that is handed on at once. Bytes.
const CHUNK: usize = 64 * 1024;

/// Hands on all output, to its end.
pub(super) async fn pump(mut output: pipe::Receiver, to: &mpsc::Sender<Vec<u8>>) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = output.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        // Output that nobody wants is still read, or the job would block.
        let _ = to.send(buffer[..length].to_vec()).await;
    }
}
