"""The page of the guest book."""

import json
from html import escape

from . import settings


def assets():
    """Built files by the names of their sources; none before the front end was put here."""
    manifest = settings.STATIC / "manifest.json"
    return json.loads(manifest.read_text()) if manifest.exists() else {}


def book(entries, visits):
    built = assets()
    style = f'<link rel="stylesheet" href="/static/{built["style.css"]}">' if "style.css" in built else ""
    lines = "".join(f"<li><b>{escape(name)}</b>: {escape(words)}</li>" for name, words in entries)
    return (
        f"<!doctype html><title>Guest book</title>{style}"
        f"<h1>Guest book</h1><p>{visits} visits</p><ul>{lines}</ul>"
        '<form method="post" action="/entries"><input name="name"><textarea name="words"></textarea>'
        "<button>Write</button></form>"
    )
