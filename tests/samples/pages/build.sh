#!/bin/sh
# build.sh NOTES SITE: makes a page of each note, and an index of all.
#
# A note's first line is its title; a line `-> NAME` is a link to another note.
set -eu
notes=$1 site=$2
mkdir -p "$site"

page() {
  title=$(head -n 1 "$1")
  printf '<!doctype html>\n<title>%s</title>\n<h1>%s</h1>\n' "$title" "$title"
  tail -n +2 "$1" | sed -e 's|^-> \(.*\)$|<p><a href="\1.html">\1</a></p>|' -e t -e 's|^\(..*\)$|<p>\1</p>|'
}

{
  printf '<!doctype html>\n<title>Notes</title>\n<h1>Notes</h1>\n'
  for note in "$notes"/*.txt; do
    name=$(basename "$note" .txt)
    page "$note" >"$site/$name.html"
    printf '<p><a href="%s.html">%s</a></p>\n' "$name" "$(head -n 1 "$note")"
    echo "made $name.html" >&2
  done
} >"$site/index.html"
