"""Builds the front end: each source made smaller, under a name that changes with its content.

    python3 front-end/build.py FOLDER
"""

import hashlib
import json
import re
import sys
from pathlib import Path

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
manifest = {}
for source in sorted((Path(__file__).parent / "src").iterdir()):
    text = re.sub(r"/\*.*?\*/", "", source.read_text(), flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text).strip()
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    manifest[source.name] = f"{source.stem}.{digest}{source.suffix}"
    (out / manifest[source.name]).write_text(text)
(out / "manifest.json").write_text(json.dumps(manifest))
print("built", *manifest.values())
