#!/bin/sh
# Puts the back end on a host as a new release, switches to it and restarts the service there.
#   deploy/staging.sh USER@HOST
set -eu

target=$1
release=/srv/guestbook/releases/$CI_COMMIT_SHORT_SHA

ssh "$target" mkdir -p "$release"
rsync --archive --delete guestbook run.py deploy "$target:$release/"
ssh "$target" "cd $release && . /etc/guestbook.env && export DB_HOST DB_PORT DB_PASSWORD && python3 run.py migrate"
ssh "$target" "ln -sfn $release /srv/guestbook/current && sh /srv/guestbook/current/deploy/service.sh restart"
