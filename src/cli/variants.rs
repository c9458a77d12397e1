//! Instances of parallel jobs as one name: `test: [25 variants]`.

use std::collections::HashMap;

use crate::config::JobConfig;

/// Which job each instance of a configuration belongs to.
pub(super) struct Variants<'a> {
    /// By the name of the instance.
    bases: HashMap<&'a str, &'a str>,
    /// Instances of each such job.
    totals: HashMap<&'a str, usize>,
}

impl<'a> Variants<'a> {
    /// Those of all jobs of a configuration.
    pub(super) fn of(jobs: impl IntoIterator<Item = &'a JobConfig>) -> Self {
        let instances = jobs.into_iter().filter(|job| job.name != job.base_name);
        Self::new(instances.map(|job| (&*job.name, &*job.base_name)))
    }

    fn new(instances: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut bases, mut totals) = (HashMap::new(), HashMap::new());
        for (name, base) in instances {
            bases.insert(name, base);
            *totals.entry(base).or_default() += 1;
        }
        Self { bases, totals }
    }

    /// The names in their order, several instances of one job as one.
    pub(super) fn grouped<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<String> {
        let mut groups: Vec<(Option<&str>, Vec<&'n str>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for name in names {
            let base = self.bases.get(name).copied();
            if let Some(place) = base.and_then(|base| places.get(base)) {
                groups[*place].1.push(name);
            } else {
                places.extend(base.map(|base| (base, groups.len())));
                groups.push((base, vec![name]));
            }
        }
        let groups = groups.into_iter();
        groups
            .map(|(base, names)| self.shown(base, &names))
            .collect()
    }

    fn shown(&self, base: Option<&str>, names: &[&str]) -> String {
        match (base, names) {
            (Some(base), [_, _, ..]) => {
                let total = self.totals.get(base).copied().unwrap_or_default();
                match names.len() {
                    all if all == total => format!("{base}: [{all} variants]"),
                    some => format!("{base}: [{some} of {total} variants]"),
                }
            }
            _ => names.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_one_name() {
        let instances = [
            ("t: [a]", "t"),
            ("t: [b]", "t"),
            ("t: [c]", "t"),
            ("r 1/2", "r"),
            ("r 2/2", "r"),
        ];
        let variants = Variants::new(instances);
        for (names, expected) in [
            (&["x", "y"][..], "x, y"),
            (&["t: [a]", "x", "t: [b]", "t: [c]"], "t: [3 variants], x"),
            (&["t: [a]", "t: [c]"], "t: [2 of 3 variants]"),
            (&["t: [b]", "t"], "t: [b], t"),
            (&["r 1/2", "r 2/2"], "r: [2 variants]"),
            (&[], ""),
        ] {
            let shown = variants.grouped(names.iter().copied()).join(", ");
            assert_eq!(shown, expected, "{names:?}");
        }
    }
}
