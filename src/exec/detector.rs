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
    ["sh".to_owned(), "-c".to_owned(), detector("exec $shell")]
}

/// The same shell, which does what `login` says in place of reading a script.
pub(super) fn login_command(login: &str) -> [String; 5] {
    let script = detector("exec $shell -c \"$1\"");
    let words = ["sh", "-c", &script, "sh", login];
    words.map(str::to_owned)
}

/// The words of a job's program, which end with [`shell_command`], for that in its place.
#[cfg(target_os = "linux")]
pub(super) fn with_login(words: &[String], login: &str) -> Vec<String> {
    let before = words.len().saturating_sub(shell_command().len());
    let before = words[..before].iter().cloned();
    before.chain(login_command(login)).collect()
}

/// `exec`, so that the shell is process 1 of the container, as `$$` in a script shows.
fn detector(exec: &str) -> String {
    let shells = SHELLS.join(" ");
    format!(
        "for shell in {shells}; do\n  [ -x $shell ] && {exec}\ndone\necho shell not found\nexit 1\n"
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
    use super::{login_command, shell_command, shell_of, with_login};

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
    fn a_login_takes_the_place_of_the_script() {
        let words: Vec<String> = (["tini".to_owned()].into_iter())
            .chain(shell_command())
            .collect();
        let login = with_login(&words, "exec \"$0\"");
        assert_eq!(login[0], "tini");
        assert_eq!(login[1..], login_command("exec \"$0\""));
        insta::assert_snapshot!(login[3], @r#"
        for shell in /usr/local/bin/bash /usr/bin/bash /bin/bash /usr/local/bin/sh /usr/bin/sh /bin/sh /busybox/sh; do
          [ -x $shell ] && exec $shell -c "$1"
        done
        echo shell not found
        exit 1
        "#);
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
