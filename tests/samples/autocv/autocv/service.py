"""The HTTP side: which address shows what."""

import json
import logging
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from . import cv, render

# Bytes. No CV is longer, and nobody may fill the memory.
MAX_BODY = 256 * 1024
TYPES = {".css": "text/css", ".js": "text/javascript"}

log = logging.getLogger("autocv")


def make_server(host, port, data, dist):
    """A server that is bound and ready; the front end must have been built."""
    if os.environ.get("AUTOCV_LOG"):
        logging.basicConfig(filename=os.environ["AUTOCV_LOG"], level=logging.INFO)
    manifest = Path(dist, "manifest.json")
    if not manifest.exists():
        raise OSError(f"{manifest} is missing: run python3 frontend/build.py first")
    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    server.data, server.dist = Path(data), Path(dist)
    server.assets = json.loads(manifest.read_text())
    return server


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self):
        kind, _, name = self.path.lstrip("/").partition("/")
        if self.path == "/":
            self.html(200, render.index_page(sorted(file.stem for file in self.server.data.glob("*.json")), self.server.assets))
        elif self.path == "/health":
            self.reply(200, "text/plain", b"ok\n")
        elif kind == "cv":
            self.show(self.server.data / f"{name}.json", name)
        elif kind == "static" and name in self.server.assets.values():
            file = self.server.dist / name
            self.reply(200, TYPES[file.suffix], file.read_bytes())
        else:
            self.fail(404, "no such page")

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/cv":
            self.fail(404, "no such page")
        elif length > MAX_BODY:
            self.fail(413, "too long")
        else:
            self.render(self.rfile.read(length).decode("utf-8", "replace"))

    def show(self, file, name):
        if not name.isidentifier() or not file.exists():
            self.fail(404, "no such CV")
        else:
            self.render(file.read_text(encoding="utf-8"))

    def render(self, text):
        try:
            self.html(200, render.cv_page(cv.parse(text), self.server.assets))
        except cv.Invalid as error:
            self.fail(422, str(error))

    def html(self, status, text):
        self.reply(status, "text/html; charset=utf-8", text.encode())

    def fail(self, status, reason):
        self.reply(status, "text/plain; charset=utf-8", f"{reason}\n".encode())

    def reply(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        log.info(format, *args)
