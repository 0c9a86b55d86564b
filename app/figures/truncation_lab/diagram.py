"""The five kinds of truncation side by side: how far the state runs on, how far the gradient runs back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    PATTERNS,
    Key,
    Label,
    Layout,
    View,
    above,
    bands,
    brackets,
    figure,
    hatch_color,
    time_axis,
)
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.need import surely
from core.numbers import percent, plural
from core.reach import MODES, Reach, reach_of, shares_in_sight
from core.reading.horizon import CUT, KIND_NAMES

HEAD, STATE, GRADIENT, FOOT = 38, 12, 14, 14
"""Pixels of one row: two lines of words, down to the state's line, from there to the first span, below the last."""
SPANS, PITCH = 42, 1.6
"""At most so many losses are drawn in a row, so many pixels apart."""
BOUNDARIES = 200
FADED = 0.6
"""Opacity of the rows that are not in use."""


@dataclass(frozen=True)
class _Row:
    """One kind of truncation: what it is, where its parts lie (pixels from the top), how strongly it is drawn."""

    sight: Reach
    top: float
    used: bool
    spans: np.ndarray  # (n,) indices of the losses that are drawn

    @property
    def state(self) -> float:
        return self.top + HEAD + STATE

    @property
    def lines(self) -> np.ndarray:
        return self.state + GRADIENT + PITCH * np.arange(len(self.spans))

    @property
    def bottom(self) -> float:
        return self.state + GRADIENT + PITCH * (len(self.spans) - 1) + FOOT

    @property
    def opacity(self) -> float:
        return 1.0 if self.used else FADED


def truncation_diagram(config: RunConfig, style: Style, K: int | None = None) -> View:
    """Draw what ``config``'s losses see in each mode; ``K`` takes the place of its own K where nothing is cut."""
    T, marks = config.task.length, config.task.marks()
    K = config.truncation_length if config.truncation != "full" or K is None else K
    rows = _rows(config, K)
    notes, lines = above([Label(mark.label, mark.first, mark.last) for mark in marks], T, style)
    layout = {
        "xaxis": time_axis(style, T),
        "yaxis": {"visible": False, "range": [rows[-1].bottom, 0], "fixedrange": True},
        "annotations": [*notes, *(note for row in rows for note in _words(row, config, K, style))],
        "shapes": [*bands(marks, style), *brackets(marks, style), *(_ground(row, T, style) for row in rows)],
        "meta": {"axis": "time"},
    }
    data = [trace for row in rows for trace in _row(row, config, style)]
    top = 10 + 16 * lines
    return View(
        name="diagram",
        title="Cutting the gradient is not resetting the state",
        hint=_hint(config),
        alt=_alt(rows, config, K),
        figure=figure(style, data, layout, height=round(rows[-1].bottom) + top + 44, top=top, bottom=44),
        table=lambda: _table(rows, config, K),
        keys=_keys(config, style),
    )


def _hint(config: RunConfig) -> str:
    whole = "The state runs right, the gradient of each loss runs left until it is cut. Drawn from these settings."
    if not config.task.endless:
        return whole
    return (
        f"{whole} The text goes on on both sides: into step 1 comes the state of the window before, and no gradient "
        "goes back to it; with reset the state begins from zero there."
    )


def _rows(config: RunConfig, K: int) -> list[_Row]:
    rows, top = [], 0.0
    for mode in MODES:
        known = reach_of(config, mode, K)
        count = len(known.losses)
        spans = np.unique(np.linspace(0, count - 1, min(count, SPANS)).round().astype(int))
        rows.append(_Row(known, top, mode == config.truncation, spans))
        top = rows[-1].bottom
    return rows


def _row(row: _Row, config: RunConfig, style: Style) -> list[Layout]:
    traces = [*_zero(row, style), *_cuts(row, style), _gradient(row, config, style), *_ends(row, config, style),
              *_state(row, config, style), _updates(row, style)]  # fmt: skip
    return [{"type": "scatter", "opacity": row.opacity, "cliponaxis": False, **trace} for trace in traces]


def _gradient(row: _Row, config: RunConfig, style: Style) -> Layout:
    """A line from each loss to the first step that its gradient reaches."""
    x: list[float | None] = []
    y: list[float | None] = []
    for index, line in zip(row.spans, row.lines):
        x += [float(row.sight.losses[index]) + 0.3, float(row.sight.first[index]) - 0.5, None]
        y += [line, line, None]
    width = 4 if len(row.spans) == 1 else 1
    return {"mode": "lines", "x": x, "y": y, "hoverinfo": "skip", "name": "gradient",
            "line": {"color": CELL_LOOKS[config.cell.name].color, "width": width}}  # fmt: skip


def _ends(row: _Row, config: RunConfig, style: Style) -> list[Layout]:
    """The losses, and where the gradient of each stops."""
    one, losses, first = len(row.spans) == 1, row.sight.losses[row.spans], row.sight.first[row.spans]
    words = [f"loss at step {s}: its gradient reaches step {f}, {plural(int(s - f + 1), 'step')} seen"
             for s, f in zip(losses, first)]  # fmt: skip
    hover = {"text": words, "hovertemplate": "%{text}<extra></extra>", "y": row.lines, "mode": "markers"}
    color = CELL_LOOKS[config.cell.name].color
    ends = {"symbol": "triangle-left", "size": 11 if one else 4, "color": color}
    dots = {"symbol": "circle", "size": 9 if one else 3, "color": color}
    return [{"x": first - 0.3, "marker": ends, "name": "reached", **hover},
            {"x": losses + 0.3, "marker": dots, "name": "loss", **hover}]  # fmt: skip


def _zero(row: _Row, style: Style) -> list[Layout]:
    """The steps that no loss's gradient reaches: cut, an exact zero."""
    right = float(row.sight.first.min()) - 0.5
    if right <= 0.5:
        return []
    low, high = row.lines[0] - 5, row.lines[-1] + 5
    pattern = {"shape": PATTERNS[CUT], "fgcolor": hatch_color(CUT, style), "bgcolor": "rgba(0,0,0,0)", "size": 6,
               "solidity": 0.25, "fillmode": "overlay"}  # fmt: skip
    return [{"mode": "lines", "line": {"width": 0}, "fill": "toself", "x": [0.5, right, right, 0.5, 0.5],
             "y": [low, low, high, high, low], "fillpattern": pattern, "hoverinfo": "skip",
             "name": KIND_NAMES[CUT]}]  # fmt: skip


def _cuts(row: _Row, style: Style) -> list[Layout]:
    """Where the gradient is cut for every loss alike: lines below the state's, which they do not touch."""
    drawn = _thinned(row.sight.boundaries)
    if not drawn:
        return []
    x = [value for b in drawn for value in (b + 0.5, b + 0.5, None)]
    line = {"color": style.theme.ink, "width": 1.5, "dash": "dot"}
    return [{"mode": "lines", "x": x, "y": [row.state + 5, row.lines[-1] + 7, None] * len(drawn), "line": line,
             "hoverinfo": "skip", "name": "cut"}]  # fmt: skip


def _state(row: _Row, config: RunConfig, style: Style) -> list[Layout]:
    """One line over the whole sequence, or with reset one a window, each beginning with an empty ring: zero."""
    T, gap = config.task.length, 7 * config.task.length / style.plot_width
    breaks = _thinned(row.sight.boundaries) if row.sight.mode == "reset" else []
    reset = row.sight.mode == "reset"
    first = 0.5 - 2 * gap if config.task.endless and not reset else 0.5  # it comes from the window before
    starts, stops = [first, *(b + 0.5 + gap / 2 for b in breaks)], [*(b + 0.5 - gap / 2 for b in breaks), T + 0.3]
    x = [value for pair in zip(starts, stops) for value in (*pair, None)]
    ink = style.theme.ink
    traces: list[Layout] = [
        {"mode": "lines", "x": x, "y": [row.state] * len(x), "line": {"color": ink, "width": 2.5},
         "hoverinfo": "skip", "name": "state"},
        {"mode": "markers", "x": stops, "y": [row.state] * len(stops), "hoverinfo": "skip", "name": "state",
         "marker": {"symbol": "triangle-right", "size": 9, "color": ink}},
    ]  # fmt: skip
    begins = reset and config.task.endless
    zeros = ["a state of zero"] * begins + [f"state set to zero after step {b}" for b in breaks]
    if zeros:
        ring = {"symbol": "circle", "size": 8, "color": style.theme.surface, "line": {"color": ink, "width": 2}}
        traces.append({"mode": "markers", "x": starts[not begins :], "y": [row.state] * len(zeros), "marker": ring,
                       "text": zeros, "name": "reset",
                       "hovertemplate": "%{text}<extra></extra>"})  # fmt: skip
    return traces


def _updates(row: _Row, style: Style) -> Layout:
    steps = _thinned(row.sight.updates)
    return {"mode": "markers", "x": steps, "y": [row.state - 9] * len(steps), "name": "update",
            "marker": {"symbol": "triangle-down", "size": 9, "color": style.theme.ink},
            "text": [f"weights updated after step {step}" for step in steps],
            "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


def _thinned(steps: tuple[int, ...]) -> list[int]:
    """At most BOUNDARIES of them, evenly, the last among them."""
    stride = -(-len(steps) // BOUNDARIES) if steps else 1
    return list(steps[::-1][::stride][::-1])


def _ground(row: _Row, T: int, style: Style) -> Layout:
    """A tinted row where the kind is in use, a hair line above the others."""
    if row.used:
        return {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": row.top, "y1": row.bottom, "layer": "below",
                "fillcolor": style.theme.band, "line": {"width": 0}}  # fmt: skip
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": row.top, "y1": row.top, "layer": "below",
            "line": {"color": style.theme.grid, "width": 1 if row.top else 0}}  # fmt: skip


NAMES = {"full": "Full", "windows": "Windows", "sliding": "Sliding", "stream": "Stream", "reset": "Reset"}


def _words(row: _Row, config: RunConfig, K: int, style: Style) -> list[Layout]:
    tag = ", in use" if row.used else ""
    color = style.theme.ink if row.used else style.theme.muted
    lines = (f"<b>{NAMES[row.sight.mode]}{tag}</b>: {_sees(row, config, K)}", _what(row, config, K))
    return [
        {"text": text, "xref": "paper", "x": 0, "xanchor": "left", "xshift": 4, "y": row.top, "yanchor": "top",
         "yshift": -3 - 16 * k, "font": {"color": color, "size": 12 if style.narrow else 13 - k}, "align": "left"}
        for k, text in enumerate(lines)
    ]  # fmt: skip


def _sees(row: _Row, config: RunConfig, K: int) -> str:
    """What of the needed steps is seen, in a few words."""
    if len(row.sight.losses) == 1:
        back, need = int(row.sight.seen[-1]) - 1, config.task.lag
        return f"reaches {f'{back:,} of' if back < need else 'all'} {plural(need, 'step')} back"
    (worst, best), far = shares_in_sight(config, row.sight.mode, K), surely(config.task, "far enough")
    if best == 0:
        return f"no loss sees {far}"
    if worst == 0:
        return f"{far} in some sequences"
    return f"{'every loss sees' if worst == 1 else f'{percent(worst)} of the losses see'} {far}"


def _what(row: _Row, config: RunConfig, K: int) -> str:
    return {
        "full": "nothing is cut: every loss reaches step 1",
        "windows": f"gradient cut every {plural(K, 'step')}, state carried on",
        "sliding": f"every loss sees {plural(K, 'step')}, state carried on",
        "stream": f"update every {plural(_stride(config, K), 'step')}, looking {K} back",
        "reset": f"gradient cut, state set to zero every {plural(K, 'step')}",
    }[row.sight.mode]


def _stride(config: RunConfig, K: int) -> int:
    return min(config.truncation_stride or K, K)


def _alt(rows: list[_Row], config: RunConfig, K: int) -> str:
    used = next(row for row in rows if row.used)
    parts = "; ".join(f"{row.sight.mode}: {_what(row, config, K)}, {_sees(row, config, K)}" for row in rows)
    return f"Five kinds of truncation over {config.task.length} steps; in use: {used.sight.mode}. {parts}."


def _table(rows: list[_Row], config: RunConfig, K: int) -> DataFrame:
    sights, far = [row.sight for row in rows], surely(config.task, "far enough")
    return DataFrame({
        "kind": [sight.mode for sight in sights],
        "last loss reaches step": [int(sight.first[-1]) for sight in sights],
        "steps it sees": [int(sight.seen[-1]) for sight in sights],
        f"losses that see {far}": [percent(shares_in_sight(config, sight.mode, K)[0]) for sight in sights],
        "updates per sequence": [len(sight.updates) for sight in sights],
        "state at a boundary": ["set to zero" if sight.mode == "reset" else "carried on" for sight in sights],
    })  # fmt: skip


def _keys(config: RunConfig, style: Style) -> tuple[Key, ...]:
    ink, color = style.theme.ink, CELL_LOOKS[config.cell.name].color
    return (
        Key("state, forward", ink, width=2.5),
        Key("state set to zero", ink, "marker", marker="circle-open"),
        Key("gradient of a loss, backward", color, width=3),
        Key("cut", ink, dash="dot", width=1.5),
        Key(KIND_NAMES[CUT], hatch_color(CUT, style), "pattern", pattern=PATTERNS[CUT]),
        Key("update of the weights", ink, "marker", marker="triangle-down"),
    )
