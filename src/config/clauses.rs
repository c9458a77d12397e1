//! Whether the clauses of a rule are true (configuration reference chapter 8 and 9).
//!
//! Includes, the workflow and jobs share these rules; they differ in the variables they see.

use crate::diag::{Code, Diagnostic};
use crate::expr::Lookup;
use crate::expr::glob::Fnmatch;

use super::provider::{Changes, FileProvider};
use super::rules::{Changed, Clause, Exists, Rule};

/// Beyond this many comparisons GitLab takes a clause as true without looking.
const MAX_COMPARISONS: usize = 50_000;

/// What clauses are tested against.
pub struct ClauseFacts<'a> {
    /// Raw values for conditions.
    pub lookup: &'a dyn Lookup,
    /// Expansion of paths and revisions; unknown references stay.
    pub expand: &'a dyn Fn(&str) -> String,
    /// The tree.
    pub files: &'a dyn FileProvider,
}

/// A clause that can't be decided, which fails the pipeline (configuration reference 11.3).
#[derive(Debug, Clone)]
pub struct RuleError(pub Diagnostic);

impl ClauseFacts<'_> {
    /// The first rule whose clauses are all true.
    pub fn first_match<'r>(&self, rules: &'r [Rule]) -> Result<Option<&'r Rule>, RuleError> {
        for rule in rules {
            if self.matches(rule)? {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    /// Whether all clauses are true, tested up to the first false one.
    pub fn matches(&self, rule: &Rule) -> Result<bool, RuleError> {
        for clause in &rule.clauses {
            if !self.clause(clause)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn clause(&self, clause: &Clause) -> Result<bool, RuleError> {
        match clause {
            Clause::If { condition, .. } => Ok(condition.eval(self.lookup)),
            Clause::Changes(changed) => self.changes(changed),
            Clause::Exists(exists) => self.exists(exists),
        }
    }

    fn changes(&self, changed: &Changed) -> Result<bool, RuleError> {
        let compare_to = changed.compare_to.as_deref().map(self.expand);
        let changes = self.files.changes(compare_to.as_deref()).map_err(|bad| {
            RuleError(
                Diagnostic::new(
                    Code::RuleFailed,
                    format!("`rules:changes:compare_to` names `{}`, which is no ref", bad.0),
                )
                .at(changed.span)
                .help("name a branch, a tag or a commit that exists here"),
            )
        })?;
        Ok(match changes {
            Changes::Unknown => true,
            Changes::Known(paths) => any_path(&paths, &self.expanded(&changed.paths)),
        })
    }

    fn exists(&self, exists: &Exists) -> Result<bool, RuleError> {
        if let Some(project) = &exists.project {
            let project = (self.expand)(project);
            return Err(RuleError(
                Diagnostic::new(
                    Code::RuleFailed,
                    format!("`rules:exists:project` names `{project}`, which is not on this machine"),
                )
                .at(exists.span),
            ));
        }
        Ok(any_file(&self.files.paths(), &self.expanded(&exists.paths)))
    }

    fn expanded(&self, globs: &[std::sync::Arc<str>]) -> Vec<String> {
        globs.iter().map(|glob| (self.expand)(glob)).collect()
    }
}

/// Whether any changed path matches any glob.
pub fn any_path(paths: &[String], globs: &[String]) -> bool {
    if paths.len().saturating_mul(globs.len()) > MAX_COMPARISONS {
        return true;
    }
    globs.iter().any(|glob| {
        let glob = Fnmatch::new(glob);
        paths.iter().any(|path| glob.matches(path))
    })
}

/// Whether any file of the sorted list matches any glob. Literal names and `**/*.ext` have ways
/// of their own, as in GitLab.
fn any_file(paths: &[String], globs: &[String]) -> bool {
    let mut patterns = Vec::new();
    for glob in globs {
        let found = if is_literal(glob) {
            literal_exists(paths, glob)
        } else if let Some(suffix) = extension(glob) {
            paths.iter().any(|path| path.ends_with(suffix))
        } else {
            patterns.push(glob.clone());
            false
        };
        if found {
            return true;
        }
    }
    !patterns.is_empty() && any_path(paths, &patterns)
}

fn is_literal(glob: &str) -> bool {
    !glob.contains(['*', '?', '[', '{', '\\'])
}

/// The `.ext` of `**/*.ext`.
fn extension(glob: &str) -> Option<&str> {
    let suffix = glob.strip_prefix("**/*")?;
    (suffix.starts_with('.') && is_literal(suffix) && !suffix.contains('/')).then_some(suffix)
}

/// A literal name is looked up in the sorted list. For a folder (`docs/`) GitLab bisects by "does
/// it lie in the folder", which is not ordered, and so misses when the probes fall beside it.
fn literal_exists(paths: &[String], glob: &str) -> bool {
    if !glob.ends_with('/') {
        return paths.binary_search_by(|path| path.as_str().cmp(glob)).is_ok();
    }
    let mut rest = paths;
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        if rest[middle].starts_with(glob) {
            return true;
        }
        rest = &rest[middle + 1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_folder_is_found_only_where_bisection_meets_it() {
        let files = list(&["a.c", "docs/x.md", "docs/y.md"]);
        assert!(any_file(&files, &list(&["docs/"])));
        let files = list(&["docs/x.md", "src/a.c", "src/b.c", "src/c.c"]);
        assert!(!any_file(&files, &list(&["docs/"])));
        assert!(!any_file(&files, &list(&["docs"])));
        assert!(any_file(&files, &list(&["**/*.c"])));
        assert!(any_file(&files, &list(&["docs/x.md"])));
    }
}
