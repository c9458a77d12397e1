"""Migrations: SQL files made from the tables, and applied once to each database."""

import hashlib

from . import settings
from .tables import TABLES, connect


def make():
    """Writes the migration that makes the tables as they are now, unless it is there."""
    statements = []
    for table, columns in TABLES.items():
        lines = ",\n".join(f"  {name} {kind}" for name, kind in columns.items())
        statements.append(f"CREATE TABLE IF NOT EXISTS {table} (\n{lines}\n);\n")
    text = "\n".join(statements)
    settings.MIGRATIONS.mkdir(exist_ok=True)
    known = sorted(settings.MIGRATIONS.glob("*.sql"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    if any(digest in file.name for file in known):
        return None
    file = settings.MIGRATIONS / f"{len(known) + 1:04}_{digest}.sql"
    file.write_text(text)
    return file.name


def apply():
    """Names of the migrations that this database did not have yet."""
    done = []
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS applied (name VARCHAR(80) PRIMARY KEY)")
        cursor.execute("SELECT name FROM applied")
        known = {name for (name,) in cursor.fetchall()}
        for file in sorted(settings.MIGRATIONS.glob("*.sql")):
            if file.name not in known:
                for statement in filter(str.strip, file.read_text().split(";")):
                    cursor.execute(statement)
                cursor.execute("INSERT INTO applied VALUES (%s)", (file.name,))
                done.append(file.name)
    return done
