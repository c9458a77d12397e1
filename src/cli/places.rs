//! How the path of a log is written for a person.

use std::path::Path;

use crate::record;
use crate::report::LogPlaces;

/// Where the logs of the run in that folder are.
pub(super) fn log_places(folder: &Path) -> LogPlaces {
    let folder = folder.to_owned();
    let home = std::env::var("HOME").unwrap_or_default();
    LogPlaces::new(move |pipeline, job, attempt| {
        shown(
            &record::log(&folder, pipeline, job, attempt),
            Path::new(&home),
        )
    })
}

/// The path with `~` for the home folder where a shell reads that back, else quoted at need.
fn shown(path: &Path, home: &Path) -> String {
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_.-+%~@:,".contains(c))
    };
    let below = path.strip_prefix(home).ok();
    match below.and_then(Path::to_str) {
        Some(below) if home.parent().is_some() && plain(below) => format!("~/{below}"),
        _ => {
            let whole = path.display().to_string();
            if plain(&whole) {
                whole
            } else {
                format!("'{}'", whole.replace('\'', r"'\''"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_can_be_pasted() {
        for (name, path, home, expected) in [
            ("at home", "/home/ada/s/unit.1", "/home/ada", "~/s/unit.1"),
            ("elsewhere", "/srv/s/unit.1", "/home/ada", "/srv/s/unit.1"),
            ("no home", "/srv/s/unit.1", "", "/srv/s/unit.1"),
            ("the root is no home", "/srv/s/unit.1", "/", "/srv/s/unit.1"),
            (
                "blanks",
                "/srv/a b/unit.1",
                "/home/ada",
                "'/srv/a b/unit.1'",
            ),
            (
                "blanks at home",
                "/home/ada/a b/x",
                "/home/ada",
                "'/home/ada/a b/x'",
            ),
            (
                "encoded names",
                "/srv/s/unit%201.1",
                "/home/ada",
                "/srv/s/unit%201.1",
            ),
        ] {
            assert_eq!(shown(Path::new(path), Path::new(home)), expected, "{name}");
        }
    }
}
