//! Brings a job's caches before its script, and saves them after it (runtime reference 17). Nothing
//! about a cache fails a job.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::event::Phase;
use crate::exec::{ArtifactRef, ExecError, Globs, Session};
use crate::foreign::system_words;
use crate::record::CacheArchive;
use crate::run::bounded_call::Remote;
use crate::run::cache::{JobCache, sanitized};
use crate::run::message::Verdict;

use super::driver::Attempt;
use super::leave::Missed;

impl Attempt<'_> {
    /// Finds the caches that the job asks for; they are laid under its artifacts.
    pub(super) async fn find_caches(&mut self) {
        for cache in self.scripts.caches.clone() {
            if cache.paths.is_empty() && !cache.untracked {
                continue;
            }
            if !cache.pulls {
                let key = &cache.key;
                let text = format!("Not downloading cache {key} due to policy");
                self.log.say(&text).await;
                continue;
            }
            let keys = [&cache.key].into_iter().chain(&cache.fallback_keys);
            for key in keys {
                if let Some(found) = self.find_cache(key).await {
                    self.caches.push(found);
                    break;
                }
            }
        }
    }

    async fn find_cache(&mut self, key: &str) -> Option<ArtifactRef> {
        let key = self.path_of(key).await?;
        self.log.say(&format!("Checking cache for {key}...")).await;
        let Some(CacheArchive { tar, digest, .. }) = self.stored(&key) else {
            self.log.say("WARNING: Cache file does not exist").await;
            self.log.say("WARNING: Failed to extract cache").await;
            return None;
        };
        self.log.say("Successfully extracted cache").await;
        Some(ArtifactRef {
            tar,
            entries: 0,
            notes: Vec::new(),
            digest: Some(digest),
            lasts: true,
        })
    }

    /// Saves the caches that belong to such a result; whether the job may go on.
    pub(super) async fn save_caches(
        &mut self,
        session: &mut dyn Session,
        verdict: Verdict,
    ) -> Verdict {
        let succeeded = verdict == Verdict::Success;
        let caches = std::mem::take(&mut self.scripts.caches);
        let mut is_entered = false;
        for cache in caches {
            if cache.paths.is_empty() && !cache.untracked || !cache.when.keeps(succeeded) {
                continue;
            }
            if !is_entered {
                self.enter(Phase::UploadArtifacts).await;
                is_entered = true;
            }
            if !cache.pushes {
                let text = format!("Not uploading cache {} due to policy", cache.key);
                self.log.say(&text).await;
                continue;
            }
            match self.save_cache(session, cache).await {
                Ok(()) => {}
                Err(Missed::Stopped(verdict)) => return verdict,
                Err(Missed::Failed(error)) => {
                    let text = format!("WARNING: Failed to create cache: {}", error.in_one_line());
                    self.log.say(&text).await;
                }
            }
        }
        verdict
    }

    async fn save_cache(
        &mut self,
        session: &mut dyn Session,
        cache: JobCache,
    ) -> Result<(), Missed> {
        let Some(key) = self.path_of(&cache.key).await else {
            return Ok(());
        };
        let Some(store) = self.job.caches.clone() else {
            return Ok(());
        };
        self.log.say(&format!("Creating cache {key}...")).await;
        let globs = self.cache_globs(session, &cache).await?;
        if let Some(notes) = self.up_to_date(session, &key, &globs).await? {
            for note in &notes {
                self.log.say(note).await;
            }
            self.log.say("Archive is up to date!").await;
            self.log.say("Created cache").await;
            return Ok(());
        }
        let tar = store.begin().map_err(|error| not_written(&error))?;
        let (cx, remote) = Remote::new();
        let work = session.collect(&globs, &tar, &cx);
        let kept = self.afterwards(remote, work).await?;
        for note in &kept.notes {
            self.log.say(note).await;
        }
        if kept.entries == 0 {
            self.log.say("WARNING: No files to cache.").await;
            return Ok(());
        }
        let is_known = match self.stored(&key) {
            Some(old) => {
                let newest = newest(&tar).map_err(|error| not_written(&error))?;
                is_known(newest, kept.digest.as_deref(), &old)
            }
            None => false,
        };
        if is_known {
            self.log.say("Archive is up to date!").await;
        } else {
            let runner = self.executor.name();
            // What has no name could be taken for something else in the next run.
            let unnamed = || ExecError::system("save cache", "its content has no digest");
            let digest = kept.digest.ok_or_else(|| Missed::Failed(unnamed()))?;
            let kept = store.keep(runner, &key, tar, &digest);
            kept.map_err(|error| not_written(&error))?;
        }
        self.log.say("Created cache").await;
        Ok(())
    }

    /// Where the archive that is there is the one that was brought, and the job has left it as it was:
    /// what is said of packing it.
    async fn up_to_date(
        &mut self,
        session: &mut dyn Session,
        key: &str,
        globs: &Globs,
    ) -> Result<Option<Vec<String>>, Missed> {
        let [brought] = self.caches.as_slice() else {
            return Ok(None);
        };
        let is_same = |stored: CacheArchive| stored.tar == brought.tar;
        // Artifacts may have come over it.
        if !self.order.artifacts.is_empty()
            || globs.untracked.is_some()
            || !self.stored(key).is_some_and(is_same)
        {
            return Ok(None);
        }
        let (cx, remote) = Remote::new();
        let work = session.as_brought(globs, &cx);
        self.afterwards(remote, work).await
    }

    async fn cache_globs(
        &mut self,
        session: &mut dyn Session,
        cache: &JobCache,
    ) -> Result<Globs, Missed> {
        let untracked = if cache.untracked {
            self.tracked(session).await?
        } else {
            None
        };
        Ok(Globs {
            paths: self.expanded(session, &cache.paths).await?,
            untracked,
            lasts: true,
            ..Globs::default()
        })
    }

    /// The key as a path; one of which nothing is left names no cache.
    async fn path_of(&mut self, key: &str) -> Option<String> {
        let path = sanitized(key);
        match &path {
            None => {
                let text = format!("WARNING: the cache key `{key}` names nothing: skipping cache");
                self.log.say(&text).await;
            }
            Some(path) if path != key => {
                let text = format!("cache key \"{key}\" sanitized to \"{path}\"");
                self.log.say(&text).await;
            }
            Some(_) => {}
        }
        path
    }

    fn stored(&self, key: &str) -> Option<CacheArchive> {
        let store = self.job.caches.as_ref()?;
        store.find(self.executor.name(), key)
    }
}

/// Whether an archive of the same key is up to date: nothing is newer (runtime reference 17.5).
/// Archives tell whole seconds; of what is of the second in which the old one was saved, the content
/// decides. PURE.
fn is_known(newest: SystemTime, digest: Option<&str>, old: &CacheArchive) -> bool {
    let is_earlier = newest + Duration::from_secs(1) <= old.saved;
    is_earlier || (newest <= old.saved && digest == Some(&*old.digest))
}

/// The time of the newest entry of an archive.
fn newest(tar: &Path) -> io::Result<SystemTime> {
    let file = io::BufReader::new(std::fs::File::open(tar)?);
    let mut newest = 0;
    for entry in tar::Archive::new(file).entries()? {
        newest = newest.max(entry?.header().mtime()?);
    }
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(newest))
}

fn not_written(error: &io::Error) -> Missed {
    let text = format!("it can't be written: {}", system_words(error));
    Missed::Failed(ExecError::system("save cache", text))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::{Duration, SystemTime};

    use super::is_known;
    use crate::record::CacheArchive;

    #[test]
    fn an_archive_is_up_to_date_where_nothing_is_newer() {
        let at = |milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        let old = CacheArchive {
            tar: PathBuf::from("old.tar"),
            digest: "old".to_owned(),
            saved: at(5500),
        };
        for (newest, digest, wanted) in [
            (4000, "new", true),
            (5000, "old", true),
            (5000, "new", false),
            (6000, "old", false),
        ] {
            let known = is_known(at(newest), Some(digest), &old);
            assert_eq!(known, wanted, "{newest} {digest}");
        }
        assert!(!is_known(at(5000), None, &old));
    }
}
