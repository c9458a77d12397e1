//! Which shell reads the scripts in a container.

/// The shells that the runner looks for, the first that is there counts.
const SHELLS: [&str; 7] = [
    "/usr/local/bin/bash",
    "/usr/bin/bash",
    "/bin/bash",
    "/usr/local/bin/sh",
    "/usr/bin/sh",
    "/bin/sh",
    "/busybox/sh",
];

/// The command of a job's container (runtime reference 2.2): becomes the first shell of the
/// runner's list, which then reads scripts from its standard input. The image's own command is
/// always replaced; its entrypoint gets this as arguments.
pub(super) fn shell_command() -> [String; 3] {
    ["sh".to_owned(), "-c".to_owned(), detector()]
}

/// `exec`, so that the shell is process 1 of the container, as `$$` in a script shows.
fn detector() -> String {
    let shells = SHELLS.join(" ");
    format!(
        "for shell in {shells}; do\n  [ -x $shell ] && exec $shell\ndone\necho shell not found\nexit 1\n"
    )
}

/// What [`shell_command`] would become, for who can look without starting a `sh` that does. `None`
/// where the words are others, or where `sh` is not in the search `path` and has to fail.
#[cfg(target_os = "linux")]
pub(super) fn shell_of(
    words: &[String],
    path: &str,
    is_program: impl Fn(&str) -> bool,
) -> Option<&'static str> {
    let has_sh = || {
        path.split(':')
            .any(|folder| is_program(&format!("{folder}/sh")))
    };
    let is_command = words == shell_command();
    let mut shells = SHELLS.into_iter();
    (is_command && has_sh()).then(|| shells.find(|shell| is_program(shell)))?
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{shell_command, shell_of};

    #[test]
    fn a_shell_is_found_as_the_command_finds_it() {
        let command = shell_command();
        let other = ["sh".to_owned()];
        for (name, words, there, wanted) in [
            (
                "bash",
                &command[..],
                &["/bin/sh", "/bin/bash"][..],
                Some("/bin/bash"),
            ),
            (
                "the first",
                &command,
                &["/bin/sh", "/usr/bin/sh"],
                Some("/usr/bin/sh"),
            ),
            ("no sh to look with", &command, &["/bin/bash"], None),
            ("no shell", &command, &["/sbin/sh"], None),
            ("another command", &other, &["/bin/sh"], None),
        ] {
            let found = shell_of(words, "/sbin:/bin", |path| there.contains(&path));
            assert_eq!(found, wanted, "{name}");
        }
    }

    #[test]
    fn the_command_looks_for_shells_in_the_order_of_the_runner() {
        let [_, _, script] = shell_command();
        insta::assert_snapshot!(script, @r"
        for shell in /usr/local/bin/bash /usr/bin/bash /bin/bash /usr/local/bin/sh /usr/bin/sh /bin/sh /busybox/sh; do
          [ -x $shell ] && exec $shell
        done
        echo shell not found
        exit 1
        ");
    }
}
