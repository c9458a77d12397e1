//! Whether jobs of a daemon can write their log into a FIFO of this machine: tried out once, and
//! remembered for as long as its socket is the same one.
//!
//! A daemon in a virtual machine, on another machine or in another view of the file system does not
//! have the FIFO, or has a file of that name at whose other end nobody reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use bollard::query_parameters::StartContainerOptions;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::super::{ExecError, Owner, owned_folder};
use super::connect::Endpoint;
use super::container::Container;
use super::layers::{Site, token};
use super::log_fifo::{LogFifo, PLACE};
use super::{fault, run};

/// What is said into one takes a moment to arrive. The daemon has started the shell by then.
const ARRIVES_WITHIN: Duration = Duration::from_secs(5);

/// A file that says what was found, and a folder for those in use.
const FOUND: &str = ".log-fifo";
const FOLDER: &str = ".logs";

/// The FIFOs of a daemon's jobs.
pub(super) struct LogFifos {
    /// Where things are remembered about the daemon. Without it there are none.
    folder: Option<PathBuf>,
    endpoint: Endpoint,
    work: OnceCell<bool>,
}

/// What came of trying.
#[derive(Debug, PartialEq, Eq)]
enum Tried {
    Works,
    Refused,
    /// It says nothing of the daemon.
    Unclear,
}

impl LogFifos {
    pub(super) fn new(folder: Option<PathBuf>, endpoint: Endpoint) -> Self {
        Self {
            folder,
            endpoint,
            work: OnceCell::new(),
        }
    }

    /// Finds out, once, whether jobs of this daemon can write into one.
    pub(super) async fn work(&self, site: &Site) -> bool {
        let finding = || Box::pin(self.find_out(site));
        *self.work.get_or_init(finding).await
    }

    /// One for a job.
    pub(super) fn make(&self, owner: &Owner) -> Option<LogFifo> {
        LogFifo::make(&self.base()?, owner).ok()
    }

    /// Forgets what was found: the daemon is another one.
    pub(super) fn forget(&self) {
        if let Some(folder) = &self.folder {
            let _ = fs::remove_file(folder.join(FOUND));
        }
    }

    /// Removes those of dead runs.
    pub(super) fn reap(&self, owner: &str, alive: &dyn Fn(&str) -> bool) {
        let Some(base) = self.base().filter(|base| base.exists()) else {
            return;
        };
        owned_folder::sweep(&base);
        for (folder, _) in owned_folder::dead(&base, owner, alive).unwrap_or_default() {
            // What stays is tried again by the next run.
            let _ = owned_folder::clear(&folder, |path| fs::remove_dir(path));
        }
    }

    fn base(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(FOLDER))
    }

    async fn find_out(&self, site: &Site) -> bool {
        let (Some(folder), Some(base)) = (&self.folder, self.base()) else {
            return false;
        };
        let Some(socket) = self.endpoint.identity() else {
            return false;
        };
        let known = fs::read_to_string(folder.join(FOUND)).unwrap_or_default();
        if let Some(works) = remembered(&known, &socket) {
            return works;
        }
        let tried = try_out(site, &base, &site.owner).await;
        tracing::debug!("logs through a FIFO: {tried:?}");
        let works = tried == Tried::Works;
        if tried != Tried::Unclear {
            // What can't be remembered is tried out again.
            let _ = fs::create_dir_all(folder);
            let _ = fs::write(folder.join(FOUND), note(works, &socket));
        }
        works
    }
}

fn note(works: bool, socket: &str) -> String {
    format!("{} {socket}", if works { "works" } else { "refused" })
}

/// What is noted of that socket. PURE.
fn remembered(noted: &str, socket: &str) -> Option<bool> {
    [true, false]
        .into_iter()
        .find(|works| noted == note(*works, socket))
}

/// Has a shell say a word into one.
async fn try_out(site: &Site, base: &Path, owner: &Owner) -> Tried {
    let (Ok(fifo), Ok(word)) = (LogFifo::make(base, owner), token()) else {
        return Tried::Unclear;
    };
    let says = format!("echo {word} >{PLACE}");
    let body = ContainerCreateBody {
        image: Some(site.image.clone()),
        entrypoint: Some(vec!["sh".to_owned(), "-c".to_owned(), says]),
        cmd: Some(Vec::new()),
        labels: Some(site.labels()),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            log_config: Some(HostConfigLogConfig {
                typ: Some("none".to_owned()),
                config: None,
            }),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let mut container = match Box::pin(site.container(None, fifo.given_to(body))).await {
        Ok(container) => container,
        Err(error) => return what_refused(&error),
    };
    let starting = async {
        let started = site
            .docker
            .start_container(&container.id, None::<StartContainerOptions>);
        started.await.map_err(|error| fault::start(&[], error))
    };
    let tried = match site.patience.answer("start container", starting).await {
        Ok(()) => heard(&container, &fifo, &word).await,
        Err(error) => what_refused(&error),
    };
    // What stays is removed by the next run.
    let _ = container.remove().await;
    tried
}

/// Whether the word comes.
async fn heard(container: &Container, fifo: &LogFifo, word: &str) -> Tried {
    let ended = async { run::exit_code(container).await.ok() };
    match timeout(ARRIVES_WITHIN, ended).await {
        Ok(Some(0)) if fifo.rest() == format!("{word}\n").as_bytes() => Tried::Works,
        Ok(Some(code)) if code != 0 => Tried::Unclear,
        Ok(None) => Tried::Unclear,
        // It was said to somebody else, or nobody listens.
        Ok(Some(_)) | Err(_) => Tried::Refused,
    }
}

/// An image without a shell, or none, says nothing of the daemon.
fn what_refused(error: &ExecError) -> Tried {
    let told = error.in_one_line();
    if told.contains("mount") || told.contains("bind") {
        Tried::Refused
    } else {
        Tried::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::ExecError;
    use super::{Tried, note, remembered, what_refused};

    #[test]
    fn what_was_found_counts_for_the_same_socket() {
        for works in [true, false] {
            let noted = note(works, "1:2:3.4");
            assert_eq!(remembered(&noted, "1:2:3.4"), Some(works));
            assert_eq!(remembered(&noted, "1:2:3.5"), None);
        }
        assert_eq!(remembered("", "1:2:3.4"), None);
    }

    #[test]
    fn what_is_no_fault_of_the_daemon_says_nothing_of_it() {
        for (told, wanted) in [
            (
                "invalid mount config for type \"bind\": bind source path does not exist: /a",
                Tried::Refused,
            ),
            ("error mounting \"/a\" to rootfs", Tried::Refused),
            (
                "exec: \"sh\": executable file not found in $PATH",
                Tried::Unclear,
            ),
        ] {
            let error = ExecError::system("start container", told);
            assert_eq!(what_refused(&error), wanted, "{told}");
        }
    }
}
