"""The front end as the job `front-end` left it."""

import json
import unittest
from pathlib import Path


class Built(unittest.TestCase):
    def test_each_source_was_built_and_got_smaller(self):
        manifest = json.loads(Path("dist/manifest.json").read_text())
        for source in Path("front-end/src").iterdir():
            with self.subTest(source.name):
                built = Path("dist") / manifest[source.name]
                self.assertLess(built.stat().st_size, source.stat().st_size)
