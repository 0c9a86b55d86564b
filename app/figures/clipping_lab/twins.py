"""With and without clipping: loss and gradient norm of a run and of its twin, from the same start on the same data."""

from __future__ import annotations

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Layout,
    View,
    cursor_line,
    figure,
    plain_log_axis,
    spread,
    thinned,
    training_axis,
    with_gaps,
)
from app.figures.base.course import Course, limits
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig

GAP = 0.1
"""Of the picture's height, between loss and norm."""
ROWS = {"loss": "loss", "grad_norm": "gradient norm"}


def twins(clipped: Course, free: Course, cursor: int, config: RunConfig, style: Style) -> View:
    """Draw both runs' loss over both runs' raw gradient norm; hatched where one of them is no number any more.

    ``clipped`` and ``free`` are the run with and without clipping; one of them is the run on screen.
    """
    data: list[Layout] = []
    ends, words = _ends((clipped, free), style)
    layout: Layout = {
        "xaxis": training_axis(config.steps, style) | {"anchor": "y2"},
        "shapes": [*cursor_line(cursor, style), *ends],
        "annotations": words,
        "meta": {"axis": "training"},
    }
    for k, (name, title) in enumerate(ROWS.items()):
        axis, upper = ("y", "y2")[k], 1 - k * (1 + GAP) / 2
        low, high = _limits(name, clipped, free, config)
        layout[("yaxis", "yaxis2")[k]] = plain_log_axis(low, high) | {"domain": [max(0, upper - (1 - GAP) / 2), upper]}
        layout["annotations"].append(_title(title, upper, style))
        data += [trace for course in (free, clipped) for trace in _line(course, name, axis, style)]
    return View(
        name="twins",
        title="With and without clipping",
        hint=_hint(clipped, free),
        alt=_alt(clipped, free),
        figure=figure(style, data, layout, height=360 if style.narrow else 380, top=22, bottom=40),
        table=lambda: _table(clipped, free),
        keys=tuple(_key(course, style) for course in (clipped, free)),
    )


def _limits(name: str, clipped: Course, free: Course, config: RunConfig) -> tuple[float, float]:
    """Common to both; an explosion leaves it upwards, so that the other's learning stays to be seen."""
    extra, decades = ([config.task.baseline_loss], 1.5) if name == "loss" else ([], 4)
    return limits([clipped.scalars[name], free.scalars[name]], *extra, decades=decades)


def _title(text: str, upper: float, style: Style) -> Layout:
    return {"text": text, "xref": "paper", "x": 0, "xanchor": "left", "y": upper, "yref": "paper", "yanchor": "bottom",
            "yshift": 2, "font": {"size": 12, "color": style.theme.ink}}  # fmt: skip


def _ends(courses: tuple[Course, Course], style: Style) -> tuple[list[Layout], list[Layout]]:
    """A line through both rows where a run is no number any more, and its name on top."""
    lines, words = [], []
    color, total = style.theme.broken, max(1, courses[0].config.steps)
    for course in courses:
        if course.broke is None:
            continue
        at = course.broke
        lines.append({"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
                      "line": {"color": color, "width": 1.5}})  # fmt: skip
        side, far = ("left", 6) if at < 0.6 * total else ("right", -6)
        how = "without" if course.config.clip == "none" else "with clipping"
        text = f"{how}: {course.outcome()}"
        words.append({"text": text, "x": at, "xanchor": side, "xshift": far, "y": 1 - 0.06 * len(words),
                      "yref": "paper", "yanchor": "top", "font": {"color": color}})  # fmt: skip
    return lines, words


def _line(course: Course, name: str, axis: str, style: Style) -> list[Layout]:
    """One run's series, and a cross at its last number where it broke."""
    values = course.scalars[name]
    steps, drawn = _thin(course.scalars["step"], values)
    key = _key(course, style)
    word = f"{key.label}: {ROWS[name]}"
    line = {"type": "scatter", "mode": "lines", "x": steps, "y": drawn, "yaxis": axis, "name": word,
            "line": {"color": key.color, "width": key.width, "dash": key.dash},
            "hovertemplate": f"training step %{{x:,}}: {word} %{{y}}<extra></extra>"}  # fmt: skip
    last = np.flatnonzero(np.isfinite(values) & (values > 0))
    if course.broke is None or not last.size:
        return [line]
    cross = {"type": "scatter", "mode": "markers", "x": [int(course.scalars["step"][last[-1]])],
             "y": [float(values[last[-1]])], "yaxis": axis, "name": word, "hoverinfo": "skip", "cliponaxis": False,
             "marker": {"symbol": "x", "size": 9, "color": style.theme.broken}}  # fmt: skip
    return [line, cross]


def _thin(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Long losses as means of intervals; where an explosion is near every value stays."""
    thin = thinned(steps, np.where(values > 0, values, np.nan), most=400)
    return thin.steps, thin.mean


def _key(course: Course, style: Style) -> Key:
    if course.config.clip == "none":
        return Key("without clipping", style.theme.muted, dash="dash", width=1.5)
    return Key(f"with clipping, {course.clipping}", CELL_LOOKS[course.config.cell.name].color)


def _hint(clipped: Course, free: Course) -> str:
    if clipped.state == "missing" and free.state == "missing":
        return "Train runs both from the same start on the same batches."
    return f"Without: {free.outcome()}; with: {clipped.outcome()}."


def _alt(clipped: Course, free: Course) -> str:
    return (
        f"Loss and gradient norm over training of the same start. Without clipping: {free.outcome()}. With clipping at "
        f"{clipped.clipping}: {clipped.outcome()}."
    )


def _table(clipped: Course, free: Course) -> DataFrame:
    """Loss and norm of both at some hundred steps, those with the largest norms among them."""
    both = {"with": clipped.scalars, "without": free.scalars}
    chosen = sorted({int(taken["step"][k]) for taken in both.values() for k in spread(taken["grad_norm"], 50)})
    table = DataFrame({"training step": chosen})
    for how, taken in both.items():
        at = {int(step): k for k, step in enumerate(taken["step"])}
        for name, words in ROWS.items():
            values = [taken[name][at[step]] if step in at else np.nan for step in chosen]
            table[f"{words} {how}"] = with_gaps(values, [step in at for step in chosen])
    return table
