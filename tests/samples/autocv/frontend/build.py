"""Builds the front end: each source made smaller, under a name that changes with its content.

    python3 frontend/build.py [--out FOLDER]
"""

import argparse
import hashlib
import json
import re
import shutil
from pathlib import Path

SOURCES = Path(__file__).parent / "src"


def shrink_css(text):
    """Without comments and the white space that means nothing."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([{};,])\s*", r"\1", text).replace(";}", "}").strip()


def shrink_js(text):
    """Without comment lines and indentation; anything more needs a parser."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


SHRINK = {".css": shrink_css, ".js": shrink_js}


def build(sources, out):
    """Writes the files and `manifest.json`, from each source's name to the built one's."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    manifest = {}
    for source in sorted(sources.iterdir()):
        text = SHRINK[source.suffix](source.read_text(encoding="utf-8"))
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        manifest[source.name] = f"{source.stem}.{digest}{source.suffix}"
        (out / manifest[source.name]).write_text(text, encoding="utf-8")
        print(f"{source.name}: {source.stat().st_size} -> {len(text.encode())} bytes as {manifest[source.name]}")
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="builds the front end")
    parser.add_argument("--out", type=Path, default=SOURCES.parent / "dist")
    build(SOURCES, parser.parse_args().out)
