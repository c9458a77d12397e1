#!/bin/sh
# links.sh SITE: every link of the site leads to a page of it.
set -eu
cd "$1"
broken=0
for page in *.html; do
  for target in $(sed -n 's|.*href="\([^"]*\)".*|\1|p' "$page"); do
    if [ -f "$target" ]; then
      echo "ok   $page -> $target"
    else
      echo "gone $page -> $target"
      broken=1
    fi
  done
done
exit "$broken"
