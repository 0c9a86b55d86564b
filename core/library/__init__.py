"""Unrolled as a library: what ``import unrolled`` gives. Names are handed out lazily: none is loaded in vain."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core import CELLS, PRESETS, TASKS, Frame, RunConfig, load_run, train
    from core.exports import EXPORTS, Moment
    from core.record import Recorded, record, watch

_HOMES = {
    "RunConfig": "core.config",
    "Frame": "core.frames",
    "TASKS": "core.tasks",
    "PRESETS": "core.presets",
    "CELLS": "core.cells",
    "train": "core.training",
    "load_run": "core.store",
    "record": "core.record",
    "watch": "core.record",
    "Recorded": "core.record",
    "EXPORTS": "core.exports",
    "Moment": "core.exports",
}
__all__ = [
    "CELLS", "EXPORTS", "PRESETS", "TASKS", "Frame", "Moment", "Recorded", "RunConfig", "load_run", "record", "train",
    "watch",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'unrolled' has no attribute {name!r}. It offers: {', '.join(_HOMES)}.")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
