//! What an image says of its containers: environment, command, user, folder.

/// What an image says of its containers. Everything is as the image has it, nothing is looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// `KEY=VALUE`, in order. Without a `PATH` among them the engine's default counts:
    /// `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`.
    pub env: Vec<String>,
    /// What runs in front of the command.
    pub entrypoint: Vec<String>,
    /// The command where none is given.
    pub cmd: Vec<String>,
    /// `user`, `user:group`, each a name of the image's `/etc/passwd` and `/etc/group` or a
    /// number. Empty is root.
    pub user: String,
    /// The folder that the command starts in; empty is `/`. It may not exist yet.
    pub workdir: String,
    /// Folders that are volumes of their own, in order.
    pub volumes: Vec<String>,
    /// The signal that asks the command to end; empty is `SIGTERM`.
    pub stop_signal: String,
}
