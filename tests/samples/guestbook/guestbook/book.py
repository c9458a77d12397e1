"""The book: its entries in the database, its visitors in Redis."""

import redis

from . import settings
from .tables import connect


def write(name, words):
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO entries (name, words) VALUES (%s, %s)", (name, words))


def entries():
    """Name and words of each entry, the newest first."""
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, words FROM entries ORDER BY id DESC")
        return list(cursor.fetchall())


def clear():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM entries")


def count_visit():
    """How many visits there were, this one included."""
    return visitors().incr("visits")


def visitors():
    return redis.Redis(socket_connect_timeout=3, **settings.REDIS)


def health():
    """Whether each server answers."""
    found = {}
    for name, ask in {"database": lambda: connect().close(), "redis": lambda: visitors().ping()}.items():
        try:
            ask()
            found[name] = "ok"
        except Exception as error:  # whatever it is, it is not healthy
            found[name] = f"{type(error).__name__}: {error}"
    return found
