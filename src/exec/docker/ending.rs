//! How a script ended, as its own shell says it: a marker that closes the output.
//!
//! The daemon says that a container ended only after it took its network down; the shell knows
//! before. What it says counts only where it is process 1, whose end is the container's end, and
//! whose exit trap no command of the job replaces, for those run in a subshell. Whoever is killed,
//! replaced by `exec` or started below another process says nothing, and the daemon is asked.

use memchr::memmem::Finder;

use super::super::ExecError;

/// Digits of a status, at most.
const DIGITS: usize = 3;

/// Signals that end a bash which has an exit trap. Process 1 is ended by none that it has no handler for,
/// but for such a trap bash has its own: what does nothing in its place leaves the job as it was. Its
/// subshells and programs have the signals as usual.
const NO_END: &str = "[ $$ != 1 ] || [ -z \"${BASH_VERSION-}\" ] || \
                      trap : HUP INT ILL TRAP ABRT BUS FPE SEGV USR1 USR2 PIPE ALRM TERM XCPU XFSZ VTALRM SYS";

/// The marker of one script. Its words are in the script's text alone, never in an environment or
/// on a command line.
pub(super) struct Marker {
    words: String,
}

impl Marker {
    /// One that nobody can guess.
    pub(super) fn new() -> Result<Self, ExecError> {
        let mut token = [0; size_of::<u128>()];
        getrandom::fill(&mut token).map_err(|error| {
            ExecError::system("run script", "this machine gives no random numbers").because(error)
        })?;
        let token = u128::from_ne_bytes(token);
        Ok(Self {
            words: format!("pipe-end-{token:032x} "),
        })
    }

    /// `script`, which says its status as its last words on both streams, for nothing orders one
    /// after the other. In the script's first line, so that the lines keep their numbers; quiet
    /// where the script is traced. Before the script
    /// comes `first`, a command with its end.
    pub(super) fn closes(&self, first: &str, script: &str) -> String {
        let say = format!("echo \"{}\"", self.said("$code"));
        format!(
            "trap '{{ code=$?; set +ex; }} 2>/dev/null; if [ $$ = 1 ]; then {say}; {say} >&2; fi' EXIT; {NO_END}; {first}{script}"
        )
    }

    /// The same of a shell that reads on where `script` has ended well.
    pub(super) fn closes_and_goes_on(&self, first: &str, script: &str) -> String {
        let (closed, say) = (self.closes(first, script), self.said("0"));
        format!("{closed}trap - EXIT; echo \"{say}\"; echo \"{say}\" >&2\n")
    }

    /// The marker with this status.
    pub(super) fn said(&self, code: &str) -> String {
        format!("{}{code}", self.words)
    }

    /// For one of the two streams.
    pub(super) fn watch(&self) -> Watch {
        Watch {
            words: Finder::new(self.words.as_bytes()).into_owned(),
            held: Vec::new(),
        }
    }
}

/// Looks for the marker in a stream that comes in chunks.
pub(super) struct Watch {
    words: Finder<'static>,
    /// What may be the beginning of the marker.
    held: Vec<u8>,
}

/// What stands where the marker's words were found.
enum Found {
    /// The status, and how many bytes it takes with the end of its line.
    Status(i64, usize),
    Unfinished,
    /// The words alone, as where a job lists its traps.
    Nothing,
}

impl Watch {
    /// The output in `chunk`, and the status of each marker in it: both streams may be one.
    pub(super) fn take(&mut self, chunk: &[u8]) -> (Vec<u8>, Vec<i64>) {
        self.held.extend_from_slice(chunk);
        let (mut output, mut status) = (Vec::new(), Vec::new());
        let mut from = 0;
        while let Some(at) = self.words.find(&self.held[from..]) {
            let at = from + at;
            let behind = at + self.words.needle().len();
            match found(&self.held[behind..]) {
                Found::Status(code, length) => {
                    status.push(code);
                    output.extend_from_slice(&self.held[from..at]);
                    from = behind + length;
                }
                Found::Unfinished => {
                    output.extend_from_slice(&self.held[from..at]);
                    self.held.drain(..at);
                    return (output, status);
                }
                Found::Nothing => {
                    output.extend_from_slice(&self.held[from..behind]);
                    from = behind;
                }
            }
        }
        let end = self.held.len() - self.begun(&self.held[from..]);
        output.extend_from_slice(&self.held[from..end]);
        self.held.drain(..end);
        (output, status)
    }

    /// What was held back when the stream ended.
    pub(super) fn rest(self) -> Vec<u8> {
        self.held
    }

    /// How many bytes at the end of `text` may begin the marker.
    fn begun(&self, text: &[u8]) -> usize {
        let words = self.words.needle();
        let longest = text.len().min(words.len() - 1);
        (1..=longest)
            .rev()
            .find(|&length| text.ends_with(&words[..length]))
            .unwrap_or(0)
    }
}

fn found(behind: &[u8]) -> Found {
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    let digits = behind.iter().take(DIGITS + 1).take_while(is_digit).count();
    let status = std::str::from_utf8(&behind[..digits]).map(str::parse);
    match (behind.get(digits), status) {
        (None, _) if digits <= DIGITS => Found::Unfinished,
        (Some(b'\n'), Ok(Ok(code))) if digits <= DIGITS => Found::Status(code, digits + 1),
        _ => Found::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::Marker;

    const WORDS: &str = "pipe-end-0123 ";

    fn watched(chunks: &[&[u8]]) -> (String, Vec<i64>) {
        let marker = Marker {
            words: WORDS.to_owned(),
        };
        let mut watch = marker.watch();
        let (mut output, mut status) = (Vec::new(), Vec::new());
        for chunk in chunks {
            let (more, code) = watch.take(chunk);
            output.extend(more);
            status.extend(code);
        }
        output.extend(watch.rest());
        (String::from_utf8(output).expect("text"), status)
    }

    #[test]
    fn the_marker_is_cut_out_wherever_chunks_end() {
        for (text, output, status) in [
            ("a\npipe-end-0123 0\n", "a\n", &[0][..]),
            ("no line end pipe-end-0123 255\n", "no line end ", &[255]),
            ("pipe-end-0123 7\nlater\n", "later\n", &[7]),
            ("pipe-end-0123 1\npipe-end-0123 1\n", "", &[1, 1]),
            ("pipe-pipe-end-0123 2\n", "pipe-", &[2]),
        ] {
            for at in 0..=text.len() {
                let (one, two) = text.as_bytes().split_at(at);
                let got = watched(&[one, two]);
                assert_eq!(
                    got,
                    (output.to_owned(), status.to_vec()),
                    "{text:?} at {at}"
                );
            }
            let single: Vec<_> = text.as_bytes().chunks(1).collect();
            assert_eq!(
                watched(&single),
                (output.to_owned(), status.to_vec()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_the_marker_is_output() {
        for text in [
            "pipe-end-0124 0\n",
            "pipe-end-0123 $code\"; fi\n",
            "pipe-end-0123 \n",
            "pipe-end-0123 1234\n",
            "pipe-end-0123 1 \n",
            "pipe-end-0123 12",
            "pipe-end-01",
            "",
        ] {
            for at in 0..=text.len() {
                let (one, two) = text.as_bytes().split_at(at);
                assert_eq!(
                    watched(&[one, two]),
                    (text.to_owned(), Vec::new()),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn a_script_keeps_the_numbers_of_its_lines() {
        let marker = Marker::new().expect("a marker");
        let closed = marker.closes("first; ", "#!/bin/sh\necho a\n");
        assert_eq!(closed.lines().count(), 2);
        assert!(
            closed.ends_with("SYS; first; #!/bin/sh\necho a\n"),
            "{closed}"
        );
        let another = Marker::new().expect("a marker");
        assert_ne!(marker.words, another.words);
    }
}
