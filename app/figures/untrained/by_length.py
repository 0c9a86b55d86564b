"""What arrives at the first step, by length of the sequences: every cell untrained, and the network on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, decades_axis, figure
from app.figures.shared.guess import Guess, knobs
from app.figures.theme import CELL_LOOKS, Style
from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.numbers import plural, portion

LOWEST = -120
"""Decades: less than that is drawn at the lower edge, and said in full when hovered."""
EMPTY = np.array([1e-4, 1.0])
"""Shares that the axis holds at least while a guess is made."""
PREFIX, AT = "length_guess", 100
"""Of the knobs of a guess; the length that it is made for."""
NAMES = tuple(ANATOMIES)


def by_length(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], config: RunConfig, step: int,
              style: Style, guess: Guess | None = None) -> View:  # fmt: skip
    """From the answer "by-length" of training step ``step``. Where a ``guess`` is still to be made, its lines stand in
    place of what was measured; afterwards beside it."""
    guess = guess or Guess(AT, dict.fromkeys(NAMES), shown=True)
    lengths, untrained, now = arrays["length"], arrays["untrained"], arrays["now"]
    data, keys, columns = [], [], {"sequence length": lengths}
    for name in meta["cells"] if not guess.shown else guess.made:
        look, word = CELL_LOOKS[name], ANATOMIES[name].word
        line, called = guess.line(name, lengths), f"{word}, {_state(name, guess)}"
        data.append(_line(lengths, line, called, look.color, "solid" if not guess.shown else "dot", 1))
        columns[called] = line
    measured = zip(meta["cells"], untrained, strict=True) if guess.shown else ()
    for name, shares in measured:
        look, word = CELL_LOOKS[name], ANATOMIES[name].word
        middle = np.median(shares, axis=0)
        data.append(_line(lengths, middle, f"{word}, untrained", look.color, look.dash, 2))
        keys.append(Key(word, look.color, dash=look.dash))
        columns[f"{word}, untrained"] = middle
    if step > 0 and guess.shown:
        data.append(_line(lengths, now, f"this network, step {step:,}", style.theme.ink, "solid", 3))
        keys.append(Key("this network, trained", style.theme.ink, width=3))
        columns["this network"] = now
    low, high = _decades(*(trace["customdata"] for trace in data), EMPTY) if not guess.shown else _decades(
        untrained, now if step else untrained
    )  # fmt: skip
    margin = 0.04 * (high - low)  # a mark at the very edge would be cut in half
    layout: Layout = {
        "xaxis": {"range": [0, 1.02 * lengths[-1]], "nticks": style.ticks, "showgrid": False,
                  "title": {"text": "length of the sequences, T"}},
        "yaxis": decades_axis(low, high, "÷ gradient at the last step") | {"range": [low - margin, high + margin]},
        "shapes": [{"type": "line", "x0": config.task.length, "x1": config.task.length, "yref": "paper", "y0": 0,
                    "y1": 1, "line": {"color": style.theme.muted, "width": 1, "dash": "dot"}}],
        "meta": {"axis": "length"},
    }  # fmt: skip
    return View(
        name="by_length",
        title="The longer the sequence",
        hint=_hint(arrays, meta, config, step, guess),
        alt="; ".join(f"{trace['name']}: {portion(float(trace['customdata'][-1]))} at T = {int(lengths[-1])}"
                      for trace in data) + ".",
        figure=figure(style, data, layout, height=320, bottom=48),
        table=lambda: DataFrame(columns),
        keys=tuple(keys) if guess.shown else tuple(
            Key(f"{ANATOMIES[name].word}, {_state(name, guess)}", CELL_LOOKS[name].color) for name in meta["cells"]
        ),
        knobs=knobs(PREFIX, guess, {name: ANATOMIES[name].word for name in meta["cells"]}),
    )  # fmt: skip


def _state(name: str, guess: Guess) -> str:
    return "guessed" if name in guess.made else "not guessed yet"


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


def _hint(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], config: RunConfig, step: int, guess: Guess) -> str:
    if not guess.shown:
        return (
            f"Guess first: of the gradient at the last step, how much arrives at the first one when sequences have "
            f"T = {AT} steps? Set a line for each untrained cell, in powers of ten; then show what was measured."
        )
    return _measured_hint(arrays, meta, config, step) + _against(arrays, meta, guess)


def _against(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], guess: Guess) -> str:
    """What was measured where a guess was made."""
    at = np.flatnonzero(arrays["length"] == guess.at)
    if not guess.made or not at.size:
        return ""
    found = dict(zip(meta["cells"], np.median(arrays["untrained"], axis=1)[:, at[0]], strict=True))
    said = (f"{ANATOMIES[name].word} {portion(10.0**value)} guessed, {_said(float(found[name]))} measured"
            for name, value in guess.made.items() if name in found)  # fmt: skip
    return f" At T = {AT}: {'; '.join(said)}."


def _measured_hint(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], config: RunConfig, step: int) -> str:
    words = f"Untrained: median of {plural(meta['seeds'], 'seed')}; {config.cell.init_words or 'torch’s default'} start"
    words += " where the cell has it. What arrives at the first step, of what there is at the last."
    if step == 0:
        return f"{words} Train, and the network on screen is drawn among them."
    return (
        f"{words} This network learns from T = {meta['own']} alone (dotted), and is asked here about the other lengths."
    )
