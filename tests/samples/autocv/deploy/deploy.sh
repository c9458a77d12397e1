#!/bin/sh
# Puts this checkout on a host as a new release and switches to it.
#   deploy/deploy.sh USER@HOST PATH
set -eu

target=$1
path=$2
release=$path/releases/$CI_COMMIT_SHORT_SHA
remote="ssh -i $SSH_PRIVATE_KEY -o BatchMode=yes"

$remote "$target" "mkdir -p '$release'"
rsync --archive --compress --delete --relative -e "$remote" \
  autocv data frontend/dist requirements.txt "$target:$release/"
$remote "$target" "ln -sfn '$release' '$path/current' && sudo systemctl restart autocv"

# The new release has to answer before the job may be green.
$remote "$target" "sleep 1; curl --fail --silent --show-error http://127.0.0.1:8000/health"
echo "$CI_COMMIT_SHORT_SHA is live on $target"
