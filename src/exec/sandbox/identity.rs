//! Who is who in a sandbox: the maps of user and group ids. Pure.

use serde::{Deserialize, Serialize};

/// Which ids there are inside, and who they are outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Identity {
    /// All ids of this machine, as they are. Only root can give them.
    Same,
    /// One: `inside` is the user who started `pipe`.
    Single {
        /// The user, inside.
        user: u32,
        /// The group, inside.
        group: u32,
    },
    /// 0 is the user, and what follows are those ids that `/etc/subuid` and `/etc/subgid` give
    /// them. `newuidmap` and `newgidmap` write such maps.
    Ranges(Ranges),
}

/// Ids that a user has besides their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ranges {
    /// First and count of the user ids.
    pub(super) users: (u32, u32),
    /// The same of the group ids.
    pub(super) groups: (u32, u32),
}

impl Identity {
    /// The same for a program that has these ids, a user and a group: where there is one alone, it is that.
    pub(super) fn of_program(&self, ids: impl FnOnce() -> (u32, u32)) -> Self {
        match self {
            Self::Single { .. } => {
                let (user, group) = ids();
                Self::Single { user, group }
            }
            many => many.clone(),
        }
    }

    /// Why nobody inside can have these ids, the group first among `groups`, in words for people; nothing where
    /// somebody can.
    pub(super) fn why_not(&self, user: u32, groups: &[u32]) -> Option<String> {
        let beyond = |kind, id, file, highest| {
            format!(
                "{kind} {id} can't be had here: with the ids that `{file}` gives you, the highest inside is {highest}"
            )
        };
        match *self {
            Self::Same => None,
            Self::Single { user: one, .. } => (user != one).then(|| {
                format!(
                    "user {user} can't be had here: a sandbox of yours has one id, which is {one}"
                )
            }),
            Self::Ranges(Ranges {
                users: (_, highest),
                ..
            }) if user > highest => Some(beyond("user", user, "/etc/subuid", highest)),
            Self::Ranges(Ranges {
                groups: (_, highest),
                ..
            }) => {
                let group = groups.iter().find(|group| **group > highest)?;
                Some(beyond("group", *group, "/etc/subgid", highest))
            }
        }
    }

    /// Whether a user other than the one who started `pipe` can be somebody inside.
    pub(super) fn has_many(&self) -> bool {
        !matches!(self, Self::Single { .. })
    }
}

/// A map that gives every id that this process has to itself, from the map it lives under.
pub(super) fn same(map: &str) -> String {
    let lines = map.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (first, _, count) = (words.next()?, words.next()?, words.next()?);
        Some(format!("{first} {first} {count}\n"))
    });
    lines.collect()
}

/// The ids that `/etc/subuid` or `/etc/subgid` gives a user: the first line of theirs that has
/// any.
pub(super) fn granted(text: &str, name: Option<&str>, number: u32) -> Option<(u32, u32)> {
    let number = number.to_string();
    text.lines().find_map(|line| {
        let mut words = line.trim().split(':');
        let who = words.next()?;
        let first: u32 = words.next()?.parse().ok()?;
        let count: u32 = words.next()?.parse().ok()?;
        let is_theirs = Some(who) == name || who == number;
        (is_theirs && count > 0).then_some((first, count))
    })
}

#[cfg(test)]
mod tests {
    use super::{Identity, Ranges, granted, same};

    #[test]
    fn every_id_is_itself() {
        assert_eq!(
            same("         0          0 4294967295\n"),
            "0 0 4294967295\n"
        );
        let nested = "         0       1000          1\n         1     100000      65536\n";
        assert_eq!(same(nested), "0 0 1\n1 1 65536\n");
    }

    #[test]
    fn whose_ids_there_are_not_is_told() {
        let one = Identity::Single { user: 5, group: 60 };
        let many = Identity::Ranges(Ranges {
            users: (100_000, 10),
            groups: (100_000, 20),
        });
        for (identity, user, groups, told) in [
            (&Identity::Same, 4_000_000, &[7, 8][..], None),
            (&one, 5, &[7], None),
            (&one, 6, &[60], Some("user 6 can't")),
            (&many, 0, &[0], None),
            (&many, 10, &[20, 1], None),
            (
                &many,
                11,
                &[1],
                Some("`/etc/subuid` gives you, the highest inside is 10"),
            ),
            (&many, 10, &[1, 21], Some("group 21 can't")),
        ] {
            let said = identity.why_not(user, groups);
            assert_eq!(said.is_some(), told.is_some(), "{identity:?}: {said:?}");
            let said = said.unwrap_or_default();
            assert!(said.contains(told.unwrap_or_default()), "{said}");
        }
    }

    #[test]
    fn the_first_grant_of_a_user_counts() {
        let text = "root:1:2\nann:0:0\nann:100000:65536\nann:5:5\n1001:200000:10\nbroken\n";
        for (name, number, wanted) in [
            (Some("ann"), 1000, Some((100_000, 65536))),
            (Some("bob"), 1001, Some((200_000, 10))),
            (None, 1001, Some((200_000, 10))),
            (Some("carl"), 1002, None),
        ] {
            assert_eq!(granted(text, name, number), wanted, "{name:?}");
        }
    }
}
