//! The variables about submodules: `GIT_SUBMODULE_STRATEGY` and its kin (runtime reference 11.2, 11.3).

use crate::repo::{CommitPaths, RepoError};
use crate::run::Refusal;
use crate::types::{FailureReason, Sources, SubmoduleStrategy, Submodules};

use super::sources::ignored;

/// Options of `git submodule update` that are about the way to a server, or about a folder that was
/// there before. In a fresh tree they change nothing.
const WITHOUT_EFFECT: [&str; 18] = [
    "--checkout",
    "--dissociate",
    "--force",
    "--init",
    "--merge",
    "--no-fetch",
    "--no-recommend-shallow",
    "--no-single-branch",
    "--progress",
    "--quiet",
    "--rebase",
    "--recommend-shallow",
    "--require-init",
    "--single-branch",
    "-N",
    "-f",
    "-q",
    "-r",
];

/// Such options that have a value behind them.
const WITH_VALUE: [&str; 5] = ["--filter", "--jobs", "--ref-format", "--reference", "-j"];

/// Which submodules the variables ask for. What makes no sense is a warning where the runner warns,
/// and fails the job where it does there.
pub(super) fn submodules<'a>(
    value: &dyn Fn(&str) -> Option<&'a str>,
    warnings: &mut Vec<String>,
) -> Result<Submodules, Refusal> {
    let strategy = match value("GIT_SUBMODULE_STRATEGY") {
        None | Some("none") => SubmoduleStrategy::None,
        Some("normal") => SubmoduleStrategy::Normal,
        Some("recursive") => SubmoduleStrategy::Recursive,
        Some(other) => {
            warnings.push(ignored("GIT_SUBMODULE_STRATEGY", other, "`none`"));
            SubmoduleStrategy::None
        }
    };
    if strategy == SubmoduleStrategy::None {
        // Nobody reads the others, and equal sources are made once.
        return Ok(Submodules::default());
    }
    let mut wanted = Submodules {
        strategy,
        paths: words(value("GIT_SUBMODULE_PATHS")),
        depth: value("GIT_SUBMODULE_DEPTH").and_then(go_depth),
        newest: false,
    };
    if wanted.paths.iter().any(|path| path == ":(exclude)") {
        return Err(Refusal {
            reason: FailureReason::RunnerSystemFailure,
            message:
                "ERROR: `GIT_SUBMODULE_PATHS` has `:(exclude)` with no path behind it: write it \
                      without a blank, as `:(exclude)lib`"
                    .to_owned(),
            exit_code: None,
        });
    }
    let flags = words(value("GIT_SUBMODULE_UPDATE_FLAGS"));
    let flags = if flags == ["none"] { Vec::new() } else { flags };
    update_flags(&flags, &mut wanted)?;
    Ok(wanted)
}

/// Why git ends at the paths that are asked for, where it does.
pub(super) fn unfit(paths: &CommitPaths, sources: &Sources) -> Option<Refusal> {
    let written = &sources.submodules.paths;
    if written.is_empty() || !sources.checkout {
        return None;
    }
    // What else goes wrong shows again where the files are read.
    let Err(error @ RepoError::SubmodulePath { is_pathspec, .. }) = paths.fit(written) else {
        return None;
    };
    Some(Refusal {
        reason: FailureReason::ScriptFailure,
        message: format!("ERROR: {error}: the job fails before its script, as on GitLab"),
        exit_code: Some(if is_pathspec { 1 } else { 128 }),
    })
}

/// What `git submodule update` does with these.
fn update_flags(flags: &[String], wanted: &mut Submodules) -> Result<(), Refusal> {
    let mut flags = flags.iter().map(String::as_str);
    while let Some(flag) = flags.next() {
        let (name, given) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag, None),
        };
        match name {
            "--recursive" => wanted.strategy = SubmoduleStrategy::Recursive,
            "--remote" => wanted.newest = true,
            "--depth" => {
                let depth = given.or_else(|| flags.next()).and_then(go_depth);
                let depth = depth.filter(|depth| *depth > 0);
                wanted.depth = Some(depth.ok_or_else(|| refused(flag))?);
            }
            _ if WITH_VALUE.contains(&name) => {
                given
                    .or_else(|| flags.next())
                    .ok_or_else(|| refused(flag))?;
            }
            _ if WITHOUT_EFFECT.contains(&flag) => {}
            // `-j4`
            _ if flag.starts_with("-j") => {}
            _ => return Err(refused(flag)),
        }
    }
    Ok(())
}

fn refused(flag: &str) -> Refusal {
    Refusal {
        reason: FailureReason::ScriptFailure,
        message: format!(
            "ERROR: `GIT_SUBMODULE_UPDATE_FLAGS` has `{flag}`, which `git submodule update` does not \
             know: the job fails before its script, as on GitLab"
        ),
        exit_code: Some(1),
    }
}

fn words(text: Option<&str>) -> Vec<String> {
    let words = text.unwrap_or_default().split_whitespace();
    words.map(str::to_owned).collect()
}

/// The runner reads a depth as Go's `Atoi`: what is no number counts for nothing, and below 1 is all
/// of the history.
fn go_depth(text: &str) -> Option<u32> {
    let number: i64 = text.parse().ok()?;
    Some(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{SubmoduleStrategy, Submodules, submodules};

    #[test]
    fn which_submodules_the_variables_ask_for() {
        let normal = Submodules {
            strategy: SubmoduleStrategy::Normal,
            ..Submodules::default()
        };
        let with = |change: &dyn Fn(&mut Submodules)| {
            let mut wanted = normal.clone();
            change(&mut wanted);
            Some(wanted)
        };
        let (flags, depth) = ("GIT_SUBMODULE_UPDATE_FLAGS", "GIT_SUBMODULE_DEPTH");
        let deep = with(&|it| it.depth = Some(3));
        for (name, value, wanted) in [
            (flags, "", with(&|_| {})),
            (flags, "none", with(&|_| {})),
            (
                flags,
                "--jobs 4 -j 2 -j8 --force --filter=blob:none",
                with(&|_| {}),
            ),
            (flags, "--remote", with(&|it| it.newest = true)),
            (
                flags,
                "--recursive",
                with(&|it| it.strategy = SubmoduleStrategy::Recursive),
            ),
            (flags, "--depth 3", deep.clone()),
            (flags, "--depth=3", deep.clone()),
            (flags, "--depth 0", None),
            (flags, "--jobs", None),
            (flags, "--bogus", None),
            (depth, "3", deep),
            (depth, "0", with(&|it| it.depth = Some(0))),
            (depth, "-1", with(&|it| it.depth = Some(0))),
            (depth, "x", with(&|_| {})),
            (
                "GIT_SUBMODULE_PATHS",
                " a  :(exclude)b ",
                with(&|it| it.paths = vec!["a".to_owned(), ":(exclude)b".to_owned()]),
            ),
            ("GIT_SUBMODULE_PATHS", ":(exclude) b", None),
        ] {
            let variable = |asked: &str| match asked {
                "GIT_SUBMODULE_STRATEGY" => Some("normal"),
                _ => Some(value).filter(|_| asked == name),
            };
            let asked = submodules(&variable, &mut Vec::new());
            assert_eq!(asked.ok(), wanted, "{name}={value}");
            let alone = |asked: &str| Some(value).filter(|_| asked == name);
            let asked = submodules(&alone, &mut Vec::new());
            assert_eq!(asked.ok(), Some(Submodules::default()), "{name}={value}");
        }
    }
}
