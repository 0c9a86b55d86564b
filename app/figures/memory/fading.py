"""How fast the inputs fade: what a linear readout of the state gives back of the input of k steps before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Knob, Layout, View, figure, percent_axis
from app.figures.memory.lines import chance_line, finite, keys, now_line, start_line, state_knob
from app.figures.theme import Style
from app.text.memory.remembered import NEVER, NOTHING
from core.config import RunConfig
from core.numbers import fixed, percent, plural

Arrays = Mapping[str, np.ndarray]
INPUT, ALL = "memory_input", "all"
MOST_OPTIONS = 64
SAME = 0.98
"""What the most common symbol stands for so often needs no memory."""
LEAST_GAIN = 0.02


def fading(
    arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, part: str, channel: str
) -> View:
    """From the answer to "fading"; ``channel`` is a channel's number as text, or "all"."""
    curves = Curves.of(arrays, meta, channel)
    lags = arrays["lag"]
    low, high = -0.03 * curves.top, 1.04 * curves.top
    layout: Layout = {
        "xaxis": {"range": [-0.5, max(float(lags[-1]) + 0.5, 1)], "nticks": style.ticks, "showgrid": False,
                  "title": {"text": "lag k" if style.narrow else "lag k: steps between the input and the state"}},
        "yaxis": (percent_axis(low, high) if curves.percent else {"range": [low, high], "nticks": 6}) | {
                  "title": {"text": "" if style.narrow else curves.unit}},
        "hovermode": "x",
        "meta": {"axis": "lag"},
    }  # fmt: skip
    hover = "%{text}" if curves.percent else "R² %{y:.2f}"
    data = [
        chance_line(lags, curves.chance, style),
        start_line(lags, finite(curves.start), style, hover),
        now_line(lags, finite(curves.now), config, hover),
    ]
    return View(
        name="fading",
        title="How fast inputs fade",
        hint=_hint(curves, lags, meta, config, channel),
        alt=_alt(curves, lags),
        figure=figure(style, data, layout, height=280, top=10, bottom=46),
        table=lambda: DataFrame({"lag": lags, f"{curves.unit}, this network": curves.now, "untrained": curves.start,
                                 "chance": curves.chance}),
        keys=keys(config, style, "most common symbol" if curves.percent else "nothing known"),
        knobs=(*state_knob(config, part), input_knob(config, channel)),
    )  # fmt: skip


@dataclass(frozen=True)
class Curves:
    """One measure of both networks by lag, with what needs no network; ``percent`` where it is a share of symbols."""

    now: np.ndarray
    start: np.ndarray
    chance: np.ndarray
    percent: bool

    @property
    def unit(self) -> str:
        """What is measured, in words."""
        return "symbols found" if self.percent else "R² of the readout"

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any], channel: str) -> Curves:
        """Symbols are decoded; numbers, and one channel alone, have an R²."""
        if channel != ALL:
            k = int(channel)
            return cls(
                arrays["now.channels"][:, k], arrays["start.channels"][:, k], np.zeros(len(arrays["lag"])), False
            )
        if meta["symbols"]:
            return cls(arrays["now.decoded"], arrays["start.decoded"], arrays["guessed"], True)
        return cls(arrays["now.r2"], arrays["start.r2"], np.zeros(len(arrays["lag"])), False)

    @property
    def top(self) -> float:
        """Where the axis ends: at 1, or sooner where nothing comes near."""
        values = np.concatenate([self.now, self.start, self.chance])
        most = float(values[np.isfinite(values)].max(initial=0))
        return next(level for level in (0.1, 0.2, 0.5, 1.0) if most <= 0.95 * level or level == 1)

    @property
    def differs(self) -> np.ndarray:
        """Which inputs are not the same in all sequences, so that there is something to find."""
        return np.isfinite(self.start) & (self.chance < SAME)

    def half(self, who: str) -> int | None:
        """The first lag with less than half of what the readout gets of the newest input above chance; NOTHING where
        it gets nothing of that one, NEVER where no lag has less, None where that one is the same in all sequences."""
        if not self.differs[0]:
            return None
        gain = getattr(self, who) - self.chance
        if not gain[0] > LEAST_GAIN:
            return NOTHING
        below = np.flatnonzero(gain < gain[0] / 2)
        return int(below[0]) if below.size else NEVER


def half_lag(arrays: Arrays, meta: Mapping[str, Any], who: str) -> int | None:
    """The lag at which half of the newest input is lost, see ``Curves.half``."""
    index = Curves.of(arrays, meta, ALL).half(who)
    return index if index is None or index < 0 else int(arrays["lag"][index])


def input_knob(config: RunConfig, channel: str) -> Knob:
    """Which input is read: all channels, or one."""
    names = config.task.channels[:MOST_OPTIONS]
    return Knob(INPUT, "of the input", channel,
                options=((ALL, "all of it"), *((str(k), name) for k, name in enumerate(names))))  # fmt: skip


def _hint(curves: Curves, lags: np.ndarray, meta: Mapping[str, Any], config: RunConfig, channel: str) -> str:
    if not np.isfinite(curves.now).any():
        if np.isfinite(curves.start).any():
            return "The states are not finite: nothing can be read from them."
        return "This input never changes there: there is nothing to remember."
    what = "the input" if channel == ALL else config.task.channels[int(channel)]
    first = _said(curves.now[0], curves)
    start = f"A linear readout of the state finds {what} of this step: {first}."
    if not curves.percent:
        start = f"A linear readout of the state gives {what} of this step back with {first}."
    words = f"{start} {_fades(curves, lags)}" if curves.differs[0] else _further(curves, lags, channel, what)
    of = f"Fitted on half of {meta['sequences']:,} sequences and judged on the others, from the states of the last "
    return f"{words} {of}{plural(meta['last'], 'step')}."


def _said(value: Any, curves: Curves) -> str:
    return percent(float(value)) if curves.percent else f"R²\u00a0{fixed(max(float(value), 0))}"


def _further(curves: Curves, lags: np.ndarray, channel: str, what: str) -> str:
    """Of inputs that differ only further back."""
    known = np.flatnonzero(curves.differs & np.isfinite(curves.now))
    start = "The newest inputs are the same in every sequence: nothing has to be remembered of them."
    if channel != ALL:
        start = f"{what} never changes among the newest inputs: there is nothing to remember."
    if not known.size:
        return start
    k = int(known[-1])
    guess = f", where guessing gets {percent(float(curves.chance[k]))}" if curves.percent else ""
    return (
        f"{start} Of those {plural(int(lags[k]), 'step')} back a linear readout finds {_said(curves.now[k], curves)}"
        f"{guess}; untrained {_said(curves.start[k], curves)}."
    )


def _fades(curves: Curves, lags: np.ndarray) -> str:
    now, start = curves.half("now") or 0, curves.half("start") or 0
    if now == NOTHING:
        return "So it keeps next to nothing of it." if start == NOTHING else f"Untrained, {_until(start, lags)}."
    return f"Half of that is {_gone(now, lags)}; in the untrained network {_gone(start, lags)}."


def _gone(index: int, lags: np.ndarray) -> str:
    if index == NOTHING:
        return "there was nothing to lose"
    return f"still there {lags[-1]} steps back" if index == NEVER else f"gone {plural(int(lags[index]), 'step')} back"


def _until(index: int, lags: np.ndarray) -> str:
    if index == NEVER:
        return f"more than half was kept {lags[-1]} steps back"
    return f"half was gone {plural(int(lags[index]), 'step')} back"


def _alt(curves: Curves, lags: np.ndarray) -> str:
    at = sorted({0, len(lags) // 2, len(lags) - 1})
    parts = (f"lag {lags[k]}: {fixed(curves.now[k])}, untrained {fixed(curves.start[k])}, chance "
             f"{fixed(curves.chance[k])}"
             for k in at)  # fmt: skip
    return f"{curves.unit.capitalize()} against the lag. {'; '.join(parts)}."
