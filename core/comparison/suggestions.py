"""Whom one might want beside the present settings: other cells, other starts, variants, with and without clipping."""

from __future__ import annotations

from collections.abc import Iterator

from core.comparison.members import ALL_CELLS, applied
from core.config import RunConfig
from core.errors import ConfigError
from core.settings import settings_of

STARTS = {"default", "chrono", "orthogonal", "identity"}


def suggestions(config: RunConfig) -> list[str]:
    """Members that differ from ``config`` in one thing each, the other cells first."""
    known, found = {config.digest()}, []
    for text in (*ALL_CELLS, *_starts(config), *_variants(config), *_gradient(config)):
        try:
            digest = applied(config, text).digest()
        except ConfigError:  # it does not go with the other settings
            continue
        if digest not in known:
            found.append(text)
        known.add(digest)
    return found


def _starts(config: RunConfig) -> Iterator[str]:
    settings = settings_of(config)
    biased = "cell.forget_bias" in settings and "cell.forget_bias" not in config.idle
    for start in settings["cell.init"].choices:
        if start in STARTS:
            yield f"cell.init:{start}" + (",cell.forget_bias:" if biased else "")
    if biased:
        yield "cell.init:default,cell.forget_bias:1"
    yield from config.cell.suggests


def _variants(config: RunConfig) -> Iterator[str]:
    """Every other value of the cell's own choices."""
    for key, setting in settings_of(config).items():
        if key.startswith("cell.") and key not in ("cell.name", "cell.init"):
            yield from (f"{key}:{value}" for value in setting.choices)


def _gradient(config: RunConfig) -> Iterator[str]:
    yield "clip:norm" if config.clip == "none" else "clip:none"
    if config.truncation == "full":
        yield f"truncation:windows,truncation_length:{max(1, config.task.lag // 2)}"
    else:
        yield "truncation:full"
    yield "trained:all" if config.trained == "readout" else "trained:readout"
