//! The fuzz targets without a fuzzer: their bodies, fed with the pipelines of the tests and with
//! pieces of these. `tests/fuzz` says how a fuzzer runs them for longer.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../fuzz/bodies/expr.rs"]
mod expr;
#[path = "../fuzz/bodies/front_end.rs"]
mod front_end;
#[path = "../fuzz/bodies/yaml.rs"]
mod yaml;

/// Every YAML file below `folder`.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the tests") {
        let path = entry.expect("an entry").path();
        match path.extension() {
            _ if path.is_dir() => files(&path, found),
            Some(extension) if extension == "yml" => found.push(path),
            _ => {}
        }
    }
}

/// The texts of these files, whole, without their second half, and with a hole in the middle.
fn seeds() -> Vec<String> {
    let mut found = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"),
        &mut found,
    );
    let texts = found
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok());
    let seeds: Vec<String> = texts
        .filter(|text| text.len() < 20_000)
        .flat_map(|text| {
            let lines: Vec<&str> = text.lines().collect();
            let half = lines[..lines.len() / 2].join("\n");
            let hole = [&lines[..lines.len() / 3], &lines[lines.len() / 2..]].concat();
            let hole = hole.join("\n");
            [half, hole, text]
        })
        .collect();
    assert!(seeds.len() > 100, "only {} seeds", seeds.len());
    seeds
}

#[test]
fn pipelines_and_pieces_of_them_never_panic() {
    for seed in seeds() {
        yaml::feed(&seed);
        front_end::feed(&seed);
    }
}

#[test]
fn lines_of_pipelines_never_panic_as_expressions() {
    for seed in seeds() {
        let lines: Vec<&str> = seed.lines().collect();
        for pair in lines.windows(2) {
            let value = pair[0].split_once(": ").map_or(pair[0], |(_, value)| value);
            expr::feed(value.trim(), pair[1], pair[0]);
        }
    }
}
