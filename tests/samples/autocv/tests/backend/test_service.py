"""The service, started as its users start it and asked over HTTP."""

import re
import subprocess
import sys
import unittest
from urllib.error import HTTPError
from urllib.request import urlopen


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen(
            [sys.executable, "-m", "autocv", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        line = cls.process.stdout.readline()
        if not line.startswith("listening on "):
            cls.process.wait()
            raise RuntimeError(f"the service did not start: {line}")
        cls.address = line.split()[-1]

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.wait(timeout=10)
        cls.process.stdout.close()

    def get(self, path, body=None):
        """Status, type and text of the answer."""
        try:
            with urlopen(self.address + path, body and body.encode(), timeout=10) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"], error.read().decode()

    def test_it_is_healthy(self):
        self.assertEqual(self.get("/health"), (200, "text/plain", "ok\n"))

    def test_the_first_page_lists_the_cvs(self):
        status, kind, text = self.get("/")
        self.assertEqual((status, kind), (200, "text/html; charset=utf-8"))
        self.assertEqual(re.findall(r'href="/cv/(\w+)"', text), ["ada", "grace"])

    def test_a_cv_is_a_page(self):
        status, _, text = self.get("/cv/ada")
        self.assertEqual(status, 200)
        self.assertIn("<h1>Ada Byron</h1>", text)
        self.assertIn("<li>Punched cards</li>", text)

    def test_the_page_finds_its_style_and_script(self):
        _, _, text = self.get("/cv/grace")
        for name, kind in re.findall(r'(?:href|src)="(/static/[^"]+\.(css|js))"', text):
            with self.subTest(name):
                status, content_type, _ = self.get(name)
                self.assertEqual((status, content_type), (200, {"css": "text/css", "js": "text/javascript"}[kind]))

    def test_what_is_sent_comes_back_as_a_page(self):
        status, _, text = self.get("/cv", '{"name": "Konrad Zuse"}')
        self.assertEqual(status, 200)
        self.assertIn("<h1>Konrad Zuse</h1>", text)

    def test_a_mistake_is_explained(self):
        self.assertEqual(self.get("/cv", "{}"), (422, "text/plain; charset=utf-8", "name: name must be a text\n"))

    def test_only_cvs_and_built_files_are_shown(self):
        for path in ["/cv/nobody", "/cv/../requirements", "/static/../manifest.json", "/static/manifest.json", "/etc/passwd"]:
            with self.subTest(path):
                self.assertEqual(self.get(path)[0], 404)
