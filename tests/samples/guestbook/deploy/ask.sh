#!/bin/sh
# Asks an address until it answers what is expected, for half a minute.
#   deploy/ask.sh URL ANSWER
set -eu

for _ in $(seq 60); do
  answer=$(curl --silent --fail --max-time 5 "$1") || answer=
  if [ "$answer" = "$2" ]; then
    echo "$1 answers: $answer"
    exit
  fi
  sleep 0.5
done
echo "$1 answers '$answer', not '$2'" >&2
exit 1
