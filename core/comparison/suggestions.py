"""Whom one might want beside the present settings: other cells, starts and variants, a layer more, without clipping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.anatomy import ANATOMIES
from core.anatomy.base import NORMALISATIONS
from core.comparison.members import ALL_CELLS, MOST_MEMBERS, applied, readings
from core.config import RunConfig
from core.errors import ConfigError
from core.settings import settings_of

STARTS = {"default", "chrono", "orthogonal", "identity"}


def suggestions(config: RunConfig) -> list[str]:
    """Members that differ from ``config`` in one thing each: how the data is read, then the other cells, then the
    rest."""
    depth = "cell.layers:2" if config.cell.layers == 1 else "cell.layers:1"
    ways = (*_readings(config), *ALL_CELLS, *_starts(config), *_variants(config), depth, *_gradient(config))
    return _others(config, ways)


def remedies(config: RunConfig, most: int = MOST_MEMBERS - 1) -> list[str]:
    """What the textbooks answer a vanishing gradient with, each alone and in their order, the first ``most`` that go
    with ``config`` and change it: starts, an activation that does not saturate, normalisation, clipping, a faster
    optimiser, and gates that are open from the start."""
    gated = (f"cell.name:{name},cell.init:chrono" for name, a in ANATOMIES.items() if "chrono" in a.initialisations())
    norms = (f"cell.normalisation:{norm}" for norm in NORMALISATIONS)
    ways = ("cell.init:orthogonal", *config.cell.suggests, *norms, "clip:norm", "optimizer:adam")
    return _others(config, (*ways, *gated))[:most]


def _others(config: RunConfig, texts: Iterable[str]) -> list[str]:
    """Those of ``texts`` that go with ``config`` and make it another one, each other config once."""
    known, apart = {config.digest()}, []
    for text in texts:
        try:
            digest = applied(config, text).digest()
        except ConfigError:  # it does not go with the other settings
            continue
        if digest not in known:
            apart.append(text)
        known.add(digest)
    return apart


def _readings(config: RunConfig) -> Iterator[str]:
    """The same data read in every other way that the task has."""
    for key, setting in settings_of(config).items():
        if key in readings():
            yield from (f"{key}:{value}" for value in setting.choices)


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
    if config.task.endless:  # the same text with the state reset in every window, and in windows that overlap
        T = config.task.length
        yield f"truncation:reset,truncation_length:{T}"
        yield f"truncation:stream,truncation_length:{max(1, T // 2)},truncation_stride:{max(1, T // 4)}"
    yield "trained:all" if config.trained == "readout" else "trained:readout"
