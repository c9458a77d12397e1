//! The script of one stage of a job: exports, `GITLAB_ENV`, folder, commands, shell options.

use std::collections::{HashMap, HashSet};

use super::command::{echoed, heading};
use super::quote::quoted;
use super::variable::{VariableKind, export};
use super::{Flags, Variable};

/// Ends the shell quietly when it is asked to; without it, bash prints the whole script when a
/// subshell is terminated.
const EXIT_ON_TERM: &str = "trap 'exit 1' TERM\n";

/// stdout and stderr become one stream at its source, so that their order holds whatever carries
/// them (design chapter 6).
const ONE_STREAM: &str = "exec 2>&1\n";

/// The runner's scripts are a syntax error, status 2, in a shell without `$'…'`; ours would run.
/// Green here and red there must not happen, so we end the same way and say why.
const NEEDS_ANSI_QUOTES: &str = r#"if [ $'\101' != A ]; then
printf '%s\n' "pipe: this image has no shell that GitLab Runner's scripts work in (its sh is dash or alike, without \$'...' quoting):" \
"pipe: on GitLab this job fails with exit code 2 too; use an image with bash or busybox," \
"pipe: or set the variable FF_POSIXLY_CORRECT_ESCAPES: \"true\""
exit 2
fi
"#;

/// The runner asks `grep`; where an image has none, pipefail stays off, as there. To start it, or another
/// process, takes longer than most of a small job, and bash needs not be asked.
const OPTIONS: &str = "if command -v grep >/dev/null 2>&1; then \
                       case ${BASH_VERSINFO-$(set -o)} in [0-9]*|*pipefail*) set -o pipefail;; esac; fi\n\
                       set -o errexit\nset +o noclobber\n";

/// Variables that are others where an environment is there before the job's turn comes.
const OF_ITS_TURN: [&str; 4] = [
    "CI_CONCURRENT_ID",
    "CI_CONCURRENT_PROJECT_ID",
    "CI_JOB_STARTED_AT",
    "CI_JOB_STARTED_AT_SLUG",
];

/// Name of the file behind `GITLAB_ENV`.
const GITLAB_ENV_FILE: &str = "gitlab_runner_env";

/// Name of the file from which a person's shell takes its environment.
const SURROUNDINGS_FILE: &str = "pipe_surroundings";

/// The folder for file variables and `GITLAB_ENV`: a sibling of the project directory
/// (runtime reference 1.6).
pub fn temp_dir(project_dir: &str) -> String {
    format!("{project_dir}.tmp")
}

/// The file behind `GITLAB_ENV` (runtime reference 1.5).
pub fn gitlab_env_path(project_dir: &str) -> String {
    format!("{}/{GITLAB_ENV_FILE}", temp_dir(project_dir))
}

fn surroundings_path(project_dir: &str) -> String {
    format!("{}/{SURROUNDINGS_FILE}", temp_dir(project_dir))
}

/// What all stages of one job share.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// All variables of the job, in the order of their export; later ones win.
    pub variables: &'a [Variable],
    /// The real project directory; a variable `CI_PROJECT_DIR` does not move it.
    pub project_dir: &'a str,
    /// Switches among the variables.
    pub flags: Flags,
    /// What the shell's environment has already.
    given: &'a [(String, String)],
}

impl<'a> Stage<'a> {
    /// Takes the switches from the variables.
    pub fn new(variables: &'a [Variable], project_dir: &'a str) -> Self {
        Self {
            variables,
            project_dir,
            flags: Flags::from_variables(variables),
            given: &[],
        }
    }

    /// The same for a shell in that environment: what GitLab and the runner set is not exported once
    /// more, which takes bash longer than all else in a small script. Variables of other names are: to
    /// some a shell gives values of its own. So are all where a trace shows it.
    #[must_use]
    pub fn in_environment(self, given: &'a [(String, String)]) -> Self {
        if self.flags.debug_trace {
            return self;
        }
        Self { given, ..self }
    }

    /// `before_script` and `script` in one shell (runtime reference 2.1). Empty commands print an
    /// empty line.
    pub fn step_script<S: AsRef<str>>(&self, commands: &[S]) -> String {
        self.text(&self.commands(commands, "script_step"))
    }

    /// `hooks:pre_get_sources_script` (runtime reference 1.4). The runner's own image has bash, so
    /// that a job whose image has none fails later, in its script. The project directory is not
    /// there yet.
    pub fn pre_get_sources_script<S: AsRef<str>>(&self, commands: &[S]) -> String {
        let commands = self.commands(commands, "pre_get_sources_script_step");
        let flags = Flags {
            posix_escapes: true,
            ..self.flags
        };
        wrapped(&format!("{}{commands}", self.exports()), flags)
    }

    /// What [`Stage::step_script`] does before its first command; then keeps what that would have in
    /// its environment for [`Stage::login`]. Works in any shell, which then reads on.
    pub fn surroundings(&self) -> String {
        let file = surroundings_path(self.project_dir);
        let file = quoted(&file);
        let body = format!(
            "{}cd {}\n(umask 077; export -p >{file})\n",
            self.exports(),
            quoted(self.project_dir)
        );
        let flags = Flags {
            posix_escapes: true,
            debug_trace: false,
            ..self.flags
        };
        evaluated(&body, flags)
    }

    /// Commands that turn the shell which is given them, perhaps behind [`Stage::surroundings`], into one
    /// for a person at the terminal that it writes to, of that kind (`TERM`), with the environment that
    /// those have kept. Nothing secret is in them.
    pub fn login(&self, terminal: &str) -> String {
        let file = surroundings_path(self.project_dir);
        let file = quoted(&file);
        format!(
            ". {file}\nrm -f {file}\n{}cd {}\nexec \"$0\" <&1\n",
            export("TERM", terminal),
            quoted(self.project_dir)
        )
    }

    /// `after_script`: a new shell, the same variables (runtime reference 1.3). The caller sets
    /// `CI_JOB_STATUS`.
    pub fn after_script<S: AsRef<str>>(&self, commands: &[S]) -> String {
        let commands = self.commands(commands, "after_script_step");
        self.text(&format!("{}{commands}", heading("Running after script...")))
    }

    /// Every variable as a process of the job sees it, for the environment itself (runtime
    /// reference 7.6); of equal names the last stays.
    pub fn environment(&self) -> Vec<(String, String)> {
        let temp = temp_dir(self.project_dir);
        let mut all: Vec<(String, String)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let given = self
            .variables
            .iter()
            .map(|variable| (variable.name.clone(), variable.seen(&temp)));
        for (name, value) in given.chain(own_variables(&temp)) {
            let place = *places.entry(name.clone()).or_insert(all.len());
            match all.get_mut(place) {
                Some(entry) => entry.1 = value,
                None => all.push((name, value)),
            }
        }
        all
    }

    fn commands<S: AsRef<str>>(&self, commands: &[S], section: &str) -> String {
        commands
            .iter()
            .enumerate()
            .map(|(index, command)| {
                echoed(command.as_ref(), &format!("{section}_{index}"), self.flags)
            })
            .collect()
    }

    /// Exports, `GITLAB_ENV`, project directory, then `commands` (runtime reference 2.1).
    fn text(&self, commands: &str) -> String {
        let mut body = self.exports();
        body.push_str("cd ");
        body.push_str(&quoted(self.project_dir));
        body.push('\n');
        body.push_str(commands);
        wrapped(&body, self.flags)
    }

    /// The variables that it does not export, for the environment has them.
    pub fn relies_on(&self) -> Vec<(String, String)> {
        let known = self.known(&temp_dir(self.project_dir));
        let given = self.given.iter();
        given
            .filter(|(name, _)| known.contains(&**name))
            .cloned()
            .collect()
    }

    /// Names of the variables that the environment has with the values that they end up with.
    fn known(&self, temp: &str) -> HashSet<&str> {
        if self.given.is_empty() {
            return HashSet::new();
        }
        let mut known: HashMap<&str, &str> = (self.given.iter())
            .filter(|(name, _)| is_of_gitlab(name))
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let own = own_variables(temp);
        let values = self.variables.iter().map(|variable| match variable.kind {
            VariableKind::Plain => (&*variable.name, Some(&*variable.value)),
            // The file has to be written.
            VariableKind::File => (&*variable.name, None),
        });
        let own = own.iter().map(|(name, value)| (&**name, Some(&**value)));
        let last: HashMap<&str, Option<&str>> = values.chain(own).collect();
        known.retain(|name, value| last.get(name) == Some(&Some(*value)));
        known.into_keys().collect()
    }

    fn exports(&self) -> String {
        let temp = temp_dir(self.project_dir);
        let mut body = make_dir(&temp);
        let known = self.known(&temp);
        for variable in self.variables {
            if !known.contains(&*variable.name) {
                body.push_str(&variable.export(&temp));
            }
        }
        for (name, value) in own_variables(&temp) {
            if !known.contains(&*name) {
                body.push_str(&export(&name, &value));
            }
        }
        body.push_str(&read_gitlab_env(&temp));
        body
    }
}

/// Whether GitLab or its runner sets variables of such names, which mean nothing to a shell.
fn is_of_gitlab(name: &str) -> bool {
    let is_known = ["CI_", "FF_", "GITLAB_"]
        .iter()
        .any(|it| name.starts_with(it));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (is_known || name == "CI") && name.bytes().all(is_plain) && !OF_ITS_TURN.contains(&name)
}

/// Variables about the temporary folder; the runner adds them after the job's own.
fn own_variables(temp: &str) -> [(String, String); 2] {
    [
        ("RUNNER_TEMP_PROJECT_DIR".to_owned(), temp.to_owned()),
        ("GITLAB_ENV".to_owned(), format!("{temp}/{GITLAB_ENV_FILE}")),
    ]
}

fn make_dir(dir: &str) -> String {
    let dir = quoted(dir);
    format!("[ -d {dir} ] || mkdir -p {dir}\n")
}

/// Exports each line of the file as it stands (runtime reference 1.5). A last line without its
/// end is not read, as in the runner.
fn read_gitlab_env(temp: &str) -> String {
    let file = format!("{temp}/{GITLAB_ENV_FILE}");
    let file = quoted(&file);
    format!(
        "[ -e {file} ] || (umask 0; : >>{file})\nwhile read -r line; do export \"$line\"; done <{file}\n"
    )
}

/// What an executor's words before the script may have opened beside the usual three is none of a job's.
const CLOSED: &str = " 8>&- 9>&-";

/// Wraps `body` into shell options and a subshell that evaluates it as one string: read command by
/// command, so that the lines before a syntax error run, with an empty stdin, so that no command
/// eats the rest of the script. The subshell's status is that of its last command.
fn evaluated(body: &str, flags: Flags) -> String {
    let quotes = if flags.posix_escapes {
        ""
    } else {
        NEEDS_ANSI_QUOTES
    };
    let trace = if flags.debug_trace {
        "set -o xtrace\n"
    } else {
        ""
    };
    let body = format!("{EXIT_ON_TERM}{body}");
    format!(
        "{EXIT_ON_TERM}{ONE_STREAM}{quotes}{trace}{OPTIONS}(eval {}) </dev/null{CLOSED}\n",
        quoted(&body)
    )
}

/// The same as all that the shell is to do.
fn wrapped(body: &str, flags: Flags) -> String {
    format!("{}exit 0\n", evaluated(body, flags))
}
