"""What every format is: a name, some words, and how a moment of a run becomes its bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from core.errors import UnrolledError
from core.frames import Frame
from core.store import Run


@dataclass(frozen=True)
class Moment:
    """A run at the recorded training step at or before ``step``, the newest where that is None.

    link  the address where it can be seen, or empty
    """

    run: Run
    step: int | None = None
    link: str = ""

    @cached_property
    def frame(self) -> Frame:
        """What was recorded there. Raises UnrolledError where nothing is."""
        last = self.run.last_step
        frame = self.run.frame(last if self.step is None else min(self.step, last)) if last >= 0 else None
        if frame is None:
            raise UnrolledError(f"The run `{self.run.id}` has recorded nothing yet. Ask again in a moment.")
        return frame

    @property
    def title(self) -> str:
        """What is shown, in a line: 'Temporal order · LSTM, H 8 · step 600'."""
        return f"{self.run.config.task.title} · {self.run.config.label} · step {self.frame.step:,}"


@dataclass(frozen=True)
class Export:
    """One format.

    name    as in ``--as``
    title   on the button
    help    one sentence on what it is good for
    ending  of the file's name, without what it begins with; with a slash at its start it is the whole name
    media   its media type
    make    the bytes; raises UnrolledError
    """

    name: str
    title: str
    help: str
    ending: str
    media: str
    make: Callable[[Moment], bytes]


def file_name(export: Export, moment: Moment) -> str:
    """'unrolled-temporal-order-lstm-600-AbCdEf.csv.zip': task, cell, step and run."""
    if export.ending.startswith("/"):
        return export.ending[1:]
    config = moment.run.config
    parts = ["unrolled", config.task.name, config.cell.name, str(moment.frame.step), moment.run.id[:6]]
    return re.sub(r"[^A-Za-z0-9_.-]", "-", "-".join(parts)) + export.ending
