"""``import unrolled``: installed as it would be elsewhere, typed, and the README's own lines run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import core.library as unrolled

ROOT = Path(__file__).parents[2]


def test_every_name_is_there_and_an_unknown_one_is_said() -> None:
    assert all(getattr(unrolled, name) is not None for name in unrolled.__all__)
    with pytest.raises(AttributeError, match="It offers: RunConfig"):
        _ = unrolled.nothing_like_this


@pytest.mark.slow
def test_the_installed_package_has_it(tmp_path: Path) -> None:
    """A build of the tree holds the package, marked as typed, and it imports from there alone."""
    built = tmp_path / "built"
    command = [
        "-c",
        "import sys; sys.argv[1:] = ['-q', 'build', '--build-base', sys.argv[1]]; exec(open('setup.py').read())",
    ]
    done = subprocess.run([sys.executable, *command, str(built)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lib = built / "lib"
    assert (lib / "unrolled" / "py.typed").exists() and (lib / "core" / "exports" / "references.toml").exists()
    code = (
        "import torch, unrolled\n"
        "(layer,) = unrolled.record(torch.nn.GRU(2, 3), torch.ones(4, 1, 2), lambda made: made[0].sum())\n"
        "print(layer.flow.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(lib), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "(5,)\n", done.stderr
