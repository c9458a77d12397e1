//! The variables about sources: `GIT_STRATEGY` and its kin (runtime reference 11.2, 1.6).

use crate::exec::{Layout, Traits};
use crate::plan::JobVariables;
use crate::run::Refusal;
use crate::types::{FailureReason, Sources, Submodules, Tags, go_bool};

use super::submodules::submodules;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    /// `fetch` and `clone`, which are the same in a folder that is new.
    Fetch,
    None,
    Empty,
}

/// What the variables of a job say.
#[derive(Debug)]
pub(super) struct Git {
    strategy: Strategy,
    sources: Sources,
    clone_path: Option<String>,
    warnings: Vec<String>,
    refusal: Option<Refusal>,
}

impl Git {
    /// Reads the variables; what makes no sense is ignored with a warning.
    pub(super) fn of(variables: &JobVariables) -> Self {
        let mut warnings = Vec::new();
        let value = |name: &str| variables.value(name).filter(|value| !value.is_empty());
        let strategy = match value("GIT_STRATEGY") {
            None | Some("fetch" | "clone") => Strategy::Fetch,
            Some("none") => Strategy::None,
            Some("empty") => Strategy::Empty,
            Some(other) => {
                warnings.push(ignored("GIT_STRATEGY", other, "`fetch`"));
                Strategy::Fetch
            }
        };
        let checkout = match value("GIT_CHECKOUT").map(|text| (text, go_bool(text))) {
            None => true,
            Some((_, Some(checkout))) => checkout,
            Some((text, None)) => {
                warnings.push(ignored("GIT_CHECKOUT", text, "`true`"));
                true
            }
        };
        let (submodules, refusal) = match submodules(&value, &mut warnings) {
            Ok(submodules) => (submodules, None),
            Err(refusal) => (Submodules::default(), Some(refusal)),
        };
        Self {
            strategy,
            sources: Sources {
                depth: value("GIT_DEPTH").map_or(Sources::default().depth, ruby_integer),
                checkout,
                lfs: value("GIT_LFS_SKIP_SMUDGE").and_then(go_bool) != Some(true),
                tags: tags(value("GIT_FETCH_EXTRA_FLAGS").unwrap_or_default()),
                submodules,
            },
            clone_path: value("GIT_CLONE_PATH").map(str::to_owned),
            warnings,
            refusal,
        }
    }

    /// What the project directory holds; `None` for nothing.
    pub(super) fn sources(&self) -> Option<Sources> {
        (self.strategy == Strategy::Fetch).then(|| self.sources.clone())
    }

    /// Why git fails in this job, on GitLab and here.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let is_asked = self.strategy == Strategy::Fetch;
        self.refusal.clone().filter(|_| is_asked)
    }

    /// What is ignored.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Where the project directory is, `usual` when nothing moves it.
    pub(super) fn layout(&self, usual: &Layout, traits: Traits) -> Result<Layout, Refusal> {
        let mut project_dir = match &self.clone_path {
            None => usual.project_dir.clone(),
            Some(_) if !traits.moves_project_dir => {
                return Err(refused(
                    "`GIT_CLONE_PATH` is not allowed with the shell executor",
                ));
            }
            Some(path) => clean(path)
                .filter(|path| path.starts_with(&format!("{}/", usual.builds_dir)))
                .ok_or_else(|| {
                    let builds = &usual.builds_dir;
                    refused(&format!(
                        "`GIT_CLONE_PATH` is `{path}`, which is not in `{builds}`"
                    ))
                })?,
        };
        if self.strategy == Strategy::Empty {
            project_dir.push_str("-empty");
        }
        Ok(Layout {
            builds_dir: usual.builds_dir.clone(),
            project_dir,
        })
    }
}

/// The last of `--tags` and `--no-tags` counts; all other flags are about the way to a server.
fn tags(flags: &str) -> Tags {
    let flags = flags.split_whitespace().rev();
    let mut said = flags.filter_map(|flag| match flag {
        "--tags" | "-t" => Some(Tags::All),
        "--no-tags" | "-n" => Some(Tags::Own),
        _ => None,
    });
    said.next().unwrap_or_default()
}

pub(super) fn ignored(name: &str, value: &str, instead: &str) -> String {
    format!("WARNING: ignoring {name}: `{value}` means nothing; {instead} is taken")
}

fn refused(why: &str) -> Refusal {
    Refusal {
        reason: FailureReason::ScriptFailure,
        message: format!("ERROR: {why}: the job fails before its script, as on GitLab"),
        exit_code: None,
    }
}

/// The server reads the depth as Ruby's `to_i`: digits in front count, anything else is 0, and
/// below 0 is all of the history too.
fn ruby_integer(text: &str) -> u32 {
    let text = text.trim_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text[..digits].parse() {
        Ok(number) => number,
        // More than any history has.
        Err(_) if digits > 0 => u32::MAX,
        Err(_) => 0,
    }
}

/// An absolute path without detours.
fn clean(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return None;
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::Git;
    use crate::exec::{Layout, Traits};
    use crate::expr::Variable;
    use crate::plan::JobVariables;
    use crate::types::{Sources, SubmoduleStrategy, Tags};

    type Pairs = &'static [(&'static str, &'static str)];

    fn git(pairs: &[(&str, &str)]) -> Git {
        let variable = |(name, value): &(&str, &str)| Variable::new(*name, *value);
        Git::of(&pairs.iter().map(variable).collect::<JobVariables>())
    }

    #[test]
    fn what_the_project_directory_holds() {
        let usual = || Some(Sources::default());
        let but = |change: &dyn Fn(&mut Sources)| {
            let mut sources = Sources::default();
            change(&mut sources);
            Some(sources)
        };
        let depth = |depth| but(&|it| it.depth = depth);
        let with_tags = |tags| but(&|it| it.tags = tags);
        let rows: &[(Pairs, Option<Sources>, usize)] = &[
            (&[], usual(), 0),
            (&[("GIT_STRATEGY", "clone")], usual(), 0),
            (&[("GIT_STRATEGY", "")], usual(), 0),
            (&[("GIT_STRATEGY", "none")], None, 0),
            (&[("GIT_STRATEGY", "empty")], None, 0),
            (&[("GIT_STRATEGY", "None")], usual(), 1),
            (&[("GIT_DEPTH", "0")], depth(0), 0),
            (&[("GIT_DEPTH", "3")], depth(3), 0),
            (&[("GIT_DEPTH", "x")], depth(0), 0),
            (&[("GIT_DEPTH", "-1")], depth(0), 0),
            (&[("GIT_DEPTH", "5x")], depth(5), 0),
            (&[("GIT_DEPTH", "99999999999")], depth(u32::MAX), 0),
            (&[("GIT_CHECKOUT", "f")], but(&|it| it.checkout = false), 0),
            (&[("GIT_CHECKOUT", "no")], usual(), 1),
            (
                &[("GIT_SUBMODULE_STRATEGY", "recursive")],
                but(&|it| it.submodules.strategy = SubmoduleStrategy::Recursive),
                0,
            ),
            (&[("GIT_SUBMODULE_STRATEGY", "all")], usual(), 1),
            (&[("GIT_SUBMODULE_PATHS", "lib")], usual(), 0),
            (
                &[("GIT_LFS_SKIP_SMUDGE", "1")],
                but(&|it| it.lfs = false),
                0,
            ),
            (&[("GIT_LFS_SKIP_SMUDGE", "yes")], usual(), 0),
            (
                &[("GIT_FETCH_EXTRA_FLAGS", "--prune --no-tags --tags")],
                with_tags(Tags::All),
                0,
            ),
            (&[("GIT_FETCH_EXTRA_FLAGS", "-n")], with_tags(Tags::Own), 0),
            (&[("GIT_FETCH_EXTRA_FLAGS", "none")], usual(), 0),
        ];
        for (pairs, wanted, warnings) in rows {
            let git = git(pairs);
            assert_eq!(git.sources(), *wanted, "{pairs:?}");
            assert_eq!(git.warnings().len(), *warnings, "{pairs:?}");
        }
    }

    #[test]
    fn where_the_project_directory_is() {
        let usual = Layout {
            builds_dir: "/builds".to_owned(),
            project_dir: "/builds/g/p".to_owned(),
        };
        let rows: &[(Pairs, &str, Option<&str>)] = &[
            (&[], "docker", Some("/builds/g/p")),
            (
                &[("GIT_STRATEGY", "empty")],
                "docker",
                Some("/builds/g/p-empty"),
            ),
            (&[("GIT_STRATEGY", "none")], "docker", Some("/builds/g/p")),
            (
                &[("GIT_CLONE_PATH", "/builds/x/")],
                "docker",
                Some("/builds/x"),
            ),
            (&[("GIT_CLONE_PATH", "/builds")], "docker", None),
            (&[("GIT_CLONE_PATH", "/builds/../x")], "docker", None),
            (&[("GIT_CLONE_PATH", "/buildsx/y")], "docker", None),
            (&[("GIT_CLONE_PATH", "x")], "docker", None),
            (&[("GIT_CLONE_PATH", "/builds/x")], "shell", None),
        ];
        for (pairs, executor, wanted) in rows {
            let traits = Traits {
                moves_project_dir: *executor == "docker",
                ..Traits::default()
            };
            let layout = git(pairs).layout(&usual, traits).ok();
            let got = layout.map(|layout| layout.project_dir);
            assert_eq!(got.as_deref(), *wanted, "{pairs:?} {executor}");
        }
    }
}
