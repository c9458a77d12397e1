//! The caches of a job: their keys, and what is done with them (runtime reference 17).

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use sha1::{Digest as _, Sha1};

use crate::config::{CacheConfig, CacheKey, CacheKeyFiles, CachePolicy, DigestOf};
use crate::expr::glob::IncludeGlob;
use crate::plan::{Job, JobVariables, Plan};
use crate::repo::{ProjectTree, Repository};
use crate::run::JobCache;

/// The key of a cache that names none, and of one whose files are not there.
const DEFAULT_KEY: &str = "default";

/// The digests of the files that keys of a pipeline are made of.
#[derive(Debug, Default)]
pub struct KeyDigests(HashMap<(DigestOf, Vec<Arc<str>>), String>);

impl KeyDigests {
    /// Those that the jobs of `plan` ask for.
    pub fn of(plan: &Plan, repository: &Repository, tree: &ProjectTree) -> Self {
        let caches = plan.jobs.iter().flat_map(|job| &job.config.caches);
        let mut digests = HashMap::new();
        for cache in caches {
            let CacheKey::Files(files) = &cache.key else {
                continue;
            };
            let key = (files.digest_of, files.paths.clone());
            if !digests.contains_key(&key)
                && let Some(digest) = digest(files, repository, tree)
            {
                digests.insert(key, digest);
            }
        }
        Self(digests)
    }

    fn get(&self, files: &CacheKeyFiles) -> &str {
        let found = self.0.get(&(files.digest_of, files.paths.clone()));
        found.map_or(DEFAULT_KEY, String::as_str)
    }
}

/// SHA-1 over the sorted ids of blobs, or of the commits that last changed them; `None` where none
/// of the files is there (configuration reference 6.19).
fn digest(files: &CacheKeyFiles, repository: &Repository, tree: &ProjectTree) -> Option<String> {
    let mut ids = BTreeSet::new();
    for path in &files.paths {
        let path = path.trim_start_matches('/');
        let found = if path.contains('*') {
            let pattern = IncludeGlob::new(path);
            let files = tree.files().unwrap_or_default().iter();
            files
                .filter(|file| pattern.matches(file))
                .cloned()
                .collect()
        } else {
            vec![path.to_owned()]
        };
        ids.extend(found.iter().filter_map(|file| match files.digest_of {
            DigestOf::Content => tree.blob_id(file).ok(),
            DigestOf::Commits => repository.last_change(&tree.sha(), file),
        }));
    }
    if ids.is_empty() {
        return None;
    }
    let joined: Vec<String> = ids.into_iter().collect();
    let mut hex = String::new();
    for byte in Sha1::digest(joined.join("-")) {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Some(hex)
}

/// The caches of a job, or why it can't have them.
pub(super) fn caches(
    job: &Job,
    variables: &JobVariables,
    digests: &KeyDigests,
    protected: bool,
) -> Result<Vec<JobCache>, String> {
    let of = |(at, cache)| job_cache(at, cache, variables, digests, protected);
    job.config.caches.iter().enumerate().map(of).collect()
}

fn job_cache(
    at: usize,
    cache: &CacheConfig,
    variables: &JobVariables,
    digests: &KeyDigests,
    protected: bool,
) -> Result<JobCache, String> {
    let suffix = if protected && !cache.unprotect {
        "-protected"
    } else {
        "-non_protected"
    };
    let full = |key: &str| format!("{}{suffix}", variables.expand(key));
    let policy = match &cache.policy {
        CachePolicy::Unexpanded(text) => {
            let word = variables.expand(text);
            CachePolicy::parse(&word).ok_or_else(|| {
                format!("unknown cache policy `{word}`: it can be `pull-push`, `pull` or `push`")
            })?
        }
        policy => policy.clone(),
    };
    let last = fallback(variables.value("CACHE_FALLBACK_KEY"), variables);
    let fallback_keys = cache.fallback_keys.iter().map(|key| full(key));
    Ok(JobCache {
        key: full(&key(at, &cache.key, digests)),
        fallback_keys: fallback_keys.chain(last).collect(),
        paths: cache.paths.clone(),
        untracked: cache.untracked,
        pulls: policy != CachePolicy::Push,
        pushes: policy != CachePolicy::Pull,
        when: cache.when,
    })
}

/// The key without its suffix. Files without a prefix get one of their place and their names.
fn key(at: usize, key: &CacheKey, digests: &KeyDigests) -> String {
    let files = match key {
        CacheKey::Default => return DEFAULT_KEY.to_owned(),
        CacheKey::Text(text) => return text.to_string(),
        CacheKey::Files(files) => files,
    };
    let digest = digests.get(files);
    if let Some(prefix) = &files.prefix {
        return format!("{prefix}-{digest}");
    }
    match files.digest_of {
        DigestOf::Commits => format!("{at}-{digest}"),
        DigestOf::Content => {
            let cut = |path: &Arc<str>| path.split('.').next().unwrap_or_default().to_owned();
            let names: Vec<String> = files.paths.iter().map(cut).collect();
            format!("{at}_{}-{digest}", names.join("_"))
        }
    }
}

/// `CACHE_FALLBACK_KEY`: the runner lets nobody name the cache of protected refs with it.
fn fallback(value: Option<&str>, variables: &JobVariables) -> Option<String> {
    let key = variables.expand(value?);
    let plain = key.trim_end_matches(['.', ' ', '\t']);
    (!plain.is_empty() && !plain.ends_with("-protected")).then_some(key)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{DigestOf, KeyDigests, key};
    use crate::config::{CacheKey, CacheKeyFiles};

    fn files(paths: &[&str], digest_of: DigestOf, prefix: Option<&str>) -> CacheKeyFiles {
        CacheKeyFiles {
            paths: paths.iter().map(|&path| path.into()).collect(),
            digest_of,
            prefix: prefix.map(Arc::from),
        }
    }

    #[test]
    fn keys_of_files() {
        let known = files(&["Gemfile.lock"], DigestOf::Content, None);
        let mut digests = KeyDigests::default();
        let id = (known.digest_of, known.paths.clone());
        digests.0.insert(id, "f714".to_owned());
        for (at, of, wanted) in [
            (0, CacheKey::Default, "default"),
            (0, CacheKey::Text("$A".into()), "$A"),
            (0, CacheKey::Files(known), "0_Gemfile-f714"),
            (
                0,
                CacheKey::Files(files(&["Gemfile.lock"], DigestOf::Content, Some("p"))),
                "p-f714",
            ),
            (
                3,
                CacheKey::Files(files(&["nope.txt"], DigestOf::Content, None)),
                "3_nope-default",
            ),
            (
                1,
                CacheKey::Files(files(&["a.b.c", "sub/x.lock"], DigestOf::Content, None)),
                "1_a_sub/x-default",
            ),
            (
                2,
                CacheKey::Files(files(&["a"], DigestOf::Commits, None)),
                "2-default",
            ),
        ] {
            assert_eq!(key(at, &of, &digests), wanted);
        }
    }
}
