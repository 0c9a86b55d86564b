"""The table of a comparison: what each member's runs measured, its median over seeds with the range, and the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from pandas import DataFrame

from app.figures.base import Sheet, SheetCell, View, figure
from app.figures.compare.side import Side, count_words, moment_start
from app.figures.theme import Style
from core.comparison import Verdict
from core.config import RunConfig
from core.need import surely
from core.numbers import exact, fixed, p_words, percent, plural, sig
from core.schedule import Schedule

ROW = 60
"""Pixels, about: what a row takes on a wide page."""
COLUMNS = ("member", "factor per step", "horizon", "steps to solve", "score", "parameters", "ms per step")


def sheet(sides: Sequence[Side], verdict: Verdict | None, config: RunConfig, style: Style) -> View:
    """A row a member. ``verdict``: the tests, None where there is nothing to test yet."""
    tested = verdict is not None and len(sides) > 1
    columns = (*COLUMNS, "against the reference") if tested else COLUMNS
    rows = []
    for place, side in enumerate(sides):
        last = (_against(sides, verdict, place),) if tested and verdict is not None else ()
        measured = (_factor(side), _horizon(side), _solved(side), _score(side))
        rows.append((_name(side), *measured, _trained(side), _cost(side), *last))
    whole = Sheet(columns, tuple(rows))
    return View(
        name="table",
        title="In numbers",
        hint=_hint(sides, tested),
        alt=whole.alt,
        figure=figure(style, [], {}, height=ROW * (len(rows) + 1)),
        table=lambda: DataFrame(whole.texts, columns=columns),
        sheet=whole,
    )


def _hint(sides: Sequence[Side], tested: bool) -> str:
    words = count_words(len(side.there) for side in sides)
    of = words if words == "one seed each" else f"medians of {words}, their range beside them"
    cost = "Milliseconds are processor time of one core, so sharing the machine leaves them as they are."
    return " ".join(
        filter(None, (f"{moment_start(sides)}: {of}.", _scored(sides), cost, _test(sides) if tested else ""))
    )


def _scored(sides: Sequence[Side]) -> str:
    """Where steps to solve are read off; nothing where nobody is trained."""
    if not any(side.outcomes for side in sides):
        return ""
    every = max(Schedule.of(side.config).evaluation for side in sides)
    return f"Steps to solve: the first of the scorings that all have in common, every {plural(every, 'step')}."


def _test(sides: Sequence[Side]) -> str:
    many = ", corrected after Holm for all pairs, and no smaller than that of the test over all" * (len(sides) > 2)
    return f"p: exact Mann-Whitney test{many}."


def _name(side: Side) -> SheetCell:
    return SheetCell(side.label, "reference" if side.reference else "", color=side.look.color, dash=side.look.dash)


def spread(values: Sequence[float], words: Callable[[float], str]) -> tuple[str, str]:
    """Median and range in words; no range where all say the same."""
    middle, low, high = (words(float(of(values))) for of in (np.median, min, max))
    return middle, "" if low == high == middle else f"{low} – {high}"


def _factor(side: Side) -> SheetCell:
    values = side.numbers(lambda run: run.horizon and run.horizon.factor)
    if not values:
        return SheetCell("–", "no single factor fits" if side.there else "")
    some = f"in {len(values)} of {len(side.there)}" if len(values) < len(side.there) else ""
    middle, spread_ = spread(values, fixed)
    return SheetCell(f"× {middle}", ", ".join(filter(None, (spread_, some))))


def _horizon(side: Side) -> SheetCell:
    lag, values = side.config.task.lag, side.numbers(lambda run: run.horizon and run.horizon.reach)
    if not values:
        return SheetCell("–", "no gradient at the last step" if side.there else "")
    middle, range_ = spread(values, exact)
    return SheetCell(middle, ", ".join(filter(None, (range_, f"{surely(side.config.task, 'needs')} {lag}"))))


def _solved(side: Side) -> SheetCell:
    steps = [outcome.solved for outcome in side.outcomes if outcome.solved is not None]
    if not side.outcomes:
        return SheetCell("–", "not that far yet" if side.begun else "not trained yet")
    lost = sum(outcome.lost is not None for outcome in side.outcomes)
    of = f"{len(steps)} of {len(side.outcomes)} solved" + (f", {lost} lost it again" if lost else "")
    if not steps:
        return SheetCell("–", of)
    middle, range_ = spread([float(step) for step in steps], exact)
    return SheetCell(middle, ", ".join(filter(None, (range_, of))))


def _score(side: Side) -> SheetCell:
    values = [outcome.score for outcome in side.outcomes if np.isfinite(outcome.score)]
    if not values:
        return SheetCell("–")
    broke = sum(outcome.broke is not None for outcome in side.outcomes)
    middle, range_ = spread(values, percent)
    return SheetCell(middle, ", ".join(filter(None, (range_, f"{broke} broke" if broke else ""))))


def _trained(side: Side) -> SheetCell:
    return SheetCell(f"{side.trained:,}", f"H {side.config.cell.hidden_size}")


def _cost(side: Side) -> SheetCell:
    values = [1e3 * run.seconds for run in side.runs if np.isfinite(run.seconds)]
    if not values:
        return SheetCell("–")
    middle, range_ = spread(values, sig)
    return SheetCell(middle, range_)


def _against(sides: Sequence[Side], verdict: Verdict, place: int) -> SheetCell:
    own = next(k for k, side in enumerate(sides) if side.reference)
    if place == own:
        return SheetCell("–")
    pair = verdict.pair(own, place)
    word = "not distinguishable"
    if pair.differ:
        word = "better" if pair.better == place else "worse"
    runs = min(len(sides[place].outcomes), len(sides[own].outcomes))
    return SheetCell(word, f"p {p_words(pair.adjusted)} at {plural(runs, 'seed')}")
