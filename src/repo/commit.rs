//! Commits, tags and names that lead to them.

use std::path::Path;

use git2::{Oid, Time};

use crate::types::CommitFacts;

use super::{RepoError, Repository};

/// The tree without files, which every repository knows.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// `user.name` and `user.email` of git's settings, for `GITLAB_USER_NAME` and its like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// `user.name`.
    pub name: Option<String>,
    /// `user.email`.
    pub email: Option<String>,
}

impl Repository {
    /// The tip of the branch `name`: the local one, else that of `origin`.
    pub fn branch_tip(&self, name: &str) -> Result<String, RepoError> {
        self.commit_of_ref(&format!("refs/heads/{name}"))
            .or_else(|| self.commit_of_ref(&format!("refs/remotes/origin/{name}")))
            .map(|oid| oid.to_string())
            .ok_or_else(|| self.unknown("branch", name))
    }

    /// The commit that last changed `path`, seen from `sha`: the newest in which it differs from
    /// all parents. `None` where it is not there.
    pub fn last_change(&self, sha: &str, path: &str) -> Option<String> {
        let entry = |commit: &git2::Commit<'_>| {
            let entry = commit.tree().ok()?.get_path(Path::new(path)).ok()?;
            Some(entry.id())
        };
        let mut commit = self.git.find_commit(Oid::from_str(sha).ok()?).ok()?;
        let here = entry(&commit)?;
        loop {
            let same = commit.parents().find(|parent| entry(parent) == Some(here));
            match same {
                Some(parent) => commit = parent,
                None => return Some(commit.id().to_string()),
            }
        }
    }

    /// What was there before the commit `sha`: its first parent; before a first commit git's
    /// empty tree.
    pub fn before(&self, sha: &str) -> Result<String, RepoError> {
        let unknown = || self.unknown("revision", sha);
        let oid = Oid::from_str(sha).map_err(|_| unknown())?;
        let commit = self.git.find_commit(oid).map_err(|_| unknown())?;
        let parent = commit.parent_id(0).map(|parent| parent.to_string());
        Ok(parent.unwrap_or_else(|_| EMPTY_TREE.to_owned()))
    }

    /// What variables need to know of the commit `sha` (runtime reference 13.2). The base, the
    /// tag's message and the merge base are of the pipeline, not of the commit, and stay empty.
    pub fn commit_facts(&self, sha: &str) -> Result<CommitFacts, RepoError> {
        let oid = Oid::from_str(sha).map_err(|_| self.unknown("revision", sha))?;
        let commit = self
            .git
            .find_commit(oid)
            .map_err(|_| self.unknown("revision", sha))?;
        let author = commit.author();
        Ok(CommitFacts {
            sha: oid.to_string(),
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
            author: format!(
                "{} <{}>",
                String::from_utf8_lossy(author.name_bytes()),
                String::from_utf8_lossy(author.email_bytes())
            ),
            timestamp: strict_iso(commit.time()),
            ..CommitFacts::default()
        })
    }

    /// The message of an annotated tag; `None` for a plain one.
    pub fn tag_message(&self, name: &str) -> Option<String> {
        let reference = self.git.find_reference(&format!("refs/tags/{name}")).ok()?;
        let tag = self.git.find_tag(reference.target()?).ok()?;
        Some(String::from_utf8_lossy(tag.message_bytes()?).into_owned())
    }

    /// Who the user is to git.
    pub fn identity(&self) -> Identity {
        let settings = self.git.config().and_then(|mut config| config.snapshot());
        let value = |key| {
            let settings = settings.as_ref().ok()?;
            settings.get_string(key).ok()
        };
        Identity {
            name: value("user.name"),
            email: value("user.email"),
        }
    }

    pub(super) fn commit_of_ref(&self, name: &str) -> Option<Oid> {
        let reference = self.git.find_reference(name).ok()?;
        let commit = reference.peel_to_commit().ok()?;
        Some(commit.id())
    }

    pub(super) fn unknown(&self, kind: &'static str, name: &str) -> RepoError {
        let names = self.ref_names();
        RepoError::RevisionUnknown {
            kind,
            name: name.to_owned(),
            suggestion: crate::diag::closest(name, names.iter().map(String::as_str))
                .map(str::to_owned),
        }
    }

    /// Branches, here and at `origin`, each once, sorted. Empty where they can't be read.
    pub fn branches(&self) -> Vec<String> {
        let mut names = self.names_under(&["refs/heads/", "refs/remotes/origin/"]);
        names.retain(|name| name != "HEAD");
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Tags. Empty where they can't be read.
    pub fn tags(&self) -> Vec<String> {
        self.names_under(&["refs/tags/"])
    }

    fn ref_names(&self) -> Vec<String> {
        self.names_under(&["refs/heads/", "refs/tags/", "refs/remotes/origin/"])
    }

    fn names_under(&self, prefixes: &[&str]) -> Vec<String> {
        let Ok(references) = self.git.references() else {
            return Vec::new();
        };
        references
            .flatten()
            .filter_map(|reference| {
                let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
                let short = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
                short.map(str::to_owned)
            })
            .collect()
    }
}

/// A commit's time in its own offset, as `git log --format=%cI` prints it.
fn strict_iso(time: Time) -> String {
    let minutes = time.offset_minutes();
    let local = jiff::tz::Offset::from_seconds(minutes * 60)
        .ok()
        .zip(jiff::Timestamp::from_second(time.seconds()).ok());
    // Only a forged commit has a date or an offset beyond the calendar's.
    let Some((offset, at)) = local else {
        return "1970-01-01T00:00:00Z".to_owned();
    };
    let date = offset
        .to_datetime(at)
        .strftime("%Y-%m-%dT%H:%M:%S")
        .to_string();
    if minutes == 0 {
        return date + "Z";
    }
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!("{date}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_git_prints_them() {
        for (seconds, offset, text) in [
            (1_700_000_000, 0, "2023-11-14T22:13:20Z"),
            (1_700_000_000, 120, "2023-11-15T00:13:20+02:00"),
            (1_700_000_000, -570, "2023-11-14T12:43:20-09:30"),
            (0, 60, "1970-01-01T01:00:00+01:00"),
            (i64::MAX, 0, "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(strict_iso(Time::new(seconds, offset)), text);
        }
    }
}
