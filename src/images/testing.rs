//! Archives for tests, sound and hostile ones.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};
use tar::{EntryType, Header};

use super::sha256::sha256;

/// A tar, entry by entry. Names are written as they are, whatever they are.
#[derive(Default)]
pub(super) struct Tar {
    bytes: Vec<u8>,
    owner: (u64, u64),
    extensions: Vec<(String, Vec<u8>)>,
}

impl Tar {
    /// Whose the entries are that follow.
    pub(super) fn of(mut self, uid: u64, gid: u64) -> Self {
        self.owner = (uid, gid);
        self
    }

    /// What the extended header of the next entry says.
    pub(super) fn extended(mut self, key: &str, value: &[u8]) -> Self {
        self.extensions.push((key.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn folder(self, name: &str, mode: u32) -> Self {
        self.entry(EntryType::Directory, name, "", mode, b"")
    }

    pub(super) fn file(self, name: &str, mode: u32, content: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Regular, name, "", mode, content.as_ref())
    }

    pub(super) fn link(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, name, target, 0o777, b"")
    }

    pub(super) fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Link, name, target, 0o644, b"")
    }

    /// An entry of any kind.
    pub(super) fn entry(
        mut self,
        kind: EntryType,
        name: &str,
        target: &str,
        mode: u32,
        content: &[u8],
    ) -> Self {
        let extensions = std::mem::take(&mut self.extensions);
        if !extensions.is_empty() {
            let mut words = Vec::new();
            for (key, value) in extensions {
                words.extend(record(&key, &value));
            }
            self.append(EntryType::XHeader, "x", "", 0o644, &words);
        }
        self.append(kind, name, target, mode, content);
        self
    }

    fn append(&mut self, kind: EntryType, name: &str, target: &str, mode: u32, content: &[u8]) {
        let mut header = Header::new_gnu();
        let put = |field: &mut [u8], text: &str| {
            field[..text.len()].copy_from_slice(text.as_bytes());
        };
        put(&mut header.as_old_mut().name, name);
        put(&mut header.as_old_mut().linkname, target);
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(self.owner.0);
        header.set_gid(self.owner.1);
        header.set_mtime(1_000_000_000);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.bytes.extend(header.as_bytes());
        self.bytes.extend(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
    }

    /// The tar with its end.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.bytes.extend([0; 1024]);
        self.bytes
    }
}

/// `LENGTH KEY=VALUE`, where the length counts itself too.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length += 1;
    }
    let mut record = format!("{length} {key}=").into_bytes();
    record.extend(value);
    record.push(b'\n');
    record
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// `bytes` in a frame of zstd that does not compress (RFC 8878, 3.1.1).
pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    let blocks: Vec<&[u8]> = bytes.chunks(64 * 1024).collect();
    for (at, block) in blocks.iter().enumerate() {
        let is_last = u32::from(at + 1 == blocks.len());
        let size = u32::try_from(block.len()).expect("small");
        frame.extend(&((size << 3) | is_last).to_le_bytes()[..3]);
        frame.extend(*block);
    }
    frame
}

/// What lies in a folder, a line for each: kind, mode and owner where it says something, path,
/// content or target.
pub(super) fn listing(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    list(folder, "", &mut lines);
    lines.sort_by(|a, b| a.split(' ').nth(1).cmp(&b.split(' ').nth(1)));
    lines
}

fn list(folder: &Path, prefix: &str, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let about = entry.metadata().expect("there");
        let mode = about.mode() & 0o7777;
        let kind = about.file_type();
        let mut line = if kind.is_dir() {
            list(&entry.path(), &format!("{name}/"), lines);
            format!("d {name} {mode:o}")
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path()).expect("a link");
            format!("l {name} -> {}", target.display())
        } else if kind.is_char_device() && about.rdev() == 0 {
            format!("- {name}")
        } else if kind.is_fifo() {
            format!("p {name} {mode:o}")
        } else {
            let content = fs::read_to_string(entry.path()).expect("a file");
            format!("f {name} {mode:o} {content:?}")
        };
        if about.nlink() > 1 && !kind.is_dir() {
            line += &format!(" x{}", about.nlink());
        }
        for mark in ["trusted.overlay.opaque", "user.overlay.opaque"] {
            let mut value = [0; 8];
            if rustix::fs::lgetxattr(entry.path(), mark, &mut value[..]).is_ok() {
                line += " opaque";
            }
        }
        lines.push(line);
    }
}

/// The configuration of an image of these layers.
pub(super) fn config(layers: &[Vec<u8>]) -> Json {
    let diff_ids: Vec<String> = layers.iter().map(sha256).collect();
    json!({
        "architecture": "amd64", "os": "linux",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    })
}

fn digits(digest: &str) -> &str {
    &digest["sha256:".len()..]
}

/// What `docker save` wrote for years: a folder for each layer.
pub(crate) fn docker_archive(name: &str, layers: &[Vec<u8>]) -> Vec<u8> {
    let config = config(layers).to_string();
    let file = format!("{}.json", digits(&sha256(&config)));
    let mut tar = Tar::default().file(&file, 0o644, config);
    let mut paths: Vec<String> = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let folder = digits(&sha256(format!("{at}"))).to_owned();
        let path = format!("{folder}/layer.tar");
        tar = tar.folder(&format!("{folder}/"), 0o755);
        // A layer that was there already is a link to it.
        let same = layers[..at].iter().position(|other| other == layer);
        tar = match same {
            Some(same) => tar.link(&path, &format!("../{}", paths[same])),
            None => tar.file(&path, 0o644, layer),
        };
        paths.push(path);
    }
    let manifest = json!([{"Config": file, "RepoTags": [name], "Layers": paths}]);
    tar.file("manifest.json", 0o644, manifest.to_string())
        .file("repositories", 0o644, "{}")
        .end()
}

/// The files of an OCI layout, whose layers are compressed.
pub(super) fn layout(name: Option<&str>, layers: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![(
        "oci-layout".to_owned(),
        br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
    )];
    let mut add = |kind: &str, bytes: Vec<u8>| {
        let digest = sha256(&bytes);
        let descriptor = json!({"mediaType": kind, "digest": digest, "size": bytes.len()});
        files.push((format!("blobs/sha256/{}", digits(&digest)), bytes));
        descriptor
    };
    let config = add(
        "application/vnd.oci.image.config.v1+json",
        config(layers).to_string().into_bytes(),
    );
    let layers: Vec<Json> = (layers.iter().enumerate())
        .map(|(at, layer)| match at % 2 {
            0 => add("application/vnd.oci.image.layer.v1.tar+gzip", gzip(layer)),
            _ => add("application/vnd.oci.image.layer.v1.tar+zstd", zstd(layer)),
        })
        .collect();
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
    let mut manifest = add(
        "application/vnd.oci.image.manifest.v1+json",
        manifest.to_string().into_bytes(),
    );
    if let Some(name) = name {
        manifest["annotations"] = json!({"io.containerd.image.name": name});
    }
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    files.push(("index.json".to_owned(), index.to_string().into_bytes()));
    files
}

/// Files as an archive.
pub(super) fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let start = Tar::default().folder("blobs/", 0o755);
    let tar = files
        .iter()
        .fold(start, |tar, (name, content)| tar.file(name, 0o644, content));
    tar.end()
}
