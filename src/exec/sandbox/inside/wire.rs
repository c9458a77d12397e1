//! What `pipe` and the first process of a sandbox say to each other: messages on a socket, some
//! with open files.

use std::collections::BTreeSet;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::super::Globs;
use super::super::identity::Identity;
use super::super::network::gate::Outside;
use super::super::step::Step;
use super::cause::Cause;
use crate::images::layer::{LayerError, UnpackJob, Unpacked};

/// Open files that one message can have.
const FILES: usize = 64;

/// The longest message that is read: what a script may set as variables is far below.
const LONGEST: usize = 64 << 20;

/// What is to be made. The first messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Order {
    /// What limits the sandbox that is to come. It may take the kernel some milliseconds, in which
    /// other things can be done.
    Limits(GroupSetup),
    Sandbox(Setup),
    Network(NetworkSetup),
}

/// Control groups that a sandbox is to be in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct GroupSetup {
    pub(in super::super) steps: Vec<Step>,
    /// The files by which it enters them.
    pub(in super::super) entrances: Vec<PathBuf>,
}

/// How a sandbox is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Setup {
    /// What is done with the rights that `pipe` has.
    pub(in super::super) outside: Vec<Step>,
    /// Who is who.
    pub(in super::super) identity: Identity,
    /// What it joins. It has users of its own where that is nothing.
    pub(in super::super) joins: Option<Joins>,
    /// What is done inside.
    pub(in super::super) inside: Vec<Step>,
    /// What is done for each program, by its first process.
    pub(in super::super) for_program: Vec<Step>,
    /// What is given up before a program is started, and before work on files of the job.
    pub(in super::super) rights: Vec<Step>,
    /// Capabilities that programs do not have, by name. Whoever starts one may need them until it is the
    /// program's user.
    pub(in super::super) cap_drop: Vec<String>,
}

/// What a sandbox joins. The files of both come with the message, and perhaps a tree that it lends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Joins {
    /// The users of a network alone: it is this machine's.
    Users,
    Network,
}

/// How a network and its users are made. Sandboxes join it. Where the files of a job's users and network come
/// with it, it is one of a service: it is made beside the job's, with the same users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct NetworkSetup {
    /// Who is who.
    pub(in super::super) identity: Identity,
    /// Whether it is a new one, or this machine's, for which there are new users alone.
    pub(in super::super) is_own: bool,
    /// Where its gate leads.
    pub(in super::super) outside_of_gate: Option<Outside>,
    /// What is done inside.
    pub(in super::super) inside: Vec<Step>,
    /// What is done then in the network of the job, where it is one of a service.
    pub(in super::super) in_job: Vec<Step>,
}

/// What the keeper of a network is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Question {
    /// Whether somebody has used it. The answer is [`Reply::Used`].
    IsUsed,
    /// On which ports others on it, and on networks that are joined with it, can connect. The answer is
    /// [`Reply::Ports`].
    Ports,
}

/// What a sandbox is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Request {
    /// Starts a program. With it come what it reads and what it writes to.
    Start(Program),
    /// Starts a program at a terminal. The answer comes with the other end of it. A script may come with it,
    /// which the program reads in place of keys.
    Attach(Program),
    /// Sends a signal to all that runs.
    Signal(Stop),
    /// Unpacks the archive that comes with it over a folder; all of it belongs to `owner` where one is
    /// named, as images name users.
    Unpack {
        folder: PathBuf,
        owner: Option<String>,
    },
    /// Writes an archive of the files that match to the file that comes with it.
    Pack { project: PathBuf, choice: Choice },
    /// Writes a file's content to the file that comes with it.
    Read { path: PathBuf, limit: u64 },
    /// Unpacks a layer of an image.
    UnpackLayer(Box<UnpackJob>),
    /// Removes a folder.
    Remove { folder: PathBuf },
}

/// A program, its surroundings, and who runs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Program {
    pub(in super::super) words: Vec<String>,
    pub(in super::super) environment: Vec<(String, String)>,
    /// Made where it is not there.
    pub(in super::super) folder: PathBuf,
    /// As an image says it: a name or a number, perhaps with a group.
    pub(in super::super) user: String,
    /// Whether it runs as the one id of its sandbox where that is another's: a service has the id of its job.
    pub(in super::super) may_be_another: bool,
    /// Whether process 1 is one that takes care of orphans, and not the program itself.
    pub(in super::super) init: bool,
}

/// How a program is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Stop {
    /// TERM.
    Gentle,
    /// KILL.
    Kill,
}

/// [`Globs`] on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Choice {
    paths: Vec<String>,
    exclude: Vec<String>,
    untracked: Option<BTreeSet<String>>,
}

impl From<&Globs> for Choice {
    fn from(globs: &Globs) -> Self {
        Self {
            paths: globs.paths.clone(),
            exclude: globs.exclude.clone(),
            untracked: globs.untracked.as_deref().cloned(),
        }
    }
}

impl From<Choice> for Globs {
    fn from(choice: Choice) -> Self {
        Self {
            paths: choice.paths,
            exclude: choice.exclude,
            untracked: choice.untracked.map(Arc::new),
            // Whoever stores the archive counts its bytes.
            limit: None,
            lasts: false,
        }
    }
}

/// What a sandbox answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Reply {
    /// It is made. With a sandbox comes what it lends, with a network its users and itself.
    Ready,
    /// The program runs.
    Started,
    /// It has ended, and all that it started: its status as a shell tells it.
    Ended(i32),
    /// What was asked for is done.
    Done,
    /// The archive is whole: how many entries it has, and lines about it.
    Packed { entries: usize, notes: Vec<String> },
    /// Whether there is such a file.
    Read(bool),
    /// What came of a layer.
    Unpacked(Result<Unpacked, LayerError>),
    /// Whether anything was ever sent on the network.
    Used(bool),
    /// Where the network takes connections.
    Ports(BTreeSet<u16>),
    /// It could not be done.
    Failed { what: String, cause: Cause },
}

/// A message as bytes, its length first.
pub(in super::super) fn frame(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = u32::try_from(bytes.len() - 4).map_err(|_| io::ErrorKind::InvalidInput)?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// The first message in `bytes`, if all of it is there, and how many bytes it takes.
pub(in super::super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<Option<(T, usize)>> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*length) as usize;
    if length > LONGEST {
        return Err(io::Error::other("a message that is too long"));
    }
    match rest.get(..length) {
        None => Ok(None),
        Some(text) => Ok(Some((serde_json::from_slice(text)?, length + 4))),
    }
}

/// Sends the beginning of a message, and with it all `files`; how many bytes are sent.
pub(in super::super) fn send_with(
    socket: impl AsFd,
    bytes: &[u8],
    files: &[BorrowedFd<'_>],
) -> rustix::io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut carried = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() {
        carried.push(SendAncillaryMessage::ScmRights(files));
    }
    let flags = SendFlags::NOSIGNAL;
    rustix::net::sendmsg(socket, &[IoSlice::new(bytes)], &mut carried, flags)
}

/// Receives some bytes, and files that come with them.
pub(in super::super) fn receive_with(
    socket: impl AsFd,
    into: &mut [u8],
    files: &mut Vec<OwnedFd>,
) -> rustix::io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut carried = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let got = loop {
        let into = &mut [IoSliceMut::new(into)];
        match rustix::net::recvmsg(&socket, into, &mut carried, flags) {
            Err(rustix::io::Errno::INTR) => {}
            got => break got?,
        }
    };
    for message in carried.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            files.extend(received);
        }
    }
    Ok(got.bytes)
}

/// The end of a socket that waits for what it reads.
#[derive(Debug)]
pub(in super::super) struct Wire(UnixStream);

impl Wire {
    pub(in super::super) fn new(socket: OwnedFd) -> Self {
        Self(UnixStream::from(socket))
    }

    /// Sends a message.
    pub(in super::super) fn send(
        &mut self,
        message: &impl Serialize,
        files: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let bytes = frame(message)?;
        let sent = send_with(&self.0, &bytes, files)?;
        self.0.write_all(&bytes[sent..])
    }

    /// Has whoever is at the other end go, and waits for that.
    pub(in super::super) fn end(&mut self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)?;
        io::copy(&mut self.0, &mut io::sink())?;
        Ok(())
    }

    /// The files that come with the next byte that has some; `None` when the other end is closed.
    pub(in super::super) fn receive_files(&mut self) -> io::Result<Option<Vec<OwnedFd>>> {
        let mut files = Vec::new();
        loop {
            match receive_with(&self.0, &mut [0], &mut files) {
                Ok(0) => return Ok(None),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) if files.is_empty() => {}
                Ok(_) => return Ok(Some(files)),
            }
        }
    }

    /// The next message with its files; `None` when the other end is closed.
    pub(in super::super) fn receive<T: DeserializeOwned>(
        &mut self,
    ) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut files = Vec::new();
        let mut bytes = vec![0; 4];
        let got = receive_with(&self.0, &mut bytes, &mut files)?;
        if got == 0 {
            return Ok(None);
        }
        self.0.read_exact(&mut bytes[got..])?;
        let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        if length > LONGEST {
            return Err(io::Error::other("a message that is too long"));
        }
        bytes.resize(4 + length, 0);
        self.0.read_exact(&mut bytes[4..])?;
        let message = parse(&bytes)?.map(|(message, _)| (message, files));
        Ok(message)
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;

    use super::{Reply, Request, Wire, frame, parse};

    #[test]
    fn a_message_arrives_with_its_files() {
        let (one, other) = UnixStream::pair().expect("a pair");
        let (mut one, mut other) = (Wire::new(one.into()), Wire::new(other.into()));
        let request = Request::Unpack {
            folder: PathBuf::from("/x".repeat(100_000)),
            owner: None,
        };
        let (mut read, write) = std::io::pipe().expect("a pipe");
        let sent = request.clone();
        let sending = std::thread::spawn(move || one.send(&sent, &[write.as_fd()]).expect("sent"));
        let (got, files) = other.receive().expect("read").expect("a message");
        sending.join().expect("sent");
        assert_eq!(request, got);
        let [file] = <[_; 1]>::try_from(files).expect("one file");
        let mut file = std::fs::File::from(file);
        file.write_all(b"through").expect("written");
        drop(file);
        let mut text = String::new();
        read.read_to_string(&mut text).expect("read");
        assert_eq!(text, "through");
        assert!(other.receive::<Request>().expect("the end").is_none());
    }

    #[test]
    fn half_a_message_is_none_yet() {
        let bytes = frame(&Reply::Ended(3)).expect("a frame");
        for some in 0..bytes.len() {
            let found = parse::<Reply>(&bytes[..some]).expect("no mistake");
            assert!(found.is_none(), "{some}");
        }
        let (reply, length) = parse::<Reply>(&bytes).expect("right").expect("whole");
        assert_eq!((reply, length), (Reply::Ended(3), bytes.len()));
        assert!(parse::<Reply>(&[0xff; 8]).is_err(), "too long");
    }
}
