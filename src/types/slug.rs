//! Slugs: names made fit for host names and addresses (runtime reference 13.5).

use sha2::{Digest, Sha256};

/// Longest slug of a ref, project path or job name, in characters.
const SLUG_LENGTH: usize = 63;
/// Longest environment slug that still is the plain name.
const ENVIRONMENT_SLUG_LENGTH: usize = 24;
/// What stays of a longer or altered environment name before the suffix.
const ENVIRONMENT_STEM: usize = 17;
/// Characters of the suffix.
const SUFFIX_LENGTH: u32 = 6;

/// The slug of a ref, project path, namespace or job name, as in `CI_COMMIT_REF_SLUG`.
///
/// The name is cut before dashes are stripped, and runs of dashes stay.
pub fn slug(name: &str) -> String {
    let dashed: String = dashed(name).take(SLUG_LENGTH).collect();
    dashed.trim_matches('-').to_owned()
}

/// `CI_ENVIRONMENT_SLUG` of an environment's name.
///
/// A name that is too long or had to be altered gets a suffix made of its SHA-256, so that two
/// environments don't share a slug.
pub fn environment_slug(name: &str) -> String {
    let mut slug = String::new();
    let prefix = match dashed(name).next() {
        Some('a'..='z') => "",
        _ => "env-",
    };
    for c in prefix.chars().chain(dashed(name)) {
        if c != '-' || !slug.ends_with('-') {
            slug.push(c);
        }
    }
    if slug.len() > ENVIRONMENT_SLUG_LENGTH || slug != name {
        slug.truncate(ENVIRONMENT_STEM);
        if !slug.ends_with('-') {
            slug.push('-');
        }
        slug.push_str(&suffix(name));
    } else if slug.ends_with('-') {
        slug.pop();
    }
    slug
}

/// Lower case, and a dash for every character that is no ASCII letter or digit.
fn dashed(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_lowercase).map(|c| match c {
        'a'..='z' | '0'..='9' => c,
        _ => '-',
    })
}

/// The last digits, in base 36, of the SHA-256 of `name` read as one big number.
fn suffix(name: &str) -> String {
    let modulus = 36_u64.pow(SUFFIX_LENGTH);
    let mut rest = Sha256::digest(name.as_bytes())
        .iter()
        .fold(0_u64, |rest, byte| {
            (rest * 256 + u64::from(*byte)) % modulus
        });
    let mut digits = Vec::new();
    for _ in 0..SUFFIX_LENGTH {
        digits.extend(char::from_digit((rest % 36) as u32, 36));
        rest /= 36;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_of_the_table() {
        let text = |json: &str| serde_json::from_str::<String>(json).expect("a JSON string");
        for row in include_str!("../../tests/data/slugs.tsv").lines().skip(1) {
            let (name, want) = row.split_once('\t').expect("two columns");
            assert_eq!(slug(&text(name)), text(want), "slug of {name}");
        }
    }

    #[test]
    fn environment_slugs() {
        let rows = [
            ("production", "production"),
            ("staging-2", "staging-2"),
            ("Production", "production-iis43c"),
            ("review/login", "review-login-py9mn2"),
            (
                "review/feature-with-a-long-name",
                "review-feature-wi-jer9zy",
            ),
            ("1", "env-1-x3mbm3"),
            ("foo_bar", "foo-bar-z28am2"),
            ("x--y", "x-y-krurt5"),
            ("trailing-", "trailing"),
            ("exactly-twenty-four-char", "exactly-twenty-four-char"),
        ];
        for (name, want) in rows {
            assert_eq!(environment_slug(name), want, "slug of {name}");
        }
    }
}
