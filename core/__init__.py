"""Unrolled's engine: cells, their gradients through time, training, runs. No streamlit, no plotly.

Names are handed out lazily (PEP 562), so that importing ``core.config`` never imports torch.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "RunConfig": "core.config",
    "Frame": "core.frames",
    "TASKS": "core.tasks",
    "PRESETS": "core.presets",
    "CELLS": "core.cells",
    "train": "core.training",
    "load_run": "core.store",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'core' has no attribute {name!r}. It offers: {', '.join(_HOMES)}.")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
