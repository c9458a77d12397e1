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

# Which quote a word leaves open.
_pipe_open_quote() {
    local i char
    REPLY=
    for ((i = 0; i < ${#1}; i++)); do
        char=${1:i:1}
        if [[ $char == \\ && $REPLY != \' ]]; then
            ((i++))
        elif [[ $char == "$REPLY" ]]; then
            REPLY=
        elif [[ -z $REPLY && $char == [\"\'] ]]; then
            REPLY=$char
        fi
    done
}

# A text as it is written behind an open quote. Names come from a repository: none may end the
# quote, or be expanded in it.
_pipe_quoted() {
    local i char
    REPLY=
    for ((i = 0; i < ${#1}; i++)); do
        char=${1:i:1}
        case $2$char in
        "''") REPLY+="'\\''" ;;
        \"[\\\"\$\`]) REPLY+=\\$char ;;
        # The history is asked for a word behind `!`, in these quotes too; before their end not.
        \"!) if ((i < ${#1} - 1)); then REPLY+='"\!"'; else REPLY+=!; fi ;;
        *) REPLY+=$char ;;
        esac
    done
}

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
    local candidate quote REPLY
    _pipe_open_quote "$raw"
    quote=$REPLY
    while IFS= read -r candidate || [[ $candidate ]]; do
        candidate=${candidate#"$cut"}
        if [[ $quote ]]; then
            _pipe_quoted "$candidate" "$quote"
        else
            printf -v REPLY %q "$candidate"
        fi
        COMPREPLY+=("$REPLY")
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
