//! Whether a job has left what it was brought as it was: its own changes lie in a folder of their own over
//! the layers that it shares.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::super::collect::{Selection, listed};
use super::super::super::overlay_changes::{Notes, has_none_of};
use super::super::super::{EnvSpec, Globs};
use super::super::step::Marks;
use super::builds::{Parts, below_builds};

/// What a job was brought as one layer.
#[derive(Debug, Clone)]
pub(in super::super) struct Brought {
    /// That layer's folder.
    layer: PathBuf,
    /// Those of the layers below it.
    lower: Vec<PathBuf>,
    /// The project directory in each.
    below: PathBuf,
    project_dir: String,
    notes: Notes,
}

impl Brought {
    /// Where just one archive was brought, as the highest of the layers, and nothing lies over it.
    pub(in super::super) fn new(spec: &EnvSpec, parts: &Parts, marks: Marks) -> Option<Self> {
        let over = &*parts.artifacts;
        let ([_], [], [layer, lower @ ..]) = (&*spec.workspace.artifacts, over, &*parts.layers)
        else {
            return None;
        };
        Some(Self {
            layer: layer.clone(),
            lower: lower.to_vec(),
            below: below_builds(&spec.layout).ok()?,
            project_dir: spec.layout.project_dir.clone(),
            notes: match marks {
                Marks::Root => Notes::Trusted,
                Marks::User => Notes::User,
            },
        })
    }

    /// What is said of packing what the globs take, where that is of this layer alone and nothing of it
    /// has changed in `written`, the folder of the job's changes. Blocks.
    pub(in super::super) fn untouched(
        &self,
        globs: &Globs,
        written: &Path,
    ) -> io::Result<Option<Vec<String>>> {
        let roots = Selection::new(globs, &self.project_dir).roots();
        if !has_none_of(written, self.notes, &self.below, &roots)? {
            return Ok(None);
        }
        for layer in &self.lower {
            for root in &roots {
                match fs::symlink_metadata(layer.join(&self.below).join(root)) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    // What can't be looked at counts as there.
                    _ => return Ok(None),
                }
            }
        }
        listed(globs, &self.layer.join(&self.below), &self.project_dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&Path);

    #[test]
    fn what_is_of_the_layer_alone_and_has_not_changed() {
        let cases: [(&str, &[&str], Change, bool); 7] = [
            ("nothing has changed", &["v"], |_| {}, true),
            ("a part", &["v/*.o"], |_| {}, true),
            ("nothing of it", &["other"], |_| {}, false),
            ("anything in the project", &["**/*.o"], |_| {}, false),
            (
                "a change beside it",
                &["v"],
                |at| drop(fs::write(at.join("upper/p.tmp"), "")),
                true,
            ),
            (
                "a change",
                &["v"],
                |at| fs::create_dir_all(at.join("upper/p/v")).expect("made"),
                false,
            ),
            (
                "files of the tree at the same place",
                &["v"],
                |at| fs::create_dir_all(at.join("tree/p/v")).expect("made"),
                false,
            ),
        ];
        for (situation, paths, change, wanted) in cases {
            let base = tempfile::tempdir().expect("a folder");
            let at = |path: &str| base.path().join(path);
            for folder in ["upper", "tree/p", "layer/p/v"] {
                fs::create_dir_all(at(folder)).expect("folders");
            }
            fs::write(at("layer/p/v/a.o"), "").expect("written");
            change(base.path());
            let brought = Brought {
                layer: at("layer"),
                lower: vec![at("tree")],
                below: "p".into(),
                project_dir: "/builds/p".to_owned(),
                notes: Notes::User,
            };
            let globs = Globs {
                paths: paths.iter().map(|&path| path.to_owned()).collect(),
                ..Globs::default()
            };
            let said = brought.untouched(&globs, &at("upper")).expect("looked at");
            assert_eq!(said.is_some(), wanted, "{situation}");
        }
    }
}
