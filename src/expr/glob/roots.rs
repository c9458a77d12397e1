//! Where patterns of `changes` can lead: the paths at or below which all lies that they match.

use std::collections::{BTreeSet, HashSet};

use super::Fnmatch;

/// What has a meaning in a pattern of which the variables are not expanded.
const SPECIAL: [char; 7] = ['*', '?', '[', '{', '\\', '$', '%'];

/// Paths relative to the root of the repository, none below another: of each pattern the part in
/// front that has nothing special. The empty path stands for everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Roots(BTreeSet<Vec<u8>>);

impl Roots {
    /// The whole repository.
    pub fn everything() -> Self {
        Self(BTreeSet::from([Vec::new()]))
    }

    /// Where patterns lead, whatever is put in place of their variables.
    pub fn of<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Self {
        let patterns: HashSet<&str> = patterns.into_iter().collect();
        let all: BTreeSet<Vec<u8>> = patterns.into_iter().flat_map(roots).collect();
        let has_outer = |root: &[u8]| folders_above(root).any(|outer| all.contains(outer));
        let outermost = all.iter().filter(|root| !has_outer(root));
        Self(outermost.cloned().collect())
    }

    /// Whether they are the whole repository.
    pub fn are_everything(&self) -> bool {
        self.0.contains(&b""[..])
    }

    /// Whether a path is one of them or lies below one.
    pub fn hold(&self, path: &[u8]) -> bool {
        self.0.contains(path) || folders_above(path).any(|folder| self.0.contains(folder))
    }

    /// Whether they hold a folder or something in it.
    pub fn lead_into(&self, folder: &[u8]) -> bool {
        if folder.is_empty() {
            return !self.0.is_empty();
        }
        let inside = [folder, b"/"].concat();
        let mut behind = self.0.range(inside.clone()..);
        self.hold(folder) || behind.next().is_some_and(|root| root.starts_with(&inside))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }
}

/// The folders that a path lies in, the whole repository too.
fn folders_above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = memchr::memchr_iter(b'/', path);
    let top = (!path.is_empty()).then_some(&path[..0]);
    top.into_iter().chain(slashes.map(|at| &path[..at]))
}

fn roots(pattern: &str) -> Vec<Vec<u8>> {
    if let Some(at) = pattern.find(['$', '%']) {
        // What a variable brings may belong to what stands before it.
        let literal = &pattern[..pattern.find(SPECIAL).unwrap_or(at)];
        let folders = literal.rsplit_once('/').map(|(folders, _)| folders);
        let folders = folders.into_iter().flat_map(|folders| folders.split('/'));
        return root(folders).into_iter().collect();
    }
    match Fnmatch::new(pattern) {
        Ok(glob) => glob.literals().filter_map(root).collect(),
        // It can't be compared at all.
        Err(_) => vec![Vec::new()],
    }
}

/// The path of literal components; `None` when no file of git can be there.
fn root<'c>(components: impl Iterator<Item = &'c str>) -> Option<Vec<u8>> {
    // Stands for bytes that are no text.
    let is_text = |component: &&str| !component.contains(char::REPLACEMENT_CHARACTER);
    let components: Vec<&str> = components.take_while(is_text).collect();
    let is_name = |component: &&str| !matches!(*component, "" | "." | "..");
    (components.iter().all(is_name)).then(|| components.join("/").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(roots: &Roots) -> Vec<String> {
        let texts = roots.iter().map(String::from_utf8_lossy);
        texts.map(std::borrow::Cow::into_owned).collect()
    }

    #[test]
    fn patterns() {
        let rows: &[(&[&str], &[&str])] = &[
            (&["src/**"], &["src"]),
            (&["src/**/*.rs", "src/a/*", "docs/*"], &["docs", "src"]),
            (&["src/a-b/c", "src/a", "src/a/b"], &["src/a", "src/a-b/c"]),
            (&["Cargo.toml"], &["Cargo.toml"]),
            (&["src/a?/b"], &["src"]),
            (&["src/[ab]/c"], &["src"]),
            (&["src/a*"], &["src"]),
            (&["*.md"], &[""]),
            (&["**/*.md", "src/**"], &[""]),
            (&["{a,b/c}/**"], &["a", "b/c"]),
            (&["{a,**}/b"], &[""]),
            (&["a/{b,c}"], &["a/b", "a/c"]),
            (&["a\\*b/c"], &["a*b/c"]),
            (&["a\\/b/*"], &["a/b"]),
            // What matches no file needs no look.
            (&["./a/**", "/a/**", "a//b", "a/", "../a", ""], &[]),
            (&["{a", "a/[b"], &["a"]),
            (&[], &[]),
            // Variables may bring anything.
            (&["$DIR/**"], &[""]),
            (&["%DIR%/**"], &[""]),
            (&["src/$DIR/**"], &["src"]),
            (&["src/a$DIR/**"], &["src"]),
            (&["src/a/b.$EXT"], &["src/a"]),
            (&["src/{a,$DIR}/**"], &["src"]),
            (&["{a,$DIR}/b"], &[""]),
            (&["src/{a/b,$DIR}/c"], &["src"]),
            (&["src/*/$DIR", "src/?/$DIR", "src/[a]/$DIR"], &["src"]),
            (&["src/\\a/$DIR", "src/a/%DIR%"], &["src"]),
            (&["./$DIR"], &[]),
            (&["a/b\u{fffd}/*"], &["a"]),
        ];
        for (patterns, want) in rows {
            let roots = Roots::of(patterns.iter().copied());
            assert_eq!(texts(&roots), *want, "{patterns:?}");
        }
        let many = "{a,b}".repeat(50);
        assert!(Roots::of([many.as_str()]).are_everything());
    }

    #[test]
    fn what_they_hold() {
        let roots = Roots::of(["src/a/**", "docs/*", "README"]);
        for (path, holds, leads_into) in [
            ("", false, true),
            ("src", false, true),
            ("src-a", false, false),
            ("src/a", true, true),
            ("src/a/b/c", true, true),
            ("src/ab", false, false),
            ("docs/x", true, true),
            ("README", true, true),
            ("READ", false, false),
            ("z", false, false),
        ] {
            assert_eq!(roots.hold(path.as_bytes()), holds, "{path}");
            assert_eq!(roots.lead_into(path.as_bytes()), leads_into, "{path}");
        }
        assert!(Roots::everything().hold(b"a/b"));
        assert!(Roots::everything().lead_into(b"a"));
    }

    proptest::proptest! {
        /// Who looks there only misses nothing.
        #[test]
        fn every_match_is_held(
            pattern in "[ab/*?{},\\[\\]\\\\.!$-]{0,12}|\\PC{0,12}",
            value in "[ab/*{},.]{0,5}",
            path in "[ab]{1,2}(/[ab]{1,2}){0,3}",
        ) {
            let roots = Roots::of([pattern.as_str()]);
            let expanded = pattern.replace('$', &value);
            if Fnmatch::new(&expanded).is_ok_and(|glob| glob.matches(&path)) {
                proptest::prop_assert!(roots.hold(path.as_bytes()), "{roots:?}");
            }
        }
    }
}
