//! The first process of a sandbox: makes its world, starts programs in it on request, cares for
//! orphans, and works on files where no link leads out.
//!
//! It ends when its socket is closed, and with it, by the kernel's rule for process 1, all that
//! runs inside: nothing outlives `pipe`, however `pipe` ends.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, umask, wait};

use super::super::super::collect;
use super::super::super::file_work::Stop as FileStop;
use super::super::super::keeps::Keeps;
use super::super::super::unpack::unpack_from;
use super::super::identity::Identity;
use super::super::words::{broken, cause};
use super::cause::Cause;
use super::kernel::{Linux, perform};
use super::program::{Refused, code, start, user_of};
use super::sys;
use super::terminal;
use super::wire::{Reply, Request, Setup, Stop, Wire};
use super::world::World;
use crate::foreign::system_words;
use crate::remove::remove;

/// Makes the world of `setup`, and serves until nobody is at the other end of the socket.
pub(in super::super) fn run(mut wire: Wire, setup: &Setup, mut kernel: Linux) -> io::Result<()> {
    // Modes are those that are asked for.
    umask(Mode::empty());
    rustix::thread::set_name(c"pipe-init")?;
    let signals = sys::child_signals()?;
    if let Err(it) = perform(&mut kernel, &setup.inside) {
        let failed = Reply::Failed {
            what: broken(&it),
            cause: cause(&it),
        };
        return wire.send(&failed, &[]);
    }
    let (lent, filter) = kernel.done();
    let lent: Vec<BorrowedFd<'_>> = lent.iter().map(AsFd::as_fd).collect();
    wire.send(&Reply::Ready, &lent)?;
    drop(lent);
    let mut init = Init {
        wire,
        signals: signals.into(),
        world: World::of(setup, filter),
        running: None,
        identity: setup.identity.clone(),
    };
    init.serve()
}

struct Init {
    wire: Wire,
    signals: File,
    world: World,
    /// The program that was asked for, until it ends.
    running: Option<Pid>,
    /// Which users there are.
    identity: Identity,
}

impl Init {
    fn serve(&mut self) -> io::Result<()> {
        loop {
            let (asked, ended) = {
                let mut sources = [
                    PollFd::new(&self.wire, PollFlags::IN),
                    PollFd::new(&self.signals, PollFlags::IN),
                ];
                match poll(&mut sources, None) {
                    Err(Errno::INTR) => continue,
                    polled => polled?,
                };
                let [asked, ended] = sources.map(|source| !source.revents().is_empty());
                (asked, ended)
            };
            if ended {
                self.reap()?;
            }
            if asked {
                let Some((request, files)) = self.wire.receive::<Request>()? else {
                    return Ok(());
                };
                self.answer(request, files)?;
            }
        }
    }

    /// Takes note of all that has ended.
    fn reap(&mut self) -> io::Result<()> {
        // Which signals came is all the same.
        let _ = self.signals.read(&mut [0; 1024]);
        loop {
            let ended = match wait(WaitOptions::NOHANG) {
                Ok(Some(ended)) => ended,
                Ok(None) | Err(Errno::CHILD) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let (number, status) = ended;
            if Some(number) == self.running {
                self.running = None;
                self.wire.send(&Reply::Ended(code(status)), &[])?;
            }
        }
    }

    fn answer(&mut self, request: Request, files: Vec<OwnedFd>) -> io::Result<()> {
        let keeps = Keeps::of(self.identity.has_many());
        match request {
            Request::Signal(stop) => {
                kill_all(match stop {
                    Stop::Gentle => Signal::TERM,
                    Stop::Kill => Signal::KILL,
                });
                Ok(())
            }
            Request::Start(program) => {
                let started = start(&mut self.world, &program, files, &self.identity);
                self.tell_start(started, None)
            }
            Request::Attach(program) => match terminal::pair() {
                Ok((person, shell)) => {
                    let script = files.into_iter().next();
                    let input = script.map_or_else(|| shell.try_clone(), Ok)?;
                    let files = vec![input, shell];
                    let started = start(&mut self.world, &program, files, &self.identity);
                    self.tell_start(started, Some(&person))
                }
                Err(error) => self.tell_start(Err(error.into()), None),
            },
            Request::Unpack { folder, owner } => {
                let identity = self.identity.clone();
                self.work(|| {
                    // That there is no such user is told where its program is started.
                    let owner = owner.and_then(|name| user_of(&name).ok());
                    let owner = owner.filter(|it| it.why_not(&identity).is_none());
                    let keeps = owner.map_or(keeps, |it| Keeps::Given(it.user, it.group));
                    unpack_from(io::BufReader::new(one(files)?), &folder, keeps)?;
                    Ok(Reply::Done)
                })
            }
            Request::Pack { project, choice } => self.work(|| {
                let to = io::BufWriter::with_capacity(256 * 1024, one(files)?);
                let never = FileStop::default();
                let packed = collect::stream(&choice.into(), &project, to, &never)?;
                Ok(Reply::Packed {
                    entries: packed.entries,
                    notes: packed.notes,
                })
            }),
            Request::UnpackLayer(job) => {
                self.work(|| Ok(Reply::Unpacked(job.run(&AtomicBool::new(false)))))
            }
            Request::Remove { folder } => self.work(|| remove(&folder).map(|()| Reply::Done)),
            Request::Read { path, limit } => {
                self.work(|| Ok(Reply::Read(read(&path, limit, one(files)?)?)))
            }
        }
    }

    /// What became of a start; with it goes the person's end of a terminal.
    fn tell_start(
        &mut self,
        started: Result<Pid, Refused>,
        terminal: Option<&OwnedFd>,
    ) -> io::Result<()> {
        let given: Vec<BorrowedFd<'_>> = terminal.into_iter().map(AsFd::as_fd).collect();
        match started {
            Ok(number) => {
                self.running = Some(number);
                self.wire.send(&Reply::Started, &given)
            }
            Err(Refused { what, cause }) => self.wire.send(&Reply::Failed { what, cause }, &[]),
        }
    }

    /// Works on files, without rights, and tells what came of it.
    fn work(&mut self, work: impl FnOnce() -> io::Result<Reply>) -> io::Result<()> {
        let wire = &mut self.wire;
        let done = self.world.without_rights(|given_up| {
            let reply = match given_up {
                Ok(()) => work().unwrap_or_else(|error| Reply::Failed {
                    what: system_words(&error),
                    cause: Cause::of_files(&error),
                }),
                Err(Refused { what, cause }) => Reply::Failed { what, cause },
            };
            wire.send(&reply, &[])
        });
        let what = match done {
            Ok(true) => return Ok(()),
            Ok(false) => "it was broken off (is memory short?)".to_owned(),
            Err(error) => system_words(&error),
        };
        let cause = Cause::Moment;
        self.wire.send(&Reply::Failed { what, cause }, &[])
    }
}

fn one(files: Vec<OwnedFd>) -> io::Result<File> {
    let file = files.into_iter().next();
    Ok(file.ok_or(io::ErrorKind::InvalidInput)?.into())
}

/// To all but this process.
fn kill_all(signal: Signal) {
    // The group of process 1 stands for everybody; nobody may be there.
    let _ = kill_process_group(Pid::INIT, signal);
}

/// Writes the content of a plain file to `to`, if there is one that is not too long.
fn read(path: &Path, limit: u64, mut to: File) -> io::Result<bool> {
    // A pipe is not waited for: nobody may ever write to it.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO) => return Ok(false),
        opened => File::from(opened?),
    };
    let about = file.metadata()?;
    if !about.is_file() || about.len() > limit {
        return Ok(false);
    }
    io::copy(&mut file.take(limit), &mut to)?;
    to.flush()?;
    Ok(true)
}
