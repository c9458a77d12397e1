//! Files of another project at a revision.

use std::path::{Path, PathBuf};

use crate::config::{Outside, ProjectAt};

use super::brought::{Brought, MAX_FILE, Outcome};
use super::error::FetchError;
use super::folder;
use super::git::{Git, GitOptions, is_clone};
use super::listing::{TreeFile, own_refs, remote_refs, tree_files};
use super::place::Place;
use super::revision::{Ref, choose, is_commit, is_part_of_commit, needs_all_tags};
use super::store::digest;

/// Bytes of what git prints about refs and trees.
const MAX_LISTING: u64 = 64 * 1024 * 1024;

/// A commit that git has, at least its trees.
struct Commit {
    id: String,
    /// What to ask the server for, where contents come from it when they are read.
    from: Option<String>,
}

/// Brings files of a project at a revision, and the list of all its files. A file that the project
/// does not have is left out: the list says so.
pub(super) async fn bring(
    place: &Place,
    project: &ProjectAt,
    paths: &[String],
    cache: &Path,
    options: &GitOptions,
) -> Result<Outcome, FetchError> {
    match place {
        Place::Folder(folder) if !folder.is_dir() => Err(FetchError::new(format!(
            "there is no folder `{}`",
            folder.display()
        ))
        .help("mend the setting `projects`")),
        Place::Folder(folder) if is_clone(folder) => {
            let git = Git::clone_of_user(folder.clone(), options);
            let commit = commit_of_clone(&git, &project.revision).await?;
            of_commit(&git, place, project, &commit, paths).await
        }
        Place::Folder(folder) => of_folder(folder, place, project, paths),
        Place::Git(address) => {
            let git = Git::bare(repository(cache, address), address, options).await?;
            let commit = fetched_commit(&git, &project.revision).await?;
            of_commit(&git, place, project, &commit, paths).await
        }
    }
}

/// The bare repository of an address. Its name tells no secret.
fn repository(cache: &Path, address: &str) -> PathBuf {
    let name: String = digest(address).chars().take(32).collect();
    cache.join("git").join(name)
}

fn unknown(revision: &str, place: &str) -> FetchError {
    let what = match revision {
        "HEAD" => "it has no commit".to_owned(),
        revision => format!("it has no branch, tag or commit `{revision}`"),
    };
    FetchError::new(format!("{what} (`{place}`)"))
}

/// The commit of a revision in a clone of the user.
async fn commit_of_clone(git: &Git, revision: &str) -> Result<Commit, FetchError> {
    let format = "--format=%(objectname) %(*objectname) %(refname)";
    let folders = ["refs/tags", "refs/heads", "refs/remotes/origin"];
    let text = git
        .text(
            &[&["for-each-ref", format][..], &folders].concat(),
            MAX_LISTING,
        )
        .await?;
    let mut refs = own_refs(&text);
    if let Ok(head) = git
        .text(&["rev-parse", "--verify", "-q", "HEAD^{commit}"], 100)
        .await
    {
        refs.push(Ref {
            name: "HEAD".to_owned(),
            commit: head.trim().to_owned(),
        });
    }
    let id = match choose(&refs, revision) {
        Some(found) => found.commit.clone(),
        None => part_of_commit(git, revision).await?,
    };
    Ok(Commit { id, from: None })
}

/// The commit whose id begins like that.
async fn part_of_commit(git: &Git, revision: &str) -> Result<String, FetchError> {
    if is_part_of_commit(revision) {
        let wanted = format!("{revision}^{{commit}}");
        let found = git
            .text(&["rev-parse", "--verify", "-q", &wanted], 100)
            .await;
        if let Ok(found) = found {
            return Ok(found.trim().to_owned());
        }
    }
    Err(unknown(revision, "the clone"))
}

/// The commit of a revision on a server, with its trees; contents come when they are read.
async fn fetched_commit(git: &Git, revision: &str) -> Result<Commit, FetchError> {
    let commit = |id: String, from: &str| Commit {
        id,
        from: Some(from.to_owned()),
    };
    if is_commit(revision) {
        let known = format!("refs/pipe/{revision}");
        let known = git.run(&["rev-parse", "--verify", "-q", &known], 100).await;
        if known.is_ok() || fetch(git, revision, revision, LAZILY).await.is_ok() {
            return Ok(commit(revision.to_owned(), revision));
        }
        // Not every server gives what only has an id.
        let id = part_of_all(git, revision).await?;
        return Ok(Commit { id, from: None });
    }
    let refs = remote_refs(&git.text(&listing_of(revision), MAX_LISTING).await?);
    if let Some(found) = choose(&refs, revision) {
        fetch(git, &found.name, &found.commit, LAZILY).await?;
        // It may have moved between the two questions.
        let now = format!("refs/pipe/{}^{{commit}}", found.commit);
        let now = git
            .text(&["rev-parse", "--verify", "-q", &now], 100)
            .await?;
        return Ok(commit(now.trim().to_owned(), &found.name));
    }
    let id = part_of_all(git, revision).await?;
    Ok(Commit { id, from: None })
}

/// Commits and trees; the server is asked for contents when they are read.
const LAZILY: &[&str] = &["--depth=1", "--filter=blob:none"];
/// All of a commit, from a server that can't be asked for contents alone.
const WHOLE: &[&str] = &["--depth=1", "--no-filter", "--refetch"];

/// Fetches what a name or an id leads to, and keeps it under that id.
async fn fetch(git: &Git, from: &str, id: &str, how: &[&str]) -> Result<(), FetchError> {
    let kept = format!("+{from}:refs/pipe/{id}");
    let arguments = [FETCH, how, &["pipe", &kept]].concat();
    git.run(&arguments, MAX_LISTING).await.map(drop)
}

const FETCH: &[&str] = &[
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--force",
];

/// What `FETCH` is to bring where the server has to send everything.
const ALL: &[&str] = &[
    "--no-filter",
    "pipe",
    "+refs/heads/*:refs/all/heads/*",
    "+refs/tags/*:refs/all/tags/*",
];

/// The commit whose id begins like that, among all that the server has.
async fn part_of_all(git: &Git, revision: &str) -> Result<String, FetchError> {
    if !is_part_of_commit(revision) {
        return Err(unknown(revision, "the server"));
    }
    git.run(&[FETCH, ALL].concat(), MAX_LISTING).await?;
    part_of_commit(git, revision).await
}

/// The question for the refs that a revision may name.
fn listing_of(revision: &str) -> Vec<&str> {
    // Names are compared whole afterwards; a pattern would only make the answer shorter.
    let mut arguments = vec!["ls-remote", "--quiet", "pipe"];
    if revision == "HEAD" {
        arguments.push("HEAD");
    } else if needs_all_tags(revision) {
        arguments.extend(["refs/tags/*", "refs/heads/*"]);
    } else {
        arguments.extend(["HEAD", "refs/tags/*", "refs/heads/*"]);
    }
    arguments
}

/// Files of a commit that git has.
async fn of_commit(
    git: &Git,
    place: &Place,
    project: &ProjectAt,
    commit: &Commit,
    paths: &[String],
) -> Result<Outcome, FetchError> {
    let tree = format!("{}^{{tree}}", commit.id);
    let arguments = ["ls-tree", "-r", "-z", "--full-tree", &tree];
    let files = tree_files(&git.run(&arguments, MAX_LISTING).await?);
    let listed: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let about = About {
        place,
        project,
        commit: Some(&commit.id),
    };
    let mut of = Outcome {
        brought: about.facts(&listed),
        failed: Vec::new(),
    };
    for path in paths {
        let Some(TreeFile { id, .. }) = files.iter().find(|file| file.path == *path) else {
            continue;
        };
        let outside = Outside::Project(project.clone(), path.clone());
        match content(git, commit, id).await {
            Ok(text) => of.brought.push(about.file(&outside, text)),
            Err(error) => of.failed.push((outside, error)),
        }
    }
    Ok(of)
}

/// A content by its id. Where the server can't be asked for it alone, all of the commit is fetched.
async fn content(git: &Git, commit: &Commit, id: &str) -> Result<String, FetchError> {
    let read = git.text(&["cat-file", "blob", id], MAX_FILE).await;
    let (Err(error), Some(from)) = (&read, &commit.from) else {
        return read;
    };
    if fetch(git, from, &commit.id, WHOLE).await.is_err() {
        return Err(error.clone());
    }
    git.text(&["cat-file", "blob", id], MAX_FILE).await
}

/// Files of a folder that is no clone, whatever the revision.
fn of_folder(
    folder: &Path,
    place: &Place,
    project: &ProjectAt,
    paths: &[String],
) -> Result<Outcome, FetchError> {
    let listed = folder::paths(folder)?;
    let about = About {
        place,
        project,
        commit: None,
    };
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    let mut of = Outcome {
        brought: about.facts(&listed),
        failed: Vec::new(),
    };
    for path in paths {
        let outside = Outside::Project(project.clone(), path.clone());
        match folder::text(folder, path, MAX_FILE) {
            Ok(Some(text)) => of.brought.push(about.file(&outside, text)),
            Ok(None) => {}
            Err(error) => of.failed.push((outside, error)),
        }
    }
    Ok(of)
}

/// What is kept beside each file of a project.
struct About<'a> {
    place: &'a Place,
    project: &'a ProjectAt,
    commit: Option<&'a str>,
}

impl About<'_> {
    fn file(&self, outside: &Outside, text: String) -> Brought {
        Brought {
            key: outside.key(),
            what: outside.describe(),
            revision: Some(self.project.revision.clone()),
            commit: self.commit.map(str::to_owned),
            source: self.place.shown(),
            text,
        }
    }

    /// The commit and the list of all files.
    fn facts(&self, listed: &[&str]) -> Vec<Brought> {
        let fact = |key: String, text: String| Brought {
            key,
            what: String::new(),
            revision: Some(self.project.revision.clone()),
            commit: self.commit.map(str::to_owned),
            source: self.place.shown(),
            text,
        };
        let paths = fact(self.project.paths_key(), listed.join("\n"));
        let commit = self
            .commit
            .map(|id| fact(self.project.commit_key(), id.to_owned()));
        [paths].into_iter().chain(commit).collect()
    }
}
