//! "Did you mean": the closest of some names.

/// Characters up to which words are compared: the work grows with the product of two lengths, and
/// nobody mistypes a longer one.
const MAX_LENGTH: usize = 100;

/// The candidate closest to `word`, if it is close enough to be a slip of the hand: at most one
/// edit per three characters, a swap of neighbours counting as one.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length > MAX_LENGTH {
        return None;
    }
    let limit = (length / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Names of a list that a message shows.
const MAX_SHOWN: usize = 20;

/// `a, b, c`; of a long list the first names and how many more there are.
pub fn some_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let shown: Vec<&str> = names.by_ref().take(MAX_SHOWN).collect();
    let shown = shown.join(", ");
    match names.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::{closest, some_of};

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        let keys = ["script", "stage", "before_script", "artifacts"];
        assert_eq!(closest("scrpit", keys), Some("script"));
        assert_eq!(closest("stgae", keys), Some("stage"));
        assert_eq!(closest("artefacts", keys), Some("artifacts"));
        assert_eq!(closest("foo", keys), None);
        assert_eq!(closest("script", ["script", "scripts"]), Some("scripts"));
        assert_eq!(closest(&"a".repeat(1_000_000), ["a"]), None);
    }

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(some_of(["a", "b"]), "a, b");
        assert_eq!(some_of(["a"; 20]).matches('a').count(), 20);
        assert!(some_of(["x"; 500]).ends_with("x, x and 480 more"));
    }
}
