//! Starts a program in the sandbox that this process is the first of.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{self, PipeWriter, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::process::{Command, Stdio};

use rustix::fs::{Access, CWD, FileType, Mode, OFlags, access, fchown, fstat, openat};
use rustix::io::Errno;
use rustix::process::{
    Gid, Pid, Uid, WaitOptions, WaitStatus, chdir, ioctl_tiocsctty, setsid, umask, wait,
};
use rustix::termios::isatty;
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::super::super::detector::shell_of;
use super::super::identity::Identity;
use super::capabilities;
use super::cause::Cause;
use super::executable::{Executable, become_first};
use super::sys::{self, Namespaces};
use super::users::{User, resolve};
use super::wire::Program;
use super::world::World;
use crate::foreign::system_words;

/// Bytes that are read of `/etc/passwd` and `/etc/group`.
const LONGEST: u64 = 1 << 20;

/// Why a program was not started.
pub(in super::super) struct Refused {
    pub(in super::super) what: String,
    pub(in super::super) cause: Cause,
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self {
            what: system_words(&error),
            cause: Cause::Moment,
        }
    }
}

/// Starts `program`, which reads from the first of `files` and writes to the second, in a sandbox where users
/// are those of `identity`.
pub(super) fn start(
    world: &mut World,
    program: &Program,
    files: Vec<OwnedFd>,
    identity: &Identity,
) -> Result<Pid, Refused> {
    let mut files = files.into_iter();
    let (Some(input), Some(output)) = (files.next(), files.next()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
    };
    world.clear()?;
    let (mut failure, mut fails) = io::pipe().map(|(ours, theirs)| (ours, Some(theirs)))?;
    if let Some(number) = sys::fork(Namespaces::PROCESSES)? {
        drop(fails);
        let mut told = Vec::new();
        // Closed without a word by the program that takes the place of the copy.
        failure.read_to_end(&mut told)?;
        if told.is_empty() {
            world.is_seen();
            return Ok(number);
        }
        let (what, cause) = serde_json::from_slice(&told).map_err(io::Error::from)?;
        return Err(Refused { what, cause });
    }
    let entered = world.enter().and_then(|()| {
        if program.init {
            care_for_orphans(&mut fails, world.cap_drop())?;
        }
        Ok(())
    });
    let begun = entered.and_then(|()| begin(program, world.cap_drop(), input, output, identity));
    let Err(Refused { what, cause }) = begun;
    // What can't be told shows as an end.
    let _ = fails.map(|fails| serde_json::to_writer(fails, &(what, cause)));
    sys::leave(127)
}

/// Goes on in a copy, and takes care of orphans until that has ended. Of a failure the copy alone tells.
fn care_for_orphans(fails: &mut Option<PipeWriter>, cap_drop: &[String]) -> io::Result<()> {
    let Some(first) = sys::fork(Namespaces::NONE)? else {
        return Ok(());
    };
    drop(fails.take());
    capabilities::give_up(cap_drop)?;
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((ended, status))) if ended == first => sys::leave(code(status)),
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => sys::leave(127),
        }
    }
}

/// How a program has ended, as a shell tells it.
pub(super) fn code(status: WaitStatus) -> i32 {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => code,
        (None, Some(signal)) => 128 + signal,
        (None, None) => -1,
    }
}

/// Finds the user and the folder of the program, and becomes it.
fn begin(
    program: &Program,
    cap_drop: &[String],
    input: OwnedFd,
    output: OwnedFd,
    identity: &Identity,
) -> Result<Infallible, Refused> {
    let by_job = |what| Refused {
        what,
        cause: Cause::Job,
    };
    let user = user_of(&program.user).map_err(by_job)?;
    let has_many = identity.has_many();
    if (has_many || !program.may_be_another)
        && let Some(what) = user.why_not(identity)
    {
        return Err(by_job(what));
    }
    // Open to all it would be by the mask of this process.
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&program.folder);
    made.map_err(|error| Refused {
        what: format!(
            "`{}` can't be made: {}",
            program.folder.display(),
            system_words(&error)
        ),
        cause: Cause::of_files(&error),
    })?;
    Err(Refused {
        what: turn_into(program, cap_drop, &user, input, output, has_many),
        cause: Cause::Moment,
    })
}

/// Who `name` means in the files of the image; why nobody.
pub(super) fn user_of(name: &str) -> Result<User, String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let text = |path| {
        let file = openat(CWD, path, flags, Mode::empty());
        let text = file.map_err(io::Error::from).and_then(plain_text);
        text.unwrap_or_default()
    };
    resolve(name, &text("/etc/passwd"), &text("/etc/group"))
}

/// Becomes the program; returns why it could not.
fn turn_into(
    program: &Program,
    cap_drop: &[String],
    user: &User,
    input: OwnedFd,
    output: OwnedFd,
    has_many: bool,
) -> String {
    let Some(first) = program.words.first() else {
        return "there is nothing to start".to_owned();
    };
    let can_not_be = |error: Errno| {
        let words = system_words(&error.into());
        format!(
            "user {}:{} can't be had here: {words}",
            user.user, user.group
        )
    };
    for file in [&input, &output] {
        if let Err(error) = give(file, user, has_many) {
            return can_not_be(error);
        }
    }
    // As container runtimes do it: none of them is missed on the way to the user.
    if let Err(error) = capabilities::drop_for_programs(cap_drop) {
        return no_cap_drop(error);
    }
    if let Err(error) = become_user(user, has_many) {
        return can_not_be(error);
    }
    if let Err(error) = capabilities::give_up(cap_drop) {
        return no_cap_drop(error);
    }
    // A session without a terminal gets this one, if it is one.
    let terminal = [&input, &output].into_iter().find(|file| isatty(file));
    if let Some(terminal) = terminal
        && let Err(error) = ioctl_tiocsctty(terminal)
    {
        return format!("no terminal: {}", system_words(&error.into()));
    }
    if let Err(error) = chdir(&program.folder) {
        let (folder, words) = (program.folder.display(), system_words(&error.into()));
        return format!("`{folder}` can't be entered: {words}");
    }
    let not_started =
        |error: io::Error| format!("`{first}` can't be started: {}", system_words(&error));
    let environment = with_home(&program.environment, &user.home);
    let path = environment.iter().find(|(name, _)| *name == "PATH");
    let path = path.map_or("", |(_, value)| value);
    let asked_for = match Executable::find(&program.words, path) {
        Ok(asked_for) => asked_for,
        Err(error) => return not_started(error),
    };
    let is_program = |path: &str| access(path, Access::EXEC_OK).is_ok();
    // Saves the start of a shell that would only look for another one; of one that the kernel does not run,
    // that shell has its own word.
    let shell = shell_of(&program.words, path, is_program);
    let shell = shell.and_then(|it| Executable::new(it.into(), &[it.to_owned()]).ok());
    let programs: Vec<Executable> = shell.into_iter().chain([asked_for]).collect();
    let errors = match output.try_clone() {
        Ok(errors) => errors,
        Err(error) => return system_words(&error),
    };
    let mut prepared = Command::new(first);
    prepared
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(output))
        .stderr(Stdio::from(errors));
    let Err(error) = become_first(&programs, &environment, &mut prepared);
    not_started(error)
}

/// As container runtimes do it, a home that is empty is as none.
fn with_home<'a>(variables: &'a [(String, String)], home: &'a str) -> Vec<(&'a str, &'a str)> {
    let given = variables.iter();
    let given = given.map(|(name, value)| (name.as_str(), value.as_str()));
    let mut all: Vec<_> = given.filter(|it| *it != ("HOME", "")).collect();
    if !all.iter().any(|(name, _)| *name == "HOME") {
        all.push(("HOME", home));
    }
    all
}

fn no_cap_drop(error: Errno) -> String {
    let words = system_words(&error.into());
    format!("the capabilities of your setting `docker.cap_drop` can't be given up: {words}")
}

/// Lets the user open what the program reads and writes by the names in `/dev`: a pipe belongs to
/// whoever made it. Anything else may be another's too, such as `/dev/null`.
fn give(file: &OwnedFd, user: &User, has_many: bool) -> rustix::io::Result<()> {
    let is_own = FileType::from_raw_mode(fstat(file)?.st_mode) == FileType::Fifo || isatty(file);
    if !has_many || !is_own {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(user.user), Gid::from_raw(user.group));
    fchown(file, Some(user), Some(group))
}

/// A session of its own has no terminal. Group and user come last, with them goes the right to
/// change them.
fn become_user(user: &User, has_many: bool) -> rustix::io::Result<()> {
    setsid()?;
    umask(Mode::from_raw_mode(0o022));
    if !has_many {
        // There is nobody else to become, and no other group.
        return Ok(());
    }
    let (id, group) = (Uid::from_raw(user.user), Gid::from_raw(user.group));
    // As in a container, the main group is among the others.
    let others = user.groups.iter().filter(|other| **other != user.group);
    let groups: Vec<Gid> = [&user.group]
        .into_iter()
        .chain(others)
        .map(|number| Gid::from_raw(*number))
        .collect();
    set_thread_groups(&groups)?;
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(id, id, id)
}

/// The text of a plain file of an image, as much as counts; empty where it is none. So that nobody waits for
/// one that is none, it has to be open without blocking.
pub(in super::super) fn plain_text(file: OwnedFd) -> io::Result<String> {
    let file = File::from(file);
    let mut text = Vec::new();
    if file.metadata()?.is_file() {
        file.take(LONGEST).read_to_end(&mut text)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::with_home;

    #[test]
    fn a_home_that_is_empty_is_that_of_the_user() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (given, wanted) in [
            (vec![pair("A", "")], [("A", ""), ("HOME", "/root")]),
            (
                vec![pair("HOME", ""), pair("A", "")],
                [("A", ""), ("HOME", "/root")],
            ),
            (
                vec![pair("HOME", "/h"), pair("A", "")],
                [("HOME", "/h"), ("A", "")],
            ),
        ] {
            assert_eq!(with_home(&given, "/root"), wanted);
        }
    }
}
