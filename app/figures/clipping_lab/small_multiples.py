"""A sweep over clip thresholds from one start, as small multiples: a panel a threshold, the same axes in all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, cursor_line, figure, plain_log_axis, reference_line, thinned, with_gaps
from app.figures.base.course import Course, broken_ground, limits
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import plural

POINTS = 100
"""Points per line: a panel is some 250 pixels wide."""
HEAD, EACH, BETWEEN, FOOT = 38, 62, 14, 36
"""Pixels: a panel's two lines of words, each of its two plots, between them, and under the last row."""
GAP = 0.022
"""Of the width, between panels."""


def small_multiples(courses: Sequence[Course], cursor: int, config: RunConfig, style: Style) -> View:
    """Draw each run's loss over its raw gradient norm; those to come stand empty with what they wait for."""
    columns = 2 if style.narrow else 4
    rows = -(-len(courses) // columns)
    total = rows * (HEAD + 2 * EACH + BETWEEN) + (rows - 1) * BETWEEN
    ranges = {name: _range(name, courses, config) for name in ("loss", "grad_norm")}
    data: list[Layout] = []
    layout: Layout = {"annotations": [], "shapes": [], "hovermode": "closest"}
    for k, course in enumerate(courses):
        panel = _Panel(k, columns, len(courses), total, style)
        layout |= panel.axes(ranges, config)
        layout["annotations"] += panel.words(course)
        data += panel.traces(course, ranges)
        layout["shapes"] += panel.lines(course, cursor)
    return View(
        name="sweep",
        title="The same start at other thresholds",
        hint=_hint(courses),
        alt=_alt(courses),
        figure=figure(style, data, layout, height=total + FOOT, top=0, bottom=FOOT),
        table=lambda: _table(courses),
        keys=(
            Key("loss", CELL_LOOKS[config.cell.name].color),
            Key("gradient norm before clipping", style.theme.muted, width=1.5),
            Key("threshold θ" if config.clip in ("none", "norm") else "guessing", style.theme.muted, width=1),
        ),
    )


class _Panel:
    """Where panel ``k`` of ``count`` stands: loss above, norm below, on axes of its own that look like all others."""

    def __init__(self, k: int, columns: int, count: int, total: int, style: Style) -> None:
        self.k, self.style = k, style
        self.row, self.column = divmod(k, columns)
        self.lowest = k + columns >= count
        width = (1 - (columns - 1) * GAP) / columns
        self.left = self.column * (width + GAP)
        self.right = self.left + width
        head = self.row * (HEAD + 2 * EACH + 2 * BETWEEN)
        self.edges = [1 - (head + HEAD + y) / total for y in (0, EACH, EACH + BETWEEN, 2 * EACH + BETWEEN)]
        self.top = 1 - head / total
        self.x, self.loss, self.norm = (_axis(n) for n in (k + 1, 2 * k + 1, 2 * k + 2))

    def axes(self, ranges: dict[str, tuple[float, float]], config: RunConfig) -> Layout:
        top, middle, below, bottom = self.edges
        x = {"domain": [self.left, self.right], "range": [-0.02 * config.steps, 1.02 * config.steps], "showgrid": False,
             "tickvals": [0, _inner(config.steps)], "showticklabels": self.lowest, "anchor": f"y{self.norm}",
             "fixedrange": True, "tickfont": {"size": 11}}  # fmt: skip
        if self.lowest and self.column == 0:
            x["title"] = {"text": "training step"}
        label = {"anchor": f"x{self.x}", "showticklabels": self.column == 0, "fixedrange": True,
                 "tickfont": {"size": 11}}  # fmt: skip
        return {
            f"xaxis{self.x}": x,
            f"yaxis{self.loss}": _few(ranges["loss"]) | label | {"domain": [max(0, middle), top]},
            f"yaxis{self.norm}": _few(ranges["grad_norm"]) | label | {"domain": [max(0, bottom), below]},
        }

    def words(self, course: Course) -> list[Layout]:
        """Threshold and outcome above the panel."""
        theme = self.style.theme
        color = theme.broken if course.broke is not None else theme.muted
        name = f"<b>{course.clipping}</b>" + (" · this run" if course.main else "")
        place = {"xref": "paper", "x": self.left, "xanchor": "left", "yref": "paper", "yanchor": "top"}
        outcome = course.outcome(short=self.style.narrow)
        return [
            place | {"text": name, "y": self.top, "font": {"size": 12, "color": theme.ink}},
            place | {"text": outcome, "y": self.top, "yshift": -16, "font": {"size": 11, "color": color}},
        ]

    def traces(self, course: Course, ranges: dict[str, tuple[float, float]]) -> list[Layout]:
        looks = {"loss": (self.loss, CELL_LOOKS[course.config.cell.name].color, 2.0),
                 "grad_norm": (self.norm, self.style.theme.muted, 1.5)}  # fmt: skip
        drawn: list[Layout] = []
        for name, (axis, color, width) in looks.items():
            low, high = ranges[name]
            where = {"xaxis": f"x{self.x}", "yaxis": f"y{axis}"}
            drawn += broken_ground(
                course.breakage, self.style, low / 10, high * 10, 1.02 * course.config.steps, **where
            )
            values = course.scalars[name]
            thin = thinned(course.scalars["step"], np.where(values > 0, values, np.nan), POINTS)
            word = "loss" if name == "loss" else "gradient norm"
            drawn.append({"type": "scatter", "mode": "lines", "x": thin.steps, "y": thin.mean, **where,
                          "line": {"color": color, "width": width}, "name": f"{course.clipping}: {word}",
                          "hovertemplate": f"{course.clipping}, training step %{{x:,}}: {word} %{{y}}"
                                           "<extra></extra>"})  # fmt: skip
        return drawn

    def lines(self, course: Course, cursor: int) -> list[Layout]:
        """What guessing gets, the threshold where it is a norm, the moment shown; a ground where nothing is yet."""
        loss = {"xref": f"x{self.x} domain", "yref": f"y{self.loss}"}
        norm = {"xref": f"x{self.x} domain", "yref": f"y{self.norm}"}
        if course.step < 0:
            return [self._empty(axis) for axis in (self.loss, self.norm)]
        shapes = [reference_line(course.config.task.baseline_loss, self.style) | loss]
        if course.config.clip == "norm":
            shapes.append(reference_line(course.config.clip_threshold, self.style, dash="solid") | norm)
        for axis in (self.loss, self.norm):
            moment = {"xref": f"x{self.x}", "yref": f"y{axis} domain"}
            shapes += [line | moment for line in cursor_line(cursor, self.style)]
        return shapes

    def _empty(self, axis: str) -> Layout:
        return {"type": "rect", "xref": f"x{self.x} domain", "yref": f"y{axis} domain", "x0": 0, "x1": 1, "y0": 0,
                "y1": 1, "fillcolor": self.style.theme.band, "line": {"width": 0}, "layer": "below"}  # fmt: skip


def _axis(number: int) -> str:
    """Plotly's name of its n-th axis: nothing, 2, 3, …"""
    return "" if number == 1 else str(number)


def _inner(steps: int) -> int:
    """The largest 1, 2 or 5 times a power of ten that is not at the right end, where the next panel's 0 stands."""
    power = 10 ** (len(str(steps)) - 1)
    return max((m * power // 10 for m in (1, 2, 5, 10, 20, 50) if m * power / 10 <= 0.8 * steps), default=0)


def _few(limits: tuple[float, float]) -> Layout:
    """A log axis with two or three ticks."""
    low, high = limits
    axis = plain_log_axis(low, high)
    margin = (high / low) ** 0.06  # a label at the very edge would touch its neighbour's
    inner = [k for k, tick in enumerate(axis["tickvals"]) if low * margin <= tick <= high / margin]
    inner = inner[:: max(1, -(-len(inner) // 3))]
    return axis | {name: [axis[name][k] for k in inner] for name in ("tickvals", "ticktext")}


def _range(name: str, courses: Sequence[Course], config: RunConfig) -> tuple[float, float]:
    """Common to all panels; an explosion leaves it upwards."""
    extra, decades = ([config.task.baseline_loss], 1.5) if name == "loss" else ([], 4)
    return limits([course.scalars[name] for course in courses], *extra, decades=decades)


def _hint(courses: Sequence[Course]) -> str:
    missing = sum(course.state == "missing" for course in courses)
    if missing:
        return f"{plural(missing, 'panel')} not trained yet: choose “a sweep of thresholds” above and press Train."
    broken = [course for course in courses if course.broke is not None]
    left = sum(course.state != "over" for course in courses)
    if left:
        return f"{len(courses) - left} of {len(courses)} are through."
    if broken:
        others = [course for course in courses if course.broke is None]
        fate = "the others reached the last step" if all(course.complete for course in others) else "others ended early"
        return f"{len(broken)} of {len(courses)} broke" + (f"; {fate}." if others else ".")
    stopped = sum(not course.complete for course in courses)
    if stopped:
        return f"{stopped} of {len(courses)} ended early, so they cannot be compared."
    scores = [course.score for course in courses]
    if not np.isfinite(scores).any():
        return "All reached the last step; no score was measured."
    if np.nanmax(scores) - np.nanmin(scores) < 0.05:
        return "All reached the last step with about the same score: here the threshold hardly matters."
    best = [course.clipping for course in courses if course.score == np.nanmax(scores)]
    return f"All reached the last step. Best score: {' and '.join(best)}."


def _alt(courses: Sequence[Course]) -> str:
    parts = "; ".join(f"{course.clipping}: {course.outcome()}" for course in courses)
    return f"Loss and gradient norm over training in {len(courses)} panels on the same axes. {parts}."


def _table(courses: Sequence[Course]) -> DataFrame:
    begun, norms = [course.step >= 0 for course in courses], [_known(course.scalars["grad_norm"]) for course in courses]
    return DataFrame({
        "clipping": [course.clipping for course in courses],
        "outcome": [course.outcome() for course in courses],
        "training step": [max(course.step, 0) for course in courses],
        "loss": with_gaps([course.scalars["loss"][-1] if course.step >= 0 else np.nan for course in courses], begun),
        "largest gradient norm": with_gaps([norm.max(initial=0) for norm in norms], [norm.size > 0 for norm in norms]),
    })  # fmt: skip


def _known(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]
