//! Which shell reads the scripts in a container.

/// The command of a job's container (runtime reference 2.2): becomes the first shell of the
/// runner's list, which then reads scripts from its standard input. The image's own command is
/// always replaced; its entrypoint gets this as arguments.
pub(super) fn shell_command() -> [&'static str; 3] {
    ["sh", "-c", DETECTOR]
}

/// `exec`, so that the shell is process 1 of the container, as `$$` in a script shows.
const DETECTOR: &str = "\
for shell in /usr/local/bin/bash /usr/bin/bash /bin/bash /usr/local/bin/sh /usr/bin/sh /bin/sh /busybox/sh; do
  [ -x $shell ] && exec $shell
done
echo shell not found
exit 1
";
