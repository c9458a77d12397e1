#!/bin/sh
# The service on a host: start, stop or restart.
set -eu

pid=/srv/guestbook/pid
# Over ssh the path has no folders of the system.
PATH=$PATH:/sbin:/usr/sbin

start() {
  set -a
  . /etc/guestbook.env
  set +a
  start-stop-daemon --start --background --make-pidfile --pidfile "$pid" --output /srv/guestbook/log \
    --chdir /srv/guestbook/current --startas /usr/bin/python3 -- run.py serve
}

stop() { start-stop-daemon --stop --oknodo --retry 10 --pidfile "$pid" --remove-pidfile --name python3; }

case $1 in
start) start ;;
stop) stop ;;
restart) stop && start ;;
esac
