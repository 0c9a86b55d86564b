"""What the cells cost, as a table: what is counted, and what is measured of three ways to train them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Sheet, SheetCell, View, figure
from app.figures.theme import CELL_LOOKS, Style
from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.numbers import plural, sig

ROW = 60
"""Pixels, about: what a row takes on a wide page."""
WAYS = (("ours", "recorded here"), ("layer", "torch’s fused layer"), ("loop", "loop over torch’s cells"))


def costs(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], config: RunConfig, style: Style) -> View:
    """From the answer "cell-costs"; remarks hold every cell against the one of the settings."""
    names: list[str] = list(meta["cells"])
    own = names.index(config.cell.name)
    columns = (
        "cell",
        "parameters",
        "multiplications a step",
        *(f"{label}, ms" for _, label in WAYS),
        "kept for the way back",
    )
    sheet = Sheet(columns, tuple(_row(k, own, names, arrays) for k in range(len(names))))
    return View(
        name="costs",
        title="What a cell costs",
        hint=_hint(arrays, meta),
        alt=sheet.alt,
        figure=figure(style, [], {}, height=ROW * (len(names) + 1)),
        table=lambda: DataFrame({"cell": [ANATOMIES[name].word for name in names]} | dict(arrays)),
        sheet=sheet,
    )


def _row(k: int, own: int, names: list[str], arrays: Mapping[str, np.ndarray]) -> tuple[SheetCell, ...]:
    look, anatomy = CELL_LOOKS[names[k]], ANATOMIES[names[k]]
    counted = [
        SheetCell(f"{int(arrays[name][k]):,}", _times(arrays[name], k, own)) for name in ("parameters", "products")
    ]
    timed = [_milliseconds(arrays[f"{way}.seconds"], k, own) for way, _ in WAYS]
    kept = SheetCell(_bytes(arrays["ours.bytes"][k]), _others(arrays, k))
    return (SheetCell(anatomy.word, color=look.color, dash=look.dash), *counted, *timed, kept)


def _times(values: np.ndarray, k: int, own: int) -> str:
    return "" if k == own else f"× {sig(float(values[k] / values[own]))}"


def _milliseconds(seconds: np.ndarray, k: int, own: int) -> SheetCell:
    if not np.isfinite(seconds[k]):
        return SheetCell("–", "torch has none")
    compared = _times(seconds, k, own) if np.isfinite(seconds[own]) else ""
    return SheetCell(sig(1e3 * float(seconds[k])), compared)


def _bytes(size: float) -> str:
    return f"{sig(size / 1e6)} MB" if size >= 1e5 else f"{sig(size / 1e3)} kB"


def _others(arrays: Mapping[str, np.ndarray], k: int) -> str:
    parts = [f"{label} {_bytes(arrays[f'{way}.bytes'][k])}" for way, label in (("layer", "layer"), ("loop", "loop"))
             if np.isfinite(arrays[f"{way}.bytes"][k])]  # fmt: skip
    return ", ".join(parts)


def _hint(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> str:
    steps = f"{meta['steps']:,} time steps" + ("" if meta["steps"] == meta["of"] else f" of {meta['of']:,}")
    words = (
        f"Forward and back over {steps}, {plural(meta['sequences'], 'sequence')}, H = {meta['H']}: processor time of "
        "one core where this server trains, medians."
    )
    return f"{words} The fused layer takes all steps in one call, and hands back no gradient of any state in between."
