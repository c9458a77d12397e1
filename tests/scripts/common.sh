# shellcheck shell=bash
# What the scripts of this folder share. Sourced, never run.
#
#   PIPE_TEST_STATE   where daemon data, logs and the sample's copy are kept
#                     (default: a folder of your own in $TMPDIR, else in /var/tmp)

set -euo pipefail

me=$(basename "$0")
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for those who source this
root=$(cd "$scripts/../.." && pwd)
state=${PIPE_TEST_STATE:-${TMPDIR:-/var/tmp}/pipe-test-$(id -u)}

say() { printf '%s: %s\n' "$me" "$*"; }
die() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }

# The folder lies where everybody may write: one that somebody else made is not ours to trust.
mkdir -p "$state"
[ -O "$state" ] || die "$state belongs to another user; set PIPE_TEST_STATE to a folder of your own"
chmod 700 "$state"

# Runs a command with its output in a log, and shows the end of that log if it fails.
logged() {
  local log=$state/$1
  shift
  "$@" >"$log" 2>&1 </dev/null && return
  tail -n 20 "$log" >&2
  die "\`$*\` failed; the whole log is $log"
}

# Installs Debian packages: `$1` is what they are for, in words; a package whose name ends in `?` is
# wanted only where this Debian has it.
install_packages() {
  local purpose=$1 name wanted=()
  shift
  [ "$(id -u)" = 0 ] || die "$purpose needs Debian packages ($*), and only root can install them: run \`$0\` as root once"
  command -v apt-get >/dev/null || die "$purpose needs $*, and this machine has no apt: install them, then run \`$0\` again"
  logged apt-update.log apt-get update
  for name; do
    if [[ $name != *\? ]] || apt-cache show "${name%\?}" >/dev/null 2>&1; then wanted+=("${name%\?}"); fi
  done
  say "installing ${wanted[*]}"
  DEBIAN_FRONTEND=noninteractive logged apt-install.log apt-get install -y --no-install-recommends "${wanted[@]}"
}

daemon_answers() { command -v docker >/dev/null && docker version >/dev/null 2>&1; }

# Makes sure that a daemon answers until this script ends; `$1` is what to add where that fails. One
# that was started for it is ended by the last script that uses it: each holds a shared lock.
with_daemon() {
  exec 8>"$state/daemon.lock"
  flock --shared 8
  holds_daemon=1
  trap leave_daemon EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if daemon_answers; then return; fi
  "$scripts/docker" start 8>&- || die "$1"
  touch "$state/daemon.for-now"
}

leave_daemon() {
  trap - EXIT
  [ -n "${holds_daemon:-}" ] && [ -e "$state/daemon.for-now" ] && flock --nonblock 8 || return 0
  "$scripts/docker" stop 8>&-
}
