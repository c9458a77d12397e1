//! The numbers of a container's user, as `id` would print them in it.

use super::super::owned::Owner;

/// The owner that `user` stands for (`name`, `name:group`, numbers of either). `passwd` and `group`
/// are the files of the image; who is in neither is nobody that `id` knows.
pub(super) fn numbers(user: &str, passwd: &str, group: &str) -> Option<Owner> {
    let (name, of_group) = match user.split_once(':') {
        Some((name, group)) => (name, Some(group)),
        None => (user, None),
    };
    let entry = line(passwd, name, 2);
    let uid = name.parse().ok().or_else(|| number(entry?, 2))?;
    let gid = match of_group.filter(|name| !name.is_empty()) {
        Some(name) => (name.parse().ok()).or_else(|| number(line(group, name, 2)?, 2))?,
        None => entry.and_then(|entry| number(entry, 3)).unwrap_or(0),
    };
    Some(Owner { uid, gid })
}

/// Whether the files of the image are needed to know them.
pub(super) fn is_plain(user: &str) -> bool {
    user.split_once(':')
        .is_some_and(|(name, group)| name.parse::<u64>().is_ok() && group.parse::<u64>().is_ok())
}

/// The entry of that name, or of that number in that field.
fn line<'a>(file: &'a str, name: &str, number: usize) -> Option<&'a str> {
    let has = |at: usize| move |line: &&str| line.split(':').nth(at) == Some(name);
    let named = file.lines().find(has(0));
    named.or_else(|| file.lines().find(has(number)))
}

fn number(entry: &str, at: usize) -> Option<u64> {
    entry.split(':').nth(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{is_plain, numbers};

    #[test]
    fn what_id_would_print() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\n";
        let group = "root:x:0:\nwheel:x:10:node\n";
        for (user, wanted) in [
            ("node", Some((1000, 1001))),
            ("1000", Some((1000, 1001))),
            ("1234", Some((1234, 0))),
            ("1234:5", Some((1234, 5))),
            ("node:wheel", Some((1000, 10))),
            ("1000:wheel", Some((1000, 10))),
            ("nobody", None),
            ("node:none", None),
        ] {
            let found = numbers(user, passwd, group).map(|owner| (owner.uid, owner.gid));
            assert_eq!(found, wanted, "{user}");
        }
    }

    #[test]
    fn numbers_alone_need_no_files() {
        for (user, plain) in [("1:2", true), ("1", false), ("a:2", false), ("1:a", false)] {
            assert_eq!(is_plain(user), plain, "{user}");
        }
    }
}
