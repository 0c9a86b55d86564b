"""What a recorded gradient says. Names are handed out lazily (PEP 562): the web process must not import torch."""

from importlib import import_module
from typing import Any

_HOMES = {
    "Horizon": "core.diagnostics.horizon",
    "horizon_of": "core.diagnostics.horizon",
    "zeros": "core.diagnostics.horizon",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'core.diagnostics' has no attribute {name!r}. It offers: {', '.join(_HOMES)}.")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
