//! Which layers of earlier runs a daemon still has: a file for each in the user's state folder,
//! written when the layer is whole. Its time is that of the last use. It begins with the volume's name;
//! lines behind that, up to an empty one, name what is at the top of the layer.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use rustix::fs::{FlockOperation, flock};

/// A file that says what the daemon can do. No layer is called like that.
const OVERLAYS: &str = ".overlays";

/// A file that names what is tried no more.
const NO_LAYERS: &str = ".no-layers";

/// How large that may grow. Bytes.
const MOST_NO_LAYERS: u64 = 16 << 10;

/// Layers that are kept at most; what was not used for longest goes first.
const MOST: usize = 24;

/// The layers that one daemon has.
#[derive(Debug)]
pub(super) struct LayerStore {
    folder: PathBuf,
    /// Locks on those in use, until this run ends.
    held: Mutex<Vec<File>>,
}

impl LayerStore {
    /// The store in `folder`, which need not be there yet.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            held: Mutex::new(Vec::new()),
        }
    }

    /// The volume of that layer, which stays while this run lives. Whether the daemon still has it
    /// is for the caller to see.
    pub(super) fn find(&self, id: &str) -> Option<String> {
        let path = self.folder.join(id);
        let file = File::open(&path).ok()?;
        flock(&file, FlockOperation::NonBlockingLockShared).ok()?;
        // It may have been given up between the two.
        let volume = volume_of(&path)?;
        // A time that can't be set only lets it look older than it is.
        let _ = file.set_modified(SystemTime::now());
        self.hold(file);
        Some(volume)
    }

    /// Whether the daemon was seen to lay volumes over each other.
    pub(super) fn has_overlays(&self) -> bool {
        self.folder.join(OVERLAYS).exists()
    }

    /// Whether the daemon of that identity was: nothing of it has changed since.
    pub(super) fn has_overlays_of(&self, daemon: &str) -> bool {
        fs::read_to_string(self.folder.join(OVERLAYS)).is_ok_and(|noted| noted == daemon)
    }

    /// Remembers that it did.
    pub(super) fn remember_overlays(&self, daemon: &str) {
        if self.has_overlays_of(daemon) {
            return;
        }
        // Where it can't be remembered it is tried out again.
        let _ = fs::create_dir_all(&self.folder);
        let _ = fs::write(self.folder.join(OVERLAYS), daemon);
    }

    /// Forgets it: the daemon is another one.
    pub(super) fn forget_overlays(&self) {
        let _ = fs::remove_file(self.folder.join(OVERLAYS));
    }

    /// Whether what this names was seen to be no layer.
    pub(super) fn is_no_layer(&self, id: &str) -> bool {
        let known = fs::read_to_string(self.folder.join(NO_LAYERS)).unwrap_or_default();
        known.lines().any(|line| line == id)
    }

    /// Remembers that it was none. Of very many all are forgotten, and seen again.
    pub(super) fn remember_no_layer(&self, id: &str) {
        let path = self.folder.join(NO_LAYERS);
        let is_full = (path.metadata()).is_ok_and(|about| about.len() > MOST_NO_LAYERS);
        let mut options = OpenOptions::new();
        options.create(true).append(!is_full);
        options.write(true).truncate(is_full).mode(0o600);
        // What can't be remembered is tried once more.
        let _ = fs::create_dir_all(&self.folder);
        let written = options.open(path);
        let _ = written.and_then(|mut file| file.write_all(format!("{id}\n").as_bytes()));
    }

    /// What is at the top of a layer, where that was noted.
    pub(super) fn tops(&self, id: &str) -> Option<Vec<String>> {
        let noted = fs::read_to_string(self.folder.join(id)).ok()?;
        let (_, tops) = noted.split_once('\n')?;
        // Another run may be about to note it.
        let (tops, _) = tops.split_once("\n\n")?;
        Some(tops.lines().map(str::to_owned).collect())
    }

    /// Notes what is at the top of a layer that is kept.
    pub(super) fn note_tops(&self, id: &str, tops: &[String]) {
        let is_line = |name: &String| !name.is_empty() && !name.contains(['\n', '\r']);
        if tops.is_empty() || !tops.iter().all(is_line) {
            return;
        }
        // What can't be noted is looked up again.
        let file = OpenOptions::new().append(true).open(self.folder.join(id));
        let noted = format!("\n{}\n\n", tops.join("\n"));
        let _ = file.and_then(|mut file| file.write_all(noted.as_bytes()));
    }

    /// Forgets a layer that the daemon does not have any more.
    pub(super) fn forget(&self, id: &str) {
        // What is gone already needs no forgetting; what stays is looked up once more.
        let _ = fs::remove_file(self.folder.join(id));
    }

    /// Remembers a layer that is whole now, for later runs too. An error where another run was
    /// first: one volume is enough.
    pub(super) fn keep(&self, id: &str, volume: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(volume.as_bytes())?;
        let place = self.folder.join(id);
        let file = file.persist_noclobber(place).map_err(|error| error.error)?;
        flock(&file, FlockOperation::NonBlockingLockShared)?;
        self.hold(file);
        Ok(())
    }

    /// Volumes of all layers that are kept.
    pub(super) fn volumes(&self) -> Vec<String> {
        let paths = self.entries().into_iter().map(|(path, _)| path);
        paths.filter_map(|path| volume_of(&path)).collect()
    }

    /// Gives up layers that are too many and that no run uses; their volumes, for removing them.
    pub(super) fn give_up(&self) -> Vec<String> {
        let mut entries = self.entries();
        entries.sort_by_key(|(_, used)| std::cmp::Reverse(*used));
        let old = entries.into_iter().skip(MOST);
        old.filter_map(|(path, _)| give_up(&path)).collect()
    }

    /// Gives up all layers of `volumes` that no run uses; their volumes, for removing them.
    pub(super) fn give_up_all(&self, volumes: &[String]) -> Vec<String> {
        let is_among =
            |path: &PathBuf| volume_of(path).is_some_and(|volume| volumes.contains(&volume));
        let entries = self.entries().into_iter().map(|(path, _)| path);
        let among = entries.filter(is_among);
        among.filter_map(|path| give_up(&path)).collect()
    }

    fn entries(&self) -> Vec<(PathBuf, SystemTime)> {
        let found = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let used = |path: PathBuf| {
            let time = path.metadata().and_then(|about| about.modified()).ok()?;
            Some((path, time))
        };
        let is_layer =
            |entry: &fs::DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
        found
            .filter(is_layer)
            .filter_map(|entry| used(entry.path()))
            .collect()
    }

    fn hold(&self, file: File) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(file);
    }
}

/// The volume that such a file names.
fn volume_of(path: &Path) -> Option<String> {
    let noted = fs::read_to_string(path).ok()?;
    Some(first_line(&noted).to_owned())
}

fn first_line(noted: &str) -> &str {
    noted.split('\n').next().unwrap_or_default()
}

fn give_up(path: &Path) -> Option<String> {
    let mut options = OpenOptions::new();
    let file = options.read(true).mode(0o600).open(path).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    let volume = io::read_to_string(&file).ok()?;
    fs::remove_file(path).ok()?;
    Some(first_line(&volume).to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{LayerStore, MOST};

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = || LayerStore::new(dir.path().join("layers"));
        for number in 0..MOST + 2 {
            let (id, volume) = (format!("l{number}"), format!("v{number}"));
            store().keep(&id, &volume).expect("kept");
            let age = Duration::from_secs(1000 - number as u64);
            let file = std::fs::File::open(dir.path().join("layers").join(id)).expect("there");
            file.set_modified(SystemTime::now() - age).expect("a time");
        }
        let user = store();
        assert_eq!(user.find("l0").as_deref(), Some("v0"), "used again");
        assert_eq!(user.find("other"), None);
        assert_eq!(store().give_up(), ["v2", "v1"]);
        assert_eq!(store().volumes().len(), MOST);
    }

    #[test]
    fn what_the_daemon_can_do_is_no_layer() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = LayerStore::new(dir.path().join("layers"));
        assert!(!store.has_overlays());
        store.remember_overlays("one");
        assert!(store.has_overlays() && store.has_overlays_of("one"));
        assert!(!store.has_overlays_of("another"));
        assert_eq!(store.volumes(), [] as [String; 0]);
        store.forget_overlays();
        assert!(!store.has_overlays());
    }

    #[test]
    fn of_two_runs_that_fill_a_layer_at_once_one_keeps_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = || LayerStore::new(dir.path().to_owned());
        store().keep("l", "first").expect("kept");
        assert!(store().keep("l", "second").is_err());
        assert_eq!(store().find("l").as_deref(), Some("first"));
        store().forget("l");
        assert_eq!(store().find("l"), None);
        store().keep("l", "second").expect("kept");
    }

    #[test]
    fn what_is_at_the_top_of_a_layer_is_noted_behind_its_volume() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = LayerStore::new(dir.path().to_owned());
        store.keep("l", "v").expect("kept");
        assert_eq!(store.tops("l"), None);
        let names = |names: &[&str]| names.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        store.note_tops("l", &names(&["two\nlines"]));
        assert_eq!(store.tops("l"), None);
        let tops = names(&["a b", "vendor"]);
        // Two runs may do it.
        store.note_tops("l", &tops);
        store.note_tops("l", &tops);
        assert_eq!(store.tops("l"), Some(tops));
        assert_eq!(store.find("l").as_deref(), Some("v"));
        assert_eq!(store.volumes(), ["v"]);
        drop(store);
        let other = LayerStore::new(dir.path().to_owned());
        assert_eq!(other.give_up_all(&["v".to_owned()]), ["v"]);
        std::fs::write(dir.path().join("l"), "v\nhalf").expect("written");
        assert_eq!(other.tops("l"), None);
    }

    #[test]
    fn what_a_run_uses_is_not_given_up() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = LayerStore::new(dir.path().to_owned());
        store.keep("used", "v").expect("kept");
        let path = dir.path().join("used");
        assert_eq!(super::give_up(&path), None);
        let other = LayerStore::new(dir.path().to_owned());
        assert!(other.give_up_all(&["v".to_owned()]).is_empty());
        drop(store);
        assert!(other.give_up_all(&["another".to_owned()]).is_empty());
        assert_eq!(super::give_up(&path).as_deref(), Some("v"));
        assert!(!path.exists());
    }
}
