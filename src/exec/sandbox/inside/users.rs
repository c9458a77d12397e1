//! Who a program runs as: a user as an image names one, looked up in its own files. Pure.

use super::super::identity::Identity;

/// The highest id of a user or a group, as Docker has it: what is above means something else to the
/// kernel, such as "leave it as it is".
const HIGHEST: u32 = i32::MAX.unsigned_abs();

/// The ids of a user, and where they live.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_field_names,
    reason = "`user` is its number, as in passwd"
)]
pub(in super::super) struct User {
    pub(in super::super) user: u32,
    pub(in super::super) group: u32,
    /// Groups besides.
    pub(in super::super) groups: Vec<u32>,
    pub(in super::super) home: String,
}

impl User {
    /// Why they can't be somebody of a sandbox; nothing where they can.
    pub(in super::super) fn why_not(&self, identity: &Identity) -> Option<String> {
        let groups = [&[self.group], &self.groups[..]].concat();
        identity.why_not(self.user, &groups)
    }
}

/// The user that `wanted` means: a name or a number, perhaps with a group behind a colon. Nothing
/// means root. `passwd` and `group` are the texts of the image's files.
pub(in super::super) fn resolve(wanted: &str, passwd: &str, group: &str) -> Result<User, String> {
    let (who, of) = match wanted.split_once(':') {
        Some((who, of)) => (who, Some(of)),
        None => (wanted, None),
    };
    let who = if who.is_empty() { "0" } else { who };
    let by_number = who.parse::<u32>().ok();
    let is_theirs = |entry: &Vec<&str>| {
        entry[0] == who || (by_number.is_some() && number(entry.get(2)) == by_number)
    };
    let entry = lines(passwd).find(is_theirs);
    let user = match (&entry, by_number) {
        (_, Some(user)) => user,
        (Some(entry), None) => number(entry.get(2))
            .ok_or_else(|| format!("user `{who}` has no number in the image's /etc/passwd"))?,
        (None, None) => return Err(format!("the image has no user `{who}` in /etc/passwd")),
    };
    let named = |name: &str| {
        let found = lines(group).find(|entry| entry[0] == name);
        found.and_then(|entry| number(entry.get(2)))
    };
    let own = entry.as_ref().and_then(|entry| number(entry.get(3)));
    let main = match of {
        None | Some("") => own.unwrap_or(0),
        Some(of) => match of.parse() {
            Ok(group) => group,
            Err(_) => {
                named(of).ok_or_else(|| format!("the image has no group `{of}` in /etc/group"))?
            }
        },
    };
    let name = entry.as_ref().map(|entry| entry[0]);
    let is_member = |entry: &Vec<&str>| {
        let members = entry.get(3).copied().unwrap_or_default();
        members.split(',').any(|member| Some(member) == name)
    };
    // With a group of their own choice they have no other.
    let groups: Vec<u32> = if of.is_some() {
        Vec::new()
    } else {
        let others = lines(group).filter(is_member);
        others.filter_map(|entry| number(entry.get(2))).collect()
    };
    if let Some(number) = [user, main].iter().chain(&groups).find(|id| **id > HIGHEST) {
        return Err(format!(
            "user `{wanted}` can't be had: the image gives it the id {number}, and the highest is {HIGHEST}"
        ));
    }
    let home = entry.as_ref().and_then(|entry| entry.get(5).copied());
    Ok(User {
        user,
        group: main,
        groups,
        home: home
            .filter(|home| !home.is_empty())
            .unwrap_or("/")
            .to_owned(),
    })
}

/// The name of the user with that number.
pub(in super::super) fn name_of(user: u32, passwd: &str) -> Option<String> {
    let entry = lines(passwd).find(|entry| number(entry.get(2)) == Some(user))?;
    Some(entry[0].to_owned())
}

fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split(':').collect())
}

fn number(field: Option<&&str>) -> Option<u32> {
    field?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::resolve;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n# no\nann:x:1000:100:Ann:/home/ann:/bin/sh\nbad:x\n\
         same:x:4294967295:0::/:/bin/sh\nhigh:x:7:2147483648::/:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nusers:x:100:\nwheel:x:10:root,ann\ndocker:x:999:ann\n";

    #[test]
    fn users_as_images_name_them() {
        for (wanted, expected) in [
            ("", (0, 0, &[10][..], "/root")),
            ("root", (0, 0, &[10], "/root")),
            ("ann", (1000, 100, &[10, 999], "/home/ann")),
            ("1000", (1000, 100, &[10, 999], "/home/ann")),
            ("1000:1000", (1000, 1000, &[], "/home/ann")),
            ("ann:docker", (1000, 999, &[], "/home/ann")),
            ("ann:", (1000, 100, &[], "/home/ann")),
            ("4711", (4711, 0, &[], "/")),
            (":100", (0, 100, &[], "/root")),
        ] {
            let user = resolve(wanted, PASSWD, GROUP).expect(wanted);
            let found = (user.user, user.group, &user.groups[..], user.home.as_str());
            assert_eq!(found, expected, "{wanted}");
        }
    }

    #[test]
    fn names_of_numbers() {
        for (number, name) in [(1000, Some("ann")), (0, Some("root")), (5, None)] {
            assert_eq!(super::name_of(number, PASSWD).as_deref(), name);
        }
    }

    #[test]
    fn who_is_not_there_is_told() {
        for (wanted, told) in [
            ("bob", "no user `bob`"),
            ("ann:staff", "no group `staff`"),
            ("bad", "no number"),
            ("same", "the id 4294967295"),
            ("high", "the id 2147483648"),
            ("4294967295", "the highest is 2147483647"),
            ("0:2147483648", "the id 2147483648"),
        ] {
            let error = resolve(wanted, PASSWD, GROUP).expect_err(wanted);
            assert!(error.contains(told), "{error}");
        }
    }
}
