"""Values that came as text: numbers, or a sentence on what they should have been."""

from __future__ import annotations

import argparse
from math import isfinite

from core.errors import UnrolledError, quoted

Arguments = argparse.Namespace


def number(name: str, text: str, kind: str = "a number", example: str = "-2.5") -> float:
    """The option ``--name`` as a finite number. Raises UnrolledError."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise UnrolledError(f"`--{name}` (={quoted(text)}) must be {kind}, as in `--{name} {example}`.")
    return value


def whole(name: str, text: str, least: int, most: int | None) -> int:
    """The option ``--name`` as a whole number from ``least`` to ``most``. Raises UnrolledError."""
    try:
        value = int(text)
    except ValueError:
        raise UnrolledError(
            f"`--{name}` (={quoted(text)}) must be a whole number, as in `--{name} {least + 2}`."
        ) from None
    if value < least:
        raise UnrolledError(f"`--{name}` (={value}) must be {least} or more. Raise `--{name}`.")
    if most is not None and value > most:
        raise UnrolledError(f"`--{name}` (={value}) must be {most} or less. Lower `--{name}`.")
    return value
