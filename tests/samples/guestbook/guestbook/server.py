"""The guest book over HTTP."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from . import book, pages, settings

KINDS = {"css": "text/css", "js": "text/javascript", "json": "application/json"}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            self.answer(200, "text/html", pages.book(book.entries(), book.count_visit()))
        elif self.path == "/health":
            health = book.health()
            well = all(state == "ok" for state in health.values())
            self.answer(200 if well else 503, "application/json", json.dumps(health))
        elif self.path == "/version":
            self.answer(200, "text/plain", settings.revision())
        elif self.path.startswith("/static/") and self.path[8:] in pages.assets().values():
            name = self.path[8:]
            self.answer(200, KINDS[name.rsplit(".", 1)[1]], (settings.STATIC / name).read_text())
        else:
            self.answer(404, "text/plain", "there is no such page\n")

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        name, words = (form.get(field, [""])[0].strip() for field in ("name", "words"))
        if self.path != "/entries" or not name or not words:
            self.answer(422, "text/plain", "an entry has a name and words\n")
            return
        book.write(name, words)
        self.send_response(303)
        self.send_header("Location", "/")
        self.end_headers()

    def answer(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def serve(port=settings.PORT):
    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()
