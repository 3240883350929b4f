"""`make package-check`: install the built wheel as a user would, and run the README's test in a new
folder, serially and in parallel. It needs the package index."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    (wheel,) = sorted((ROOT / "dist").glob("mockserver-*.whl"))[-1:]
    readme = (ROOT / "README.md").read_text("utf-8")
    (document,) = re.findall(r"<!-- document -->\n```yaml\n(.*?)```", readme, re.DOTALL)
    (example,) = re.findall(r"<!-- test -->\n```python\n(.*?)```", readme, re.DOTALL)
    with tempfile.TemporaryDirectory() as folder:
        home, new = Path(folder, "venv"), Path(folder, "new")
        venv.create(home, with_pip=True)
        new.mkdir()
        (new / "test_renders.py").write_text(example)
        (new / "renders.yaml").write_text(document)
        python = str(home / "bin/python")
        for command in (
            ["-m", "pip", "install", "--quiet", f"{wheel}[pytest]", "pytest-xdist"],
            ["-m", "pip", "check"],
            ["-m", "pytest", "-q", "--mock-spec", "renders.yaml"],
            ["-m", "pytest", "-q", "-n", "2", "--mock-spec", "renders.yaml"],
            ["-m", "mockserver", "--version"],
            ["-m", "mockserver", "check", "feather"],
        ):
            done = subprocess.run([python, *command], cwd=new, timeout=600, check=False)
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
