//! How a shell gets its script, and why there is no shell.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::AsFd;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::super::ExecError;
use super::inside::cause::Cause;

/// What to do about an entrypoint that starts no shell.
pub(super) const CHECK_ENTRYPOINT: &str = "check `image:entrypoint`; `[\"\"]` clears the image's";

/// A file that nobody can change. From a pipe a shell would read byte by byte, lest it take what is
/// meant for its commands.
pub(super) fn in_memory(script: &str) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(memfd_create("script", flags)?);
    file.write_all(script.as_bytes())?;
    file.rewind()?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(file.as_fd(), seals)?;
    Ok(file)
}

/// Why no shell reads a script, with what to do.
pub(super) fn not_started(what: String, cause: Cause, has_entrypoint: bool) -> ExecError {
    const NO_SHELL: &str = "`sh` can't be started";
    if cause == Cause::FullDisk {
        return ExecError::full_disk("run script", what);
    }
    if cause == Cause::Job {
        // The image does not know whom it asks for: the system's fault, as all that is wrong at the
        // start of a container under the runner.
        return ExecError::system("run script", what)
            .help("check `image:docker:user`, or `docker.user` in your settings");
    }
    let is_shell = what.starts_with(NO_SHELL);
    let error = ExecError::system("run script", what);
    if has_entrypoint {
        error.help(CHECK_ENTRYPOINT)
    } else if is_shell {
        error.help("the image has no shell to run scripts with: use one that has `sh`")
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, not_started};

    #[test]
    fn the_remedy_is_about_what_is_missing() {
        for (what, cause, has_entrypoint, wanted) in [
            (
                "`sh` can't be started: no such file or directory",
                Cause::Moment,
                false,
                "has no shell",
            ),
            (
                "`tool` can't be started: permission denied",
                Cause::Moment,
                true,
                "image:entrypoint",
            ),
            (
                "user 5:5 can't be had here: invalid argument",
                Cause::Moment,
                false,
                "",
            ),
            (
                "the image has no user `ann` in /etc/passwd",
                Cause::Job,
                true,
                "image:docker:user",
            ),
            (
                "`/app` can't be made: no space left on device",
                Cause::FullDisk,
                true,
                "make room",
            ),
        ] {
            let error = not_started(what.to_owned(), cause, has_entrypoint);
            let help = error.help.unwrap_or_default();
            assert!(help.contains(wanted), "{what}: {help}");
            assert_eq!(help.is_empty(), wanted.is_empty(), "{what}: {help}");
        }
    }
}
