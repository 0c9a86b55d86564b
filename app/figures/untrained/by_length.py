"""What arrives at the first step, by length of the sequences: every cell untrained, and the network on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, decades_axis, figure
from app.figures.theme import CELL_LOOKS, Style
from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.numbers import plural, portion

LOWEST = -120
"""Decades: less than that is drawn at the lower edge, and said in full when hovered."""


def by_length(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], config: RunConfig, step: int,
              style: Style) -> View:  # fmt: skip
    """From the answer "by-length" of training step ``step``."""
    lengths, untrained, now = arrays["length"], arrays["untrained"], arrays["now"]
    data, keys, columns = [], [], {"sequence length": lengths}
    for name, shares in zip(meta["cells"], untrained, strict=True):
        look, word = CELL_LOOKS[name], ANATOMIES[name].word
        middle = np.median(shares, axis=0)
        data.append(_line(lengths, middle, f"{word}, untrained", look.color, look.dash, 2))
        keys.append(Key(word, look.color, dash=look.dash))
        columns[f"{word}, untrained"] = middle
    if step > 0:
        data.append(_line(lengths, now, f"this network, step {step:,}", style.theme.ink, "solid", 3))
        keys.append(Key("this network, trained", style.theme.ink, width=3))
        columns["this network"] = now
    low, high = _decades(untrained, now if step else untrained)
    layout: Layout = {
        "xaxis": {"range": [0, 1.02 * lengths[-1]], "nticks": style.ticks, "showgrid": False,
                  "title": {"text": "length of the sequences, T"}},
        "yaxis": decades_axis(low, high, "÷ gradient at the last step"),
        "shapes": [{"type": "line", "x0": config.task.length, "x1": config.task.length, "yref": "paper", "y0": 0,
                    "y1": 1, "line": {"color": style.theme.muted, "width": 1, "dash": "dot"}}],
        "meta": {"axis": "length"},
    }  # fmt: skip
    return View(
        name="by_length",
        title="The longer the sequence",
        hint=_hint(arrays, meta, config, step),
        alt="; ".join(f"{trace['name']}: {portion(float(trace['customdata'][-1]))} at T = {int(lengths[-1])}"
                      for trace in data) + ".",
        figure=figure(style, data, layout, height=320, bottom=48),
        table=lambda: DataFrame(columns),
        keys=tuple(keys),
    )  # fmt: skip


def _decades(*shares: np.ndarray) -> tuple[int, int]:
    """Whole decades that hold every share that is a positive number, and 1."""
    joined = np.concatenate([np.ravel(each) for each in shares])
    logs = np.log10(joined[np.isfinite(joined) & (joined > 0)])
    low, high = np.floor(logs.min(initial=-1)), np.ceil(logs.max(initial=0))
    return max(int(low), LOWEST), min(int(high), -LOWEST)


def _line(x: np.ndarray, y: np.ndarray, name: str, color: str, dash: str, width: int) -> Layout:
    drawn = np.where(np.isfinite(y), np.maximum(y, 10.0**LOWEST), np.nan)
    return {"type": "scatter", "mode": "lines+markers", "x": x, "y": drawn, "name": name, "customdata": y,
            "text": [f"{name}, T = {int(n)}: {_said(value)}" for n, value in zip(x, y)],
            "hovertemplate": "%{text}<extra></extra>", "marker": {"size": 5},
            "line": {"color": color, "dash": dash, "width": width}}  # fmt: skip


def _said(share: float) -> str:
    return portion(share) if np.isfinite(share) and share > 0 else "nothing" if share == 0 else "not a number"


def _hint(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], config: RunConfig, step: int) -> str:
    words = f"Untrained: median of {plural(meta['seeds'], 'seed')}; {config.cell.init_words or 'torch’s default'} start"
    words += " where the cell has it. What arrives at the first step, of what there is at the last."
    if step == 0:
        return f"{words} Train, and the network on screen is drawn among them."
    return (
        f"{words} This network learns from T = {meta['own']} alone (dotted), and is asked here about the other lengths."
    )
