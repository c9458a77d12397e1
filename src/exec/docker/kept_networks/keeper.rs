//! A container that does nothing but keep a network, for jobs that use it one after the other.
//!
//! Its shell tells what can be seen of the network, so that none is handed on in which a job left
//! a socket, or whose `/etc/hosts` it changed: those files belong to the network.

use std::time::Duration;

use bollard::models::{ContainerCreateBody, HealthConfig};
use futures_util::StreamExt;
use memchr::memmem;
use tokio::io::AsyncWriteExt;

use super::super::super::ExecError;
use super::super::container::Container;
use super::super::create::KEEPS;
use super::super::host;
use super::super::layers::{Site, token};
use super::super::run::{self, Input, Output};
use super::super::settings::DockerSettings;

/// Nobody's: it has nothing to do but to read.
const USER: &str = "65534:65534";

/// What the shell answers is short, and it has nothing else to do.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Bytes of an answer at most. What a job wrote to the files may be more.
const LONGEST: usize = 64 << 10;

/// For each line that comes: what there is. Of the shell's own commands alone, for the image may
/// have no others. A file that others may write now shows in what this user may do with it. Sockets of
/// TCP and UDP are only counted: to list them takes the kernel ten times as long. The count of all
/// sockets is that of the whole machine with an old kernel, and what counts memory always is.
const TELLS: &str = r#"while read -r asked; do
for file in /etc/hosts /etc/hostname /etc/resolv.conf; do
  [ ! -w "$file" ] || echo "$file can be written"
done
for file in /etc/hosts /etc/hostname /etc/resolv.conf /proc/net/icmp /proc/net/icmp6 \
  /proc/net/packet /proc/net/unix; do
  [ ! -r "$file" ] || while IFS= read -r line; do printf '%s\n' "$line"; done <"$file"
done
for file in /proc/net/sockstat /proc/net/sockstat6; do
  [ ! -r "$file" ] || while read -r of inuse number orphan orphans tw waiting others; do
    case $of in sockets:) ;; *) echo "$of $number $waiting" ;; esac
  done <"$file"
done
printf '%s' "$0"
done"#;

/// Where nobody counts sockets, nothing can be seen of what a job leaves.
const COUNTED: &[u8] = b"\nTCP: ";

/// A network and the container that keeps it.
pub(super) struct Keeper {
    container: Container,
    input: Input,
    output: Output,
    /// The last line of each answer, which no job can guess.
    end: String,
    /// What there was when it was new.
    at_first: Vec<u8>,
}

/// What is seen of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing that was not there when it was new.
    AsNew,
    /// Something else, which may pass.
    Used,
    /// Its shell gives no answer that makes sense, and is of no use any more.
    Lost,
}

impl Keeper {
    /// A new one on the daemon's usual network, with the shell of the site's image.
    pub(super) async fn make(site: &Site, settings: &DockerSettings) -> Result<Self, ExecError> {
        let name = format!("pipe-{}-network-{}", site.owner.run, token()?);
        let end = format!("{}\n", token()?);
        let body = body(site, settings, &end);
        let container = Box::pin(site.container(Some(name), body)).await?;
        let (input, output) = run::start(&container).await?.streams();
        let mut keeper = Self {
            container,
            input,
            output,
            end,
            at_first: Vec::new(),
        };
        let told = keeper.told().await;
        let told = told.filter(|told| memmem::find(told, COUNTED).is_some());
        keeper.at_first = told.ok_or_else(|| {
            ExecError::system(
                "make network",
                "the shell that keeps it does not tell of it",
            )
        })?;
        Ok(keeper)
    }

    /// How a container says that it is on this network.
    pub(super) fn mode(&self) -> String {
        format!("container:{}", self.container.id)
    }

    /// Looks for what jobs have left.
    pub(super) async fn look(&mut self) -> Look {
        match self.told().await {
            Some(now) if now == self.at_first => Look::AsNew,
            Some(_) => Look::Used,
            None => Look::Lost,
        }
    }

    /// Takes it away, and the network with it.
    pub(super) async fn remove(&mut self) -> Result<(), ExecError> {
        self.container.remove().await
    }

    /// A whole answer. Of one that is too long, the rest would be taken for the next.
    async fn told(&mut self) -> Option<Vec<u8>> {
        let asking = async {
            self.input.write_all(b"\n").await.ok()?;
            self.input.flush().await.ok()?;
            let mut told = Vec::new();
            while !told.ends_with(self.end.as_bytes()) {
                told.extend_from_slice(&self.output.next().await?.ok()?.into_bytes());
                if told.len() > LONGEST {
                    return None;
                }
            }
            Some(told)
        };
        tokio::time::timeout(ANSWERS_WITHIN, asking).await.ok()?
    }
}

fn body(site: &Site, settings: &DockerSettings, end: &str) -> ContainerCreateBody {
    let mut labels = site.labels();
    labels.insert(KEEPS.to_owned(), String::new());
    ContainerCreateBody {
        image: Some(site.image.clone()),
        entrypoint: Some(["sh", "-c", TELLS, end].map(str::to_owned).to_vec()),
        cmd: Some(Vec::new()),
        user: Some(USER.to_owned()),
        working_dir: Some("/".to_owned()),
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..HealthConfig::default()
        }),
        labels: Some(labels),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        stdin_once: Some(true),
        host_config: Some(host::of_keeper(settings)),
        ..ContainerCreateBody::default()
    }
}
