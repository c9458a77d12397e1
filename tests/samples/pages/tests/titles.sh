#!/bin/sh
# titles.sh NOTES SITE: every note became a page that has its title.
set -eu
for note in "$1"/*.txt; do
  page=$2/$(basename "$note" .txt).html
  title=$(head -n 1 "$note")
  grep -qF "<h1>$title</h1>" "$page" || {
    echo "$page lacks the title of $note: $title"
    exit 1
  }
  echo "ok   $page: $title"
done
