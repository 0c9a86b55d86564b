"""``python -m core export RUN --as FORMAT``."""

from __future__ import annotations

import argparse
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from core.errors import UnrolledError, quoted
from core.exports import EXPORTS, Export, Moment, file_name
from core.store import export as copy_run
from core.store import load_run

PLUGINS = "unrolled.exports"
"""The entry point group in which installed packages offer formats of their own; the app's drawn ones are there."""
PROGRAMS = ("script", "notebook")


def add_export(sub: argparse.ArgumentParser) -> None:
    """The options of the command."""
    sub.add_argument("run", metavar="RUN", help="a run's id, or its file")
    sub.add_argument("--as", dest="form", default="run", metavar="FORMAT",
                     help=f"one of {', '.join(known())} (default run: one file, all of it)")  # fmt: skip
    sub.add_argument("--step", type=int, metavar="N", help="the training step to take (default: the newest)")
    sub.add_argument("--link", default="", metavar="URL", help="where the run can be seen; it stands in the file")
    sub.add_argument("--out", metavar="FILE", type=Path, help="where to write (default: a speaking name here)")


def known() -> list[str]:
    """The names of all formats."""
    return [*EXPORTS, *PROGRAMS, *sorted(point.name for point in entry_points(group=PLUGINS))]


def export_named(name: str) -> Export:
    """The format of this name. Raises UnrolledError."""
    if name in PROGRAMS:
        from core.exports import programs  # and with it torch

        return programs.SCRIPT if name == "script" else programs.NOTEBOOK
    if name in EXPORTS:
        return EXPORTS[name]
    for point in entry_points(group=PLUGINS, name=name):
        found: Any = point.load()
        return found
    raise UnrolledError(f"`--as` (={quoted(name)}) is not known. Choose one of: {', '.join(known())}.")


def write_export(arguments: argparse.Namespace) -> int:
    """Write the file and say its name."""
    if arguments.step is not None and arguments.step < 0:
        raise UnrolledError(f"`--step` (={arguments.step}) must be at least 0. Name a training step of the run.")
    chosen, moment = export_named(arguments.form), Moment(load_run(arguments.run), arguments.step, arguments.link)
    out: Path = arguments.out or Path(file_name(chosen, moment))
    if chosen.name == "run":
        copy_run(moment.run, out)
    else:
        content = chosen.make(moment)
        try:
            out.write_bytes(content)
        except OSError as error:
            raise UnrolledError(f"`--out` (={out}) cannot be written: {error.strerror}. Name another file.") from None
    print(out)
    return 0
