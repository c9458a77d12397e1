"""Where the guest book finds its servers, as the environment says."""

import os
from pathlib import Path

DATABASE = {
    "host": os.environ.get("DB_HOST", "mysql"),
    "port": int(os.environ.get("DB_PORT", "3306")),
    "database": os.environ.get("DB_NAME", "guestbook"),
    "user": os.environ.get("DB_USER", "guestbook"),
    "password": os.environ.get("DB_PASSWORD", ""),
}
REDIS = {"host": os.environ.get("REDIS_HOST", "redis"), "port": int(os.environ.get("REDIS_PORT", "6379"))}
PORT = int(os.environ.get("PORT", "8000"))

STATIC = Path(__file__).parent / "static"
MIGRATIONS = Path(__file__).parent / "migrations"


def revision():
    """The commit that is running, where whoever put it there has said so."""
    file = Path(__file__).parent / "REVISION"
    return file.read_text().strip() if file.exists() else "unknown"
