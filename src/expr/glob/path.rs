//! The pattern of a whole path.

use super::segment::Segment;

/// One component of a path's pattern.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// One component of the path.
    Component(Segment),
    /// Any number of components, none too.
    AnyComponents,
}

/// The leading components without anything special.
pub(super) fn literals(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().map_while(|part| match part {
        Part::Component(Segment::Literal(text)) => Some(text.as_str()),
        _ => None,
    })
}

/// How much of a path has to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// All of it, or the directories that lead to it.
    Prefix,
}

/// Whether the components of a path match. Like the characters of a component, components need
/// one point of return only.
pub(super) fn matches(parts: &[Part], path: &[&str], extent: Extent) -> bool {
    let (mut part, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match parts.get(part) {
            Some(Part::AnyComponents) => {
                part += 1;
                retry = Some((part, at));
                // At the end it takes all the rest.
                if part == parts.len() {
                    return true;
                }
                continue;
            }
            Some(Part::Component(segment))
                if path
                    .get(at)
                    .is_some_and(|component| segment.matches(component)) =>
            {
                part += 1;
                at += 1;
                continue;
            }
            None if at == path.len() || extent == Extent::Prefix => return true,
            _ => {}
        }
        match &mut retry {
            Some((behind, from)) if *from < path.len() => {
                *from += 1;
                (part, at) = (*behind, *from);
            }
            _ => return false,
        }
    }
}
