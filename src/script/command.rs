//! The echo of a command, and the command (runtime reference 2.3).

use super::Flags;
use super::quote::quoted;

const BOLD_GREEN: &str = "\x1b[32;1m";
const RESET: &str = "\x1b[0;m";
const CLEAR_LINE: &str = "\x1b[0K";

/// After each command when every status counts.
const CHECK_STATUS: &str =
    "_pipe_status=$?; if [ $_pipe_status -ne 0 ]; then exit $_pipe_status; fi\n";

/// Shell lines that print `text` in bold green.
pub(super) fn heading(text: &str) -> String {
    print(&format!("{BOLD_GREEN}{text}{RESET}"))
}

/// Shell lines that echo `command` and run it. `section` names the section that holds the echo
/// of a command of several lines where [`Flags::script_sections`] asks for one.
pub(super) fn echoed(command: &str, section: &str, flags: Flags) -> String {
    let command = command.trim();
    if command.is_empty() {
        return print("");
    }
    let check = if flags.exit_code_check {
        CHECK_STATUS
    } else {
        ""
    };
    format!("{}{command}\n{check}", echo(command, section, flags))
}

fn echo(command: &str, section: &str, flags: Flags) -> String {
    match command.split_once('\n') {
        None => heading(&format!("$ {command}")),
        Some(_) if flags.script_sections => in_section(command, section),
        Some((first, _)) => heading(&format!("$ {first} # collapsed multi-line command")),
    }
}

/// The section is closed before the command runs: it folds the text, not the output.
fn in_section(command: &str, section: &str) -> String {
    format!(
        "printf 'section_start:%s:section_{section}[hide_duration=true,collapsed=true]\\r{CLEAR_LINE}%s\\n' \
         \"$(date +%s)\" {}\nprintf 'section_end:%s:section_{section}\\r{CLEAR_LINE}\\n' \"$(date +%s)\"\n",
        quoted(&format!("{BOLD_GREEN}$ {command}{RESET}"))
    )
}

/// `echo` would read backslashes in some shells; `printf %s` reads nothing.
fn print(text: &str) -> String {
    format!("printf '%s\\n' {}\n", quoted(text))
}

#[cfg(test)]
mod tests {
    use super::{Flags, echoed};

    #[test]
    fn echo_of_commands() {
        for (name, command, shown) in [
            ("one line", "echo a", Some("$ echo a")),
            ("outer blanks", "\t echo a \n\n", Some("$ echo a")),
            (
                "several lines",
                "echo a\necho b\n",
                Some("$ echo a # collapsed multi-line command"),
            ),
            ("not expanded", "echo $TOKEN", Some("$ echo $TOKEN")),
            ("empty", "", None),
            ("blank", " \n ", None),
        ] {
            let wanted = shown.map_or("printf '%s\\n' ''\n".to_owned(), |shown| {
                let run = command.trim();
                format!("printf '%s\\n' '\x1b[32;1m{shown}\x1b[0;m'\n{run}\n")
            });
            assert_eq!(echoed(command, "s", Flags::default()), wanted, "{name}");
        }
    }

    #[test]
    fn sections_hold_only_commands_of_several_lines() {
        let flags = Flags {
            script_sections: true,
            ..Flags::default()
        };
        let one = echoed("echo a", "script_step_0", flags);
        assert!(!one.contains("section_"), "{one}");
        let two = echoed("echo a\necho b", "script_step_1", flags);
        insta::assert_snapshot!(two.replace('\x1b', "<ESC>"), @r#"
        printf 'section_start:%s:section_script_step_1[hide_duration=true,collapsed=true]\r<ESC>[0K%s\n' "$(date +%s)" '<ESC>[32;1m$ echo a
        echo b<ESC>[0;m'
        printf 'section_end:%s:section_script_step_1\r<ESC>[0K\n' "$(date +%s)"
        echo a
        echo b
        "#);
    }

    #[test]
    fn every_status_counts_when_asked() {
        let flags = Flags {
            exit_code_check: true,
            ..Flags::default()
        };
        let text = echoed("! true", "s", flags);
        assert!(
            text.ends_with(
                "! true\n_pipe_status=$?; if [ $_pipe_status -ne 0 ]; then exit $_pipe_status; fi\n"
            ),
            "{text}"
        );
    }
}
