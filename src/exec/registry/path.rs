//! Registry paths: what an image asks for and what a source of credentials offers, in one form. Pure.

/// Docker's own registry, as names of images mean it.
const HUB: &str = "docker.io";

/// Where credentials for an image are looked for: its path, then shorter by one part each time, to the
/// host alone.
pub(super) fn of_image(image: &str) -> Vec<String> {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
    let path = match name.split_once('/') {
        Some((host, _)) if is_host(host) => name.to_owned(),
        _ => format!("{HUB}/{name}"),
    };
    let mut path = with_plain_host(&path);
    let mut all = Vec::new();
    loop {
        all.push(path.clone());
        match path.rfind('/') {
            Some(end) => path.truncate(end),
            None => return all,
        }
    }
}

/// The path that an entry of a source is for: its scheme and the version of the API do not count.
pub(super) fn of_entry(entry: &str) -> String {
    let entry = entry.trim();
    let entry = entry.split_once("://").map_or(entry, |(_, rest)| rest);
    let entry = entry.trim_end_matches('/');
    let version = ["/v1", "/v2"]
        .into_iter()
        .find_map(|end| entry.strip_suffix(end));
    with_plain_host(version.unwrap_or(entry).trim_end_matches('/'))
}

fn with_plain_host(path: &str) -> String {
    let (host, rest) = match path.find('/') {
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    let host = host.to_ascii_lowercase();
    let host = match host.as_str() {
        "index.docker.io" | "registry-1.docker.io" => HUB,
        host => host,
    };
    format!("{host}{rest}")
}

#[cfg(test)]
mod tests {
    use super::{of_entry, of_image};

    #[test]
    fn paths_of_images() {
        for (image, wanted) in [
            (
                "reg.io/grp/app:1",
                &["reg.io/grp/app", "reg.io/grp", "reg.io"][..],
            ),
            (
                "Reg.IO:5000/App@sha256:00",
                &["reg.io:5000/App", "reg.io:5000"],
            ),
            ("localhost/a", &["localhost/a", "localhost"]),
            ("ruby:3.1", &["docker.io/ruby", "docker.io"]),
            (
                "tutum/web",
                &["docker.io/tutum/web", "docker.io/tutum", "docker.io"],
            ),
            ("index.docker.io/a", &["docker.io/a", "docker.io"]),
        ] {
            assert_eq!(of_image(image), wanted, "{image}");
        }
    }

    #[test]
    fn paths_of_entries() {
        for (entry, wanted) in [
            ("https://index.docker.io/v1/", "docker.io"),
            ("docker.io", "docker.io"),
            ("http://Reg.io:5000", "reg.io:5000"),
            ("reg.io/grp/", "reg.io/grp"),
            ("https://reg.io/v2/", "reg.io"),
        ] {
            assert_eq!(of_entry(entry), wanted, "{entry}");
        }
    }
}
