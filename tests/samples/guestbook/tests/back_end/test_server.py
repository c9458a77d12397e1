"""The service, started as its users start it and asked over HTTP."""

import subprocess
import sys
import unittest
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from guestbook import migrations


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        migrations.make()
        migrations.apply()
        cls.process = subprocess.Popen([sys.executable, "run.py", "serve"], stdout=subprocess.PIPE, text=True)
        line = cls.process.stdout.readline()
        cls.address = f"http://127.0.0.1:{line.split()[-1]}"

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.wait(timeout=10)
        cls.process.stdout.close()

    def get(self, path, form=None):
        try:
            with urlopen(self.address + path, form and urlencode(form).encode(), timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_an_entry_is_on_the_page(self):
        status, text = self.get("/entries", {"name": "Ada", "words": "<b>bold</b>"})
        self.assertEqual(status, 200)
        self.assertIn("<li><b>Ada</b>: &lt;b&gt;bold&lt;/b&gt;</li>", text)

    def test_an_entry_without_words_is_refused(self):
        self.assertEqual(self.get("/entries", {"name": "Ada"})[0], 422)

    def test_it_is_healthy(self):
        self.assertEqual(self.get("/health"), (200, '{"database": "ok", "redis": "ok"}'))

    def test_the_front_end_was_put_into_it(self):
        _, page = self.get("/")
        style = page.split('href="')[1].split('"')[0]
        self.assertEqual(self.get(style)[0], 200)
        self.assertEqual(self.get("/static/../settings.py")[0], 404)
