"""The front end as the build job left it."""

import hashlib
import json
import os
import unittest
from pathlib import Path

DIST = Path(os.environ.get("DIST", "frontend/dist"))


class Built(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        manifest = DIST / "manifest.json"
        if not manifest.exists():
            raise RuntimeError(f"{manifest} is missing: the artifacts of build did not arrive")
        cls.manifest = json.loads(manifest.read_text())

    def test_every_source_was_built(self):
        self.assertEqual(sorted(self.manifest), sorted(file.name for file in Path("frontend/src").iterdir()))

    def test_each_name_tells_its_content(self):
        for source, name in self.manifest.items():
            with self.subTest(source):
                digest = hashlib.sha256((DIST / name).read_bytes()).hexdigest()
                self.assertEqual(name.split(".")[1], digest[:10])

    def test_the_style_got_smaller_and_kept_its_rules(self):
        source = Path("frontend/src/style.css").read_text()
        built = (DIST / self.manifest["style.css"]).read_text()
        self.assertLess(len(built), len(source))
        self.assertEqual(built.count("{"), source.count("{"))
        self.assertNotIn("/*", built)

    def test_the_script_talks_to_the_service(self):
        built = (DIST / self.manifest["cv.js"]).read_text()
        self.assertIn('fetch("/cv"', built)
        self.assertNotIn("//", built)

    @unittest.skipUnless("CI_COMMIT_SHORT_SHA" in os.environ, "only a pipeline knows its commit")
    def test_the_build_is_of_this_commit(self):
        self.assertEqual((DIST / "REVISION").read_text().strip(), os.environ["CI_COMMIT_SHORT_SHA"])
