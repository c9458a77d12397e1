//! Jobs that ask the project's server by git: their clone comes from this machine and has no credentials
//! for it (runtime reference 11.4).

use std::sync::LazyLock;

use regex::Regex;

use crate::plan::{Job, Plan};
use crate::report::words;

/// Names that a sentence lists before it counts.
const NAMES: usize = 8;

/// A command of git that asks a server, whatever options come before it.
static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let text = r"(?m)(?:^|[\s;&|(`])git(?:\s+-[cC]\s*\S+|\s+--?[\w-]+(?:=\S+)?)*\s+(?:fetch|pull|push|ls-remote)\b";
    Regex::new(text).ok()
});

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
    let asks = ASKS.as_ref();
    asks.is_some_and(|asks| commands.any(|command| asks.is_match(command)))
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
            ("make\ngit push --tags", true),
            ("(git pull)", true),
            ("x=$(git ls-remote origin)", true),
            ("git -C sub fetch", true),
            ("git log --grep fetch", false),
            ("git status", false),
            ("legit fetch", false),
            ("git commit -m push", false),
        ] {
            assert_eq!(asks.is_match(command), wanted, "{command}");
        }
    }
}
