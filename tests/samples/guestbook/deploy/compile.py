"""Turns the back end into extension modules: what is shipped has no sources.

    python3 deploy/compile.py FOLDER
"""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

out = Path(sys.argv[1])
package = out / "guestbook"
shutil.rmtree(out, ignore_errors=True)
shutil.copytree("guestbook", package)
shutil.copy("run.py", out)

suffix = sysconfig.get_config_var("EXT_SUFFIX")
for source in sorted(package.glob("*.py")):
    if source.stem == "__init__":
        continue
    subprocess.run(["cython3", "-3", source], check=True)
    code = source.with_suffix(".c")
    module = source.with_suffix(suffix)
    include = sysconfig.get_path("include")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", f"-I{include}", code, "-o", module], check=True)
    source.unlink()
    code.unlink()
    print("compiled", module.name)

# The libraries go along, so that the image needs Python alone.
for name in ["pymysql", "redis", "async_timeout", "packaging", "deprecated", "wrapt"]:
    library = Path("/usr/lib/python3/dist-packages") / name
    if library.exists():
        shutil.copytree(library, out / name, ignore=shutil.ignore_patterns("__pycache__"))
