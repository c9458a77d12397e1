//! Whether what a configuration names is the project that it belongs to, and the commit that is
//! checked out (configuration reference 4.1, 8.3).

use crate::expr::Lookup;

/// Digits of a commit's id below which git takes it for no id.
const SHORTEST_SHA: usize = 4;

/// Whether `path` is this project. Servers do not tell capitals from small letters there.
pub(super) fn is_this_project(path: &str, known: &dyn Lookup) -> bool {
    let own = known.variable("CI_PROJECT_PATH");
    own.is_some_and(|own| own.to_lowercase() == path.to_lowercase())
}

/// Whether a revision is what is checked out: the commit, or the ref of the pipeline. `HEAD` is the
/// default branch.
pub(super) fn is_checked_out(revision: &str, known: &dyn Lookup) -> bool {
    let is = |name: &str, text: &str| known.variable(name).is_some_and(|value| value == text);
    let named = match revision {
        "HEAD" => known.variable("CI_DEFAULT_BRANCH").unwrap_or_default(),
        revision => revision,
    };
    let is_part_of_sha = || {
        let sha = known.variable("CI_COMMIT_SHA").unwrap_or_default();
        revision.len() >= SHORTEST_SHA && sha.starts_with(&revision.to_lowercase())
    };
    !named.is_empty() && (is("CI_COMMIT_REF_NAME", named) || is_part_of_sha())
}
