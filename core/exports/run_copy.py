"""The run as one file, all of it: what this app opens again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from core.exports.base import Export, Moment
from core.store import export


def copy(moment: Moment) -> bytes:
    """A consistent copy, also of a run that is still trained."""
    with tempfile.TemporaryDirectory() as folder:
        return export(moment.run, Path(folder) / "copy.sqlite").read_bytes()


RUN = Export(
    "run", "Run file", "All that was recorded, as one file that this app opens again.", ".sqlite",
    "application/vnd.sqlite3", copy,
)  # fmt: skip
