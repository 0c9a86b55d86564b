"""Every run along the training axis: how far it is, where it solved the task, where it broke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pandas import DataFrame, array

from app.figures.base import Key, Layout, View, cursor_line, figure, training_axis
from app.figures.compare.side import Entry, Side
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import exact, plural
from core.reading.outcome import Outcome

HEAD, EACH, BETWEEN = 20, 11, 6
"""Pixels: a member's name, each of its runs, and under the last of them."""
LINE, LETTER = 16, 6.7
"""Height of a line of words, and width of a letter of them, in pixels."""
STATES = {"missing": "not trained yet", "waiting": "waiting for its turn", "paused": "paused"}


def progress(sides: Sequence[Side], cursor: int, config: RunConfig, style: Style) -> View:
    """Draw a line a run: faint as far as it will go, full as far as it is; a mark where it first scored as solved, a
    hollow one where that is lost again."""
    notes: list[Layout] = []
    rows: list[_Row] = []
    y = 0.0
    for side in sides:
        head = HEAD if _side_by_side(side, style) else HEAD + LINE
        notes += _names(side, y, head, style)
        y += head
        for run in side.runs:
            rows.append(_Row(side, run, y + EACH / 2))
            y += EACH
        y += BETWEEN
    data = [*_lines(rows, config, style), *_marks(rows, config, style)]
    layout: Layout = {
        "xaxis": training_axis(config.steps, style),
        "yaxis": {"visible": False, "range": [y, 0], "fixedrange": True},
        "annotations": notes,
        "shapes": cursor_line(cursor, style) if cursor < config.steps else [],
        "hovermode": "closest",
        "meta": {"axis": "training"},
    }
    return View(
        name="progress",
        title="Every run",
        hint=_hint(sides),
        alt="; ".join(f"{side.label}: {_summary(side)}" for side in sides) + ".",
        figure=figure(style, data, layout, height=round(y) + 44, top=2, bottom=42),
        table=lambda: _table(sides, config),
        keys=_keys(rows, style),
    )


def _keys(rows: Sequence[_Row], style: Style) -> tuple[Key, ...]:
    known = [row.run.whole for row in rows if row.run.whole]
    keys = [Key("first scored as solved", style.theme.ink, "marker", marker="diamond")]
    if any(whole.lost is not None for whole in known):
        keys.append(Key("solved, and lost again later", style.theme.ink, "marker", marker="diamond-open"))
    if any(whole.broke is not None for whole in known):
        keys.append(Key("not a number from here on", style.theme.broken, "marker", marker="x"))
    return tuple(keys)


def _table(sides: Sequence[Side], config: RunConfig) -> DataFrame:
    runs = [(side, run) for side in sides for run in side.runs]
    return DataFrame({
        "member": [side.label for side, _ in runs],
        "seed": [run.seed for _, run in runs],
        "training step": [max(run.last, 0) for _, run in runs],
        "state": [words(run, config) for _, run in runs],
        "solved at step": array([run.whole and run.whole.solved for _, run in runs], "Int64"),
    })  # fmt: skip


@dataclass(frozen=True)
class _Row:
    """A run and where its line is."""

    side: Side
    run: Entry
    y: float

    def text(self, config: RunConfig) -> str:
        return f"{self.side.label}, seed {self.run.seed}: {words(self.run, config)}"


def _lines(rows: Sequence[_Row], config: RunConfig, style: Style) -> list[Layout]:
    """One trace for what is to come, and one a member for what is behind its runs."""
    traces = [_segments([(row, config.steps) for row in rows], style.theme.grid, config)]
    for side in dict.fromkeys(row.side.label for row in rows):
        own = [row for row in rows if row.side.label == side and row.run.last >= 0]
        traces += [_segments([(row, row.run.last) for row in own], own[0].side.look.color, config)] if own else []
    return traces


def _segments(ends: Sequence[tuple[_Row, int]], color: str, config: RunConfig) -> Layout:
    return {"type": "scatter", "mode": "lines", "line": {"color": color, "width": 4},
            "x": [x for _, end in ends for x in (0, end, None)],
            "y": [y for row, _ in ends for y in (row.y, row.y, None)],
            "text": [text for row, _ in ends for text in (row.text(config), row.text(config), "")],
            "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


def _marks(rows: Sequence[_Row], config: RunConfig, style: Style) -> list[Layout]:
    """Where a run solved the task, for good or not, and where it broke."""
    through = [(row, row.run.whole) for row in rows if row.run.whole]
    solved = [(row, whole.solved) for row, whole in through if whole.solved is not None]
    lost = [(row, whole.lost) for row, whole in through if whole.lost is not None]
    broke = [(row, whole.broke) for row, whole in through if whole.broke is not None]
    ink = style.theme.ink
    looks = ((solved, "diamond", ink), (lost, "diamond-open", ink), (broke, "x", style.theme.broken))
    return [_mark(places, symbol, color, config, style) for places, symbol, color in looks if places]


def _mark(places: Sequence[tuple[_Row, int]], symbol: str, color: str, config: RunConfig, style: Style) -> Layout:
    return {"type": "scatter", "mode": "markers", "x": [x for _, x in places], "y": [row.y for row, _ in places],
            "text": [row.text(config) for row, _ in places], "hovertemplate": "%{text}<extra></extra>",
            "cliponaxis": False, "marker": {"symbol": symbol, "size": 9, "color": color,
                                            "line": {"color": style.theme.surface, "width": 1}}}  # fmt: skip


def words(run: Entry, config: RunConfig) -> str:
    """How a run stands: 'step 120 of 600, solved at 90'."""
    whole = run.whole
    if whole is None:
        return STATES.get(run.state, "begins")
    state = {"waiting": ", waiting for its turn", "paused": ", paused", "over": ", over"}.get(run.state, "")
    return f"step {run.last:,} of {config.steps:,}{state}{_solved(whole)}"


def _solved(whole: Outcome) -> str:
    broke = "" if whole.broke is None else f", not a number from {whole.broke:,} on"
    if whole.lost is not None:
        return f", solved at {whole.lost:,}{broke or ' and lost again'}"
    return f", solved at {whole.solved:,}" if whole.solved is not None else broke


def _side_by_side(side: Side, style: Style) -> bool:
    """Whether name and summary fit into one line; else the summary stands below."""
    return LETTER * (len(side.label) + len(_summary(side)) + 4) <= style.plot_width


def _names(side: Side, y: float, head: float, style: Style) -> list[Layout]:
    place = {"yanchor": "bottom", "xref": "paper", "showarrow": False}
    name = f'<span style="color:{side.look.color}">■</span> {side.label}'
    together = head == HEAD
    return [
        place | {"text": name, "x": 0, "xanchor": "left", "y": y + HEAD - 3,
                 "font": {"color": style.theme.ink, "size": 13}},
        place | {"text": _summary(side), "x": 1 if together else 0, "xanchor": "right" if together else "left",
                 "y": y + head - 3, "font": {"color": style.theme.muted, "size": 12}},
    ]  # fmt: skip


def _summary(side: Side) -> str:
    if side.untrained:
        return "not trained yet"
    known = [run.whole for run in side.runs if run.whole]
    solved = [whole.solved for whole in known if whole.solved is not None]
    lost = sum(whole.lost is not None for whole in known)
    at = ""
    if solved:
        at = f", median step {exact(float(np.median(solved)))}" if len(solved) > 1 else f", step {solved[0]:,}"
    over = all(run.state == "over" for run in side.runs)
    return (
        f"solved {len(solved)} of {len(side.runs)}{'' if over else ' so far'}{at}{f', {lost} lost again' * bool(lost)}"
    )


def _hint(sides: Sequence[Side]) -> str:
    runs = [run for side in sides for run in side.runs]
    count = {state: sum(run.state == state for run in runs) for state in ("over", "running", "waiting", "paused")}
    if not sum(count.values()):
        return "None of them is trained yet."
    named = {"over": "over", "running": "training", "waiting": "waiting for their turn", "paused": "paused"}
    parts = [f"{count[state]} {word}" for state, word in named.items() if count[state]]
    missing = len(runs) - sum(count.values())
    return f"{plural(len(runs), 'run')}: {', '.join(parts)}" + (f", {missing} not trained" if missing else "") + "."
