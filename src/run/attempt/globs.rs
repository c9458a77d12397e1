//! Globs of artifacts on their way to the executor: variables, and what git tracks.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::exec::{ExecError, Globs, Session};
use crate::repo;
use crate::script::gitlab_env_path;
use crate::types::Artifacts;

use super::driver::Attempt;
use super::leave::Missed;

/// More than any project tracks, and than any job exports. Bytes.
const MAX_INDEX: u64 = 512 << 20;
const MAX_ENV: u64 = 1 << 20;

impl Attempt<'_> {
    /// What to collect. What can't be found out is an error, never an artifact less.
    pub(super) async fn globs(
        &mut self,
        session: &mut dyn Session,
        wanted: Artifacts,
    ) -> Result<Globs, Missed> {
        let untracked = if wanted.untracked {
            self.tracked(session).await?
        } else {
            None
        };
        Ok(Globs {
            paths: self.expanded(session, &wanted.paths).await?,
            exclude: self.expanded(session, &wanted.exclude).await?,
            untracked,
            limit: self.shared.artifacts_limit,
            lasts: false,
        })
    }

    /// Globs with the job's variables and those that its script wrote to `GITLAB_ENV` (runtime
    /// reference 1.5, 16.1).
    pub(super) async fn expanded(
        &mut self,
        session: &mut dyn Session,
        globs: &[Arc<str>],
    ) -> Result<Vec<String>, Missed> {
        let as_written = || globs.iter().map(ToString::to_string).collect();
        if !globs.iter().any(|glob| glob.contains('$')) {
            return Ok(as_written());
        }
        let path = gitlab_env_path(&self.layout.project_dir);
        // Without such a file only the job's own variables are known.
        let env = self.read(session, &path, MAX_ENV).await?;
        let more = exported(&env.unwrap_or_default());
        Ok(match &self.scripts.expand {
            Some(expand) => globs.iter().map(|glob| expand(glob, &more)).collect(),
            None => as_written(),
        })
    }

    /// What git tracks in the job's own checkout. Where there is none, the runner's `git ls-files`
    /// fails and nothing counts as untracked.
    pub(super) async fn tracked(
        &mut self,
        session: &mut dyn Session,
    ) -> Result<Option<Arc<BTreeSet<String>>>, Missed> {
        let path = format!("{}/.git/index", self.layout.project_dir);
        let place = self.order.artifacts_place.clone();
        let scratch = place.parent().unwrap_or(&place);
        let tracked = match self.read(session, &path, MAX_INDEX).await? {
            Some(index) => repo::tracked(&index, scratch).map_err(|error| {
                Missed::Failed(ExecError::system("collect artifacts", error.to_string()))
            })?,
            None => None,
        };
        if tracked.is_none() {
            let text = "WARNING: untracked: this job's project directory has no git index";
            self.log.say(text).await;
        }
        Ok(tracked.map(Arc::new))
    }
}

/// The variables of a `GITLAB_ENV` file, as the shell reads its lines: blanks around them go, and
/// a last line without its end is not read.
fn exported(file: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(file);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.split('\n').map(|line| line.trim_matches([' ', '\t']));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::exported;

    #[test]
    fn lines_of_gitlab_env() {
        for (file, wanted) in [
            ("", &[][..]),
            ("A=1\nB=x=y z\n", &[("A", "1"), ("B", "x=y z")]),
            ("  A=1 \n\nno\n", &[("A", "1")]),
            ("A=\"q\"\n", &[("A", "\"q\"")]),
            ("A=1\nB=2", &[("A", "1")]),
        ] {
            let got = exported(file.as_bytes());
            let got: Vec<_> = got
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(got, wanted, "{file:?}");
        }
    }
}
