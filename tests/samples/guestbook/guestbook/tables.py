"""The tables of the guest book, and the connection to them."""

import pymysql

from . import settings

TABLES = {
    "entries": {
        "id": "INT AUTO_INCREMENT PRIMARY KEY",
        "name": "VARCHAR(80) NOT NULL",
        "words": "TEXT NOT NULL",
        "written": "TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
    },
}


def connect():
    return pymysql.connect(charset="utf8", autocommit=True, connect_timeout=3, **settings.DATABASE)
