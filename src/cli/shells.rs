//! How shells ask for completions.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use clap_complete::env::{Bash, EnvCompleter};

/// Bash. Its own rules need a script of ours: it cuts words at `=` and `:`, hands them over as
/// they were typed, quotes and all, and inserts candidates unquoted. Job names have blanks,
/// colons and brackets.
pub(super) struct QuotingBash;

/// Works from Bash 3.2, which macOS has, on.
const SCRIPT: &str = r#"# Completions of `pipe` for Bash: https://www.gnu.org/software/bash/
_pipe() {
    local rest=${COMP_LINE:0:COMP_POINT} words=() last=-1 trimmed i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        trimmed=${rest#"${rest%%[![:space:]]*}"}
        # Pieces without a blank between them are one word, which Bash has cut.
        if ((last < 0)) || [[ $trimmed != "$rest" ]]; then words[++last]=; fi
        if ((i == COMP_CWORD)); then
            words[last]+=$trimmed
        else
            words[last]+=${COMP_WORDS[i]}
            rest=${trimmed#"${COMP_WORDS[i]}"}
        fi
    done

    local raw=${words[last]} cut=$2
    for ((i = 0; i <= last; i++)); do words[i]=${words[i]//[\\\"\']/}; done
    cut=${words[last]%"${cut//[\\\"\']/}"}

    COMPREPLY=()
    local candidate
    while IFS= read -r candidate || [[ $candidate ]]; do
        candidate=${candidate#"$cut"}
        case $raw in
        *[\"\']*) ;;
        *) printf -v candidate %q "$candidate" ;;
        esac
        COMPREPLY+=("$candidate")
    done < <(COMPLETE=bash _CLAP_COMPLETE_INDEX=$last pipe -- "${words[@]}" 2>/dev/null)

    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[=/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o nosort -F _pipe pipe 2>/dev/null || complete -F _pipe pipe
"#;

impl EnvCompleter for QuotingBash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        _var: &str,
        _name: &str,
        _bin: &str,
        _completer: &str,
        into: &mut dyn io::Write,
    ) -> io::Result<()> {
        into.write_all(SCRIPT.as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        words: Vec<OsString>,
        folder: Option<&Path>,
        into: &mut dyn io::Write,
    ) -> io::Result<()> {
        Bash.write_complete(command, words, folder, into)
    }
}
