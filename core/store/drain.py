"""A server that is being emptied: what is queued is trained to its end, and nothing new is begun."""

from __future__ import annotations

from pathlib import Path

NAME = "drain"
SENTENCE = (
    "This server is being emptied for maintenance: what is queued goes on to its end, and nothing new is begun. Try "
    "again later."
)


def draining(folder: Path) -> bool:
    """Whether that is so, for every server and worker of ``folder``."""
    return (folder / NAME).exists()


def set_draining(folder: Path, wanted: bool) -> None:
    """From now on, or no longer; it outlives a restart."""
    if wanted:
        (folder / NAME).touch()
    else:
        (folder / NAME).unlink(missing_ok=True)
