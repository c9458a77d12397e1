//! What the pretended executor packs. What was looked for says what there is:
//!
//! ```text
//! folder         a folder              two       two files
//! link TARGET    a link to TARGET      broken    what is no archive
//! ```
//!
//! Anything else is a file, which holds its own name.

use std::fs;
use std::path::Path;

use tar::{Builder, EntryType, Header};

use super::super::Globs;

pub(super) fn write(globs: &Globs, into: &Path) {
    let wanted = globs.paths.join("\n");
    if wanted == "broken" {
        return fs::write(into, [7; 700]).expect("a file");
    }
    let mut tar = Builder::new(fs::File::create(into).expect("a file"));
    let mut header = Header::new_gnu();
    header.set_size(0);
    if let Some(target) = wanted.strip_prefix("link ") {
        header.set_entry_type(EntryType::Symlink);
        tar.append_link(&mut header, "link", target)
            .expect("an entry");
    } else if wanted == "folder" {
        header.set_entry_type(EntryType::Directory);
        tar.append_data(&mut header, "folder", &b""[..])
            .expect("an entry");
    } else {
        let names: &[&str] = if wanted == "two" {
            &["one", "another"]
        } else {
            &["paths"]
        };
        for name in names {
            header.set_size(wanted.len() as u64);
            tar.append_data(&mut header, name, wanted.as_bytes())
                .expect("an entry");
        }
    }
    tar.finish().expect("an archive");
}
