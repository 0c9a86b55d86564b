"""At which steps the answer is in the state: found there by a readout fitted for that step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Label, Layout, View, above, bands, brackets, figure, percent_axis, time_axis
from app.figures.memory.lines import chance_line, finite, keys, now_line, start_line, state_knob
from app.figures.theme import Style
from app.text.memory.remembered import Remembered
from core.config import RunConfig
from core.numbers import fixed, percent

Arrays = Mapping[str, np.ndarray]


def answer(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, part: str) -> View:
    """From the answer to "fading"."""
    T, steps, marks = config.task.length, arrays["step"], config.task.marks()
    numbers, chance = config.task.kind == "numbers", float(meta["chance"])
    notes, lanes = above([Label(mark.label, mark.first, mark.last) for mark in marks], T, style)
    layout: Layout = {
        "xaxis": time_axis(style, T),
        "yaxis": ({"range": [-0.03, 1.04], "nticks": 6} if numbers else percent_axis(-0.03, 1.04)) | {
                  "title": {"text": "" if style.narrow else "R² of the answer" if numbers else "answers found"}},
        "shapes": [*bands(marks, style), *brackets(marks, style)],
        "annotations": notes,
        "hovermode": "x",
        "meta": {"axis": "time"},
    }  # fmt: skip
    hover = "R² %{y:.2f}" if numbers else "%{text}"
    data = [
        chance_line([0.5, T + 0.5], [chance, chance], style),
        start_line(steps, finite(arrays["start.answer"]), style, hover),
        now_line(steps, finite(arrays["now.answer"]), config, hover),
    ]
    return View(
        name="answer",
        title="Is the answer in the state?",
        hint=_hint(arrays, meta, config),
        alt=_alt(arrays, chance),
        figure=figure(style, data, layout, height=270 + 16 * lanes, top=14 + 16 * lanes, bottom=44),
        table=lambda: DataFrame({"time step": steps, "this network": arrays["now.answer"],
                                 "untrained": arrays["start.answer"], "chance": chance}),
        keys=keys(config, style, "mean of all answers" if numbers else "most common answer"),
        knobs=state_knob(config, part),
    )  # fmt: skip


def said(share: float, config: RunConfig) -> str:
    """A share of found answers, or the R² of numbers."""
    if not np.isfinite(share):
        return "no number"
    return f"R²\u00a0{fixed(max(share, 0))}" if config.task.kind == "numbers" else percent(share)


def _hint(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig) -> str:
    if not np.isfinite(arrays["now.answer"]).any():
        return "The states are not finite: nothing can be read from them."
    kept = Remembered.of(arrays, meta)
    words = "A readout fitted for one step alone finds the last answer best at step "
    words += f"{kept.best_step:,} ({said(kept.best, config)})"
    if kept.held == "unknown":
        return f"{words}; the last states are not finite."
    words += f" and at the end with {said(kept.end, config)}"
    return f"{words}, in the untrained network with {said(kept.start, config)}. {_lesson(kept)}"


def _lesson(kept: Remembered) -> str:
    if kept.held in ("lost", "none"):
        return "It came in, and it was lost on the way." if kept.held == "lost" else "At the end next to none is there."
    return {
        "more": "What is above the dashed line was learned.",
        "same": "The untrained network keeps about as much: an echo that any readout could use.",
        "less": "The untrained network keeps more: training has lost some of what echoed in it.",
    }[kept.against]


def _alt(arrays: Arrays, chance: float) -> str:
    at = sorted({0, len(arrays["step"]) // 2, len(arrays["step"]) - 1})
    parts = (f"step {arrays['step'][k]}: {fixed(arrays['now.answer'][k])}, untrained {fixed(arrays['start.answer'][k])}"
             for k in at)  # fmt: skip
    start = f"How well the answer can be read from the state at each step; chance is {fixed(chance)}."
    return f"{start} {'; '.join(parts)}."
