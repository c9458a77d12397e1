//! Becoming a program, as container runtimes do it: what they look up themselves is told as a start that
//! failed, and what the kernel alone refuses is the end of a program that was started.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::sys;
use crate::foreign::{system_words, visible};

/// The status of a program that the kernel does not run: that of runc up to 1.1, later ones have 255.
const NOT_RUN: i32 = 1;

/// Bytes that the kernel reads of a file to see what runs it.
const HEAD: u64 = 256;

/// A program file, and the words that it gets.
pub(super) struct Executable {
    file: PathBuf,
    words: Vec<CString>,
}

impl Executable {
    /// The one that the first of `words` means; without a slash it is looked for in the search `path`. No
    /// program is taken from a folder that is relative.
    pub(super) fn find(words: &[String], path: &str) -> io::Result<Self> {
        let name = words.first().map_or("", String::as_str);
        let file = if name.contains('/') {
            check(Path::new(name)).map(|()| name.into())
        } else {
            let folders = path.split(':').map(Path::new).filter(|it| it.is_absolute());
            let mut files = folders.map(|folder| folder.join(name));
            let found = files.find(|file| check(file).is_ok());
            found.ok_or(Errno::NOENT.into())
        };
        Self::new(file?, words)
    }

    /// The one of that file.
    pub(super) fn new(file: PathBuf, words: &[String]) -> io::Result<Self> {
        let words = words.iter().map(|word| CString::new(word.as_str()));
        let words = words.collect::<Result<_, _>>()?;
        Ok(Self { file, words })
    }
}

/// Becomes the first of `programs` that the kernel runs, with what `prepared` says of its input and output;
/// returns where it could not be tried.
pub(super) fn become_first(
    programs: &[Executable],
    environment: &[(&str, &str)],
    prepared: &mut Command,
) -> io::Result<Infallible> {
    let variables = environment
        .iter()
        .map(|(name, value)| CString::new(format!("{name}={value}")));
    let variables = variables.collect::<Result<Vec<_>, _>>()?;
    let files = programs.iter().map(|program| {
        let file = CString::new(program.file.as_os_str().as_bytes())?;
        Ok((file, program.words.clone()))
    });
    let files = files.collect::<io::Result<Vec<_>>>()?;
    let refused = sys::execute(prepared, files, variables);
    if let Some(last) = programs.last() {
        // It is all that the program says; nobody may be there to hear it.
        let _ = writeln!(io::stderr(), "{}", words_of(&last.file, &refused));
    }
    sys::leave(NOT_RUN)
}

/// Whether a file could be a program of the user that this process is.
fn check(file: &Path) -> io::Result<()> {
    if fs::metadata(file)?.is_dir() {
        return Err(Errno::ISDIR.into());
    }
    Ok(access(file, Access::EXEC_OK)?)
}

/// What `exec` of a container runtime says; where a file is there and the kernel finds none, what is missing
/// is the program that its first line names.
fn words_of(file: &Path, refused: &io::Error) -> String {
    let told = format!("exec {}: {}", file.display(), system_words(refused));
    let interpreter = File::open(file).ok().and_then(interpreter);
    match interpreter.filter(|_| refused.kind() == ErrorKind::NotFound) {
        None => told,
        Some(name) => {
            let remedy = if name.ends_with('\r') {
                ": end its lines as on Linux, without `\\r`"
            } else {
                ""
            };
            let name = visible(&name);
            format!("{told}: its first line asks for `{name}`, which is not there{remedy}")
        }
    }
}

/// The program that the first line of a script names.
fn interpreter(script: impl Read) -> Option<String> {
    let mut line = Vec::new();
    BufReader::new(script.take(HEAD))
        .read_until(b'\n', &mut line)
        .ok()?;
    let line = String::from_utf8_lossy(&line).into_owned();
    let named = line.strip_prefix("#!")?.trim_start_matches([' ', '\t']);
    let end = named.find([' ', '\t', '\n']).unwrap_or(named.len());
    Some(named[..end].to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Error;
    use std::os::unix::fs::PermissionsExt;

    use super::{Executable, interpreter, system_words, words_of};

    #[test]
    fn programs_are_looked_up_as_container_runtimes_do_it() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path();
        for (name, mode) in [
            ("one/tool", 0o644),
            ("two/tool", 0o755),
            ("two/plain", 0o644),
        ] {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            fs::write(&file, "").expect("written");
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("set");
        }
        let at = |name: &str| folder.join(name).display().to_string();
        let path = format!(":.:{}:{}", at("one"), at("two"));
        let no_such = "no such file or directory";
        for (word, wanted) in [
            ("tool".to_owned(), Ok(at("two/tool"))),
            ("plain".to_owned(), Err(no_such)),
            (String::new(), Err(no_such)),
            ("Cargo.toml".to_owned(), Err(no_such)),
            (at("two/tool"), Ok(at("two/tool"))),
            (at("one/tool"), Err("permission denied")),
            (at("two"), Err("is a directory")),
            (at("none"), Err(no_such)),
        ] {
            let found = Executable::find(std::slice::from_ref(&word), &path);
            let found = found.map(|it| it.file.display().to_string());
            let found = found.map_err(|error| system_words(&error));
            assert_eq!(found, wanted.map_err(str::to_owned), "{word}");
        }
    }

    #[test]
    fn the_interpreter_of_a_script_is_its_first_word() {
        for (text, wanted) in [
            ("#!/bin/sh\nx", Some("/bin/sh")),
            ("#! /bin/sh -e", Some("/bin/sh")),
            ("#!/bin/bash\r\n", Some("/bin/bash\r")),
            ("#!\n", None),
            ("echo\n", None),
            ("", None),
        ] {
            assert_eq!(interpreter(text.as_bytes()).as_deref(), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_missing_interpreter_is_named() {
        let scratch = tempfile::tempdir().expect("a folder");
        let file = scratch.path().join("entry.sh");
        fs::write(&file, "#!/bin/bash\r\n").expect("written");
        let said = words_of(&file, &Error::from_raw_os_error(libc::ENOENT));
        let end = "entry.sh: no such file or directory: its first line asks for `/bin/bash\\r`, which is not \
                   there: end its lines as on Linux, without `\\r`";
        assert!(said.starts_with("exec /") && said.ends_with(end), "{said}");
        let said = words_of(&file, &Error::from_raw_os_error(libc::ENOEXEC));
        assert!(said.ends_with("entry.sh: exec format error"), "{said}");
    }
}
