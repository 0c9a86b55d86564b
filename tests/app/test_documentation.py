"""The pages about the library are built without a warning, and served where they are built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.documentation import documentation_routes, documentation_scripts

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_they_are_built_without_a_warning_and_served(tmp_path: Path, ask) -> None:
    built = tmp_path / "docs"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(built)]
    silent = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=silent, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    names = (built / "names" / "index.html").read_text()
    assert all(f"unrolled.{name}" in names for name in ("RunConfig", "train", "Frame", "record", "watch", "Recorded"))
    assert "http://" not in re.sub(r"http://www.w3.org/\S+", "", names) and "fonts.googleapis" not in names
    assert documentation_routes("", tmp_path / "nowhere") == [] and len(documentation_scripts(built)) > 1
    first, other, gone = ask(
        documentation_routes("under", built), "/under/docs/", "/under/docs/names/", "/under/docs/no"
    )
    assert (first.status, other.status, gone.status) == (200, 200, 404)
