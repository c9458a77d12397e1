//! Jobs that ask the project's server by git: their clone comes from this machine and has no credentials
//! for it (runtime reference 11.4).

use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::plan::{Job, Plan};
use crate::report::words;

/// Names that a sentence lists before it counts.
const NAMES: usize = 8;

/// A command of git that asks `origin`, or whoever is asked where nothing is named: where a command begins, in
/// no other folder, and with nothing but options before the name.
static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let begins = r"(?m)(?:^|[;&|(`]|\b(?:then|do|else|if)\s|!\s)[ \t]*(?:/\S*/)?git";
    let options =
        r#"(?:[ \t]+-c[ \t]*(?:"[^"]*"|'[^']*'|[^\s"']+(?:"[^"]*")?)|[ \t]+--[\w-]+(?:=\S+)?)*"#;
    let named = r"(?:[ \t]+-[\w=-]+)*[ \t]+origin\b";
    let alone = r"[ \t]+fetch(?:[ \t]+-[\w=-]+)*[ \t]*(?:$|[;&|)`])";
    let text = format!(
        r"{begins}{options}(?:[ \t]+(?:fetch|pull|push|ls-remote){named}|{alone}|[ \t]+remote[ \t]+update\b)"
    );
    Regex::new(&text).ok()
});

/// Commands after which `origin` may be somebody else.
const CHANGES: [&str; 4] = [
    "git remote set-url",
    "git remote add",
    "git clone",
    "git init",
];

/// What to tell where jobs do.
pub(super) fn asks_origin(plan: &Plan) -> Option<String> {
    let jobs = plan.jobs.iter().filter(|job| does(job));
    let jobs: Vec<&str> = jobs.map(Job::name).collect();
    let ask = match jobs.len() {
        0 => return None,
        1 => "asks",
        _ => "ask",
    };
    let names = words::names(&jobs, NAMES);
    Some(format!(
        "{names} {ask} `origin` by git: the clone of a job has no credentials here; with `GIT_DEPTH: 0` it has \
         all branches that this machine knows"
    ))
}

fn does(job: &Job) -> bool {
    let config = &job.config;
    let scripts = [&config.before_script, &config.script, &config.after_script];
    let mut commands = scripts.into_iter().flat_map(|script| script.iter());
    let changes = |command: &Arc<str>| CHANGES.iter().any(|it| command.contains(it));
    let asks = |command: &Arc<str>| ASKS.as_ref().is_some_and(|asks| asks.is_match(command));
    !commands.clone().any(changes) && commands.any(asks)
}

#[cfg(test)]
mod tests {
    use super::ASKS;

    #[test]
    fn commands_that_ask_a_server_are_known() {
        let asks = ASKS.as_ref().expect("a pattern");
        for (command, wanted) in [
            ("git fetch origin main", true),
            ("cd x && git -c a.b=c --no-pager fetch", true),
            ("git -c http.extraheader=\"AUTH x\" push origin HEAD", true),
            ("make\ngit push --tags origin", true),
            ("(git pull origin main)", true),
            ("x=$(git ls-remote origin)", true),
            ("if git fetch --tags; then true; fi", true),
            ("/usr/bin/git fetch --depth=5 origin", true),
            ("git remote update", true),
            ("git -C sub fetch", false),
            ("git push https://x:$T@gitlab.com/x/y HEAD:main", false),
            ("git fetch upstream", false),
            ("git fetch ../a", false),
            ("# git fetch origin main", false),
            ("echo 'run git fetch origin first'", false),
            ("git log --grep fetch", false),
            ("git status", false),
            ("legit fetch", false),
            ("git commit -m 'fix git push thing'", false),
        ] {
            assert_eq!(asks.is_match(command), wanted, "{command}");
        }
    }
}
