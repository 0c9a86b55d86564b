"""What every page and route of this web process shares."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from core.lab.client import Lab


def data_folder() -> Path:
    """The folder of runs: UNROLLED_DATA, or ``data`` beside where the server was started."""
    return Path(os.environ.get("UNROLLED_DATA", "data")).resolve()


@cache
def lab() -> Lab:
    """The one Lab of this process."""
    return Lab(data_folder())
