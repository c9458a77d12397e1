//! The layers of `src/lib.rs`: its table is the rule, this holds it.

use super::assert_none;
use super::code::Named;
use super::files::{File, root, sources};
use std::collections::BTreeMap;
use std::fs;

/// What a pure module must not name: files, environment, processes, network, clock, async, and
/// the crates that bring them.
const IMPURE: [&str; 21] = [
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::os",
    "std::thread",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
    "futures_util",
    "git2",
    "bollard",
    "indicatif",
    "console",
    "rustix",
    "tempfile",
    "etcetera",
    "reqwest",
];

/// Crates whose types stop at one place.
const CONFINED: [(&str, &[&str]); 15] = [
    ("bollard", &["src/exec/docker"]),
    ("git2", &["src/repo/"]),
    ("indicatif", &["src/report/tty"]),
    ("console", &["src/report/tty", "src/cli/"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("unsafe_libyaml", &["src/yaml/"]),
    ("annotate_snippets", &["src/diag/"]),
    ("strsim", &["src/diag/"]),
    ("reqwest", &["src/web/"]),
    ("rustls", &["src/web/"]),
    ("oci_client", &["src/images/pull"]),
    ("flate2", &["src/images/"]),
    ("ruzstd", &["src/images/"]),
];

/// Lower layers that a module must not know all the same: it gets what they make as plain values.
const UNKNOWN: [(&str, &[&str]); 4] = [
    ("run", &["plan", "config", "yaml", "settings"]),
    ("exec", &["plan", "config", "yaml", "run"]),
    ("report", &["plan", "exec", "sched"]),
    ("record", &["plan", "exec", "sched"]),
];

/// The code map of `src/lib.rs`.
struct Map {
    layers: BTreeMap<String, u32>,
    pure: Vec<String>,
}

impl Map {
    fn read() -> Self {
        let text = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs can be read");
        let docs: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("//! "))
            .collect();
        let layers: BTreeMap<_, _> = docs.iter().filter_map(|line| row(line)).collect();
        let pure = (docs.iter())
            .find(|line| line.contains("` are pure"))
            .and_then(|line| line.split('`').nth(1))
            .map(|names| names.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default();
        Self { layers, pure }
    }
}

/// `| 2 | [`yaml`] | … |` is `("yaml", 2)`.
fn row(line: &str) -> Option<(String, u32)> {
    let mut cells = line.split('|').skip(1).map(str::trim);
    let layer = cells.next()?.parse().ok()?;
    let name = cells.next()?.trim_matches(['[', ']', '`']).to_owned();
    Some((name, layer))
}

/// The module of the crate that a path means, if it leaves the module it stands in.
fn target<'a>(file: &File, path: &'a Named) -> Option<&'a str> {
    let supers = path.path.iter().take_while(|word| *word == "super").count();
    let from_root = match path.path.first()?.as_str() {
        "crate" => 1,
        "super" if supers >= file.module().len() => supers,
        _ => return None,
    };
    path.path.get(from_root).map(String::as_str)
}

fn product() -> impl Iterator<Item = &'static File> {
    sources().iter().filter(|file| !file.is_test)
}

#[test]
fn the_map_names_every_module() {
    let map = Map::read();
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs can be read");
    let modules: Vec<&str> = (text.lines())
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let mapped: Vec<&str> = map.layers.keys().map(String::as_str).collect();
    assert_eq!(
        modules, mapped,
        "the code map of src/lib.rs and its modules differ"
    );
    assert!(
        map.pure.len() > 5,
        "the code map no longer says which layers are pure"
    );
    for pure in &map.pure {
        assert!(mapped.contains(&pure.as_str()), "no module `{pure}`");
    }
}

#[test]
fn imports_go_down() {
    let layers = Map::read().layers;
    let mut broken = Vec::new();
    for file in product() {
        let module = file.module();
        let Some((own, layer)) = module.first().and_then(|own| layers.get_key_value(*own)) else {
            continue;
        };
        for path in file.named() {
            let Some((other, below)) = target(file, path).and_then(|it| layers.get_key_value(it))
            else {
                continue;
            };
            if other != own && below >= layer {
                broken.push(format!(
                    "{}:{}: `{own}` (layer {layer}) uses `{other}` (layer {below})",
                    file.path, path.line
                ));
            }
        }
    }
    assert_none(
        "a module uses only modules of lower layers (src/lib.rs)",
        &broken,
    );
}

#[test]
fn layers_do_not_know_what_is_not_theirs() {
    let mut broken = Vec::new();
    for file in product() {
        let module = file.module();
        let own = module.first().copied();
        let Some((own, unknown)) = UNKNOWN.into_iter().find(|(name, _)| own == Some(*name)) else {
            continue;
        };
        for path in file.named() {
            if let Some(other) = target(file, path).filter(|other| unknown.contains(other)) {
                let place = format!("{}:{}", file.path, path.line);
                broken.push(format!("{place}: `{own}` knows `{other}`"));
            }
        }
    }
    assert_none("some layers must not know of each other", &broken);
}

#[test]
fn pure_layers_do_nothing() {
    let pure = Map::read().pure;
    let mut broken = Vec::new();
    for file in product() {
        if !file
            .module()
            .first()
            .is_some_and(|own| pure.iter().any(|name| name == own))
        {
            continue;
        }
        for path in file.named() {
            let clock = path.path.last().is_some_and(|word| word == "now");
            let banned = clock || IMPURE.iter().any(|banned| path.starts_with(banned));
            // A word alone is a variable.
            if banned && path.path.len() > 1 {
                broken.push(format!(
                    "{}:{}: {}",
                    file.path,
                    path.line,
                    path.path.join("::")
                ));
            }
        }
    }
    assert_none(
        "pure layers know no files, environment, clock or async",
        &broken,
    );
}

#[test]
fn foreign_types_stop_at_one_place() {
    let mut broken = Vec::new();
    for file in product() {
        for path in file.named() {
            for (name, places) in CONFINED {
                let here = places.iter().any(|place| file.path.starts_with(place));
                if path.path.len() > 1 && path.starts_with(name) && !here {
                    broken.push(format!(
                        "{}:{}: `{name}` belongs to {}",
                        file.path,
                        path.line,
                        places.join(", ")
                    ));
                }
            }
        }
    }
    assert_none("a foreign crate stops at the module that wraps it", &broken);
}

#[test]
fn a_path_is_resolved() {
    let rows = [
        ("src/plan/rules.rs", "crate::expr::Value", Some("expr")),
        ("src/plan/rules.rs", "super::job::Job", None),
        (
            "src/plan/rules.rs",
            "super::super::expr::Value",
            Some("expr"),
        ),
        (
            "src/plan/rules/mod.rs",
            "super::super::expr::Value",
            Some("expr"),
        ),
        ("src/plan/rules/deep.rs", "super::super::job::Job", None),
        ("src/plan/mod.rs", "super::expr::Value", Some("expr")),
        ("src/plan/mod.rs", "std::fs::read", None),
    ];
    for (path, code, expected) in rows {
        let file = File::new(path, code);
        let found = &file.named()[0];
        assert_eq!(target(&file, found), expected, "{path}: {code}");
    }
}
