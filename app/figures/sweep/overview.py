"""One quantity over the settings of a sweep: lines over one setting, a heatmap over two, a heatmap for each value of
the third; dots over each setting where points were drawn at random."""

from __future__ import annotations

from pandas import DataFrame

from app.figures.base import Key, Knob, View, figure
from app.figures.sweep.dots import dots
from app.figures.sweep.maps import BOTTOM, TOP, maps, scales
from app.figures.sweep.points import point_words
from app.figures.theme import Style
from core.sweep import QUANTITIES, Quantity, Results, run_rows

KNOB = "quantity"


def overview(results: Results, name: str, style: Style) -> View:
    """Draw the quantity ``name`` over the settings."""
    quantity = QUANTITIES.get(name, QUANTITIES["score"])
    flat = len(results.sweep.axes) == 1 or results.sweep.draws > 0
    data, layout, height = (dots if flat else maps)(results, quantity, style)
    return View(
        name="overview",
        title=quantity.title[0].upper() + quantity.title[1:],
        hint=_hint(results, quantity, flat),
        alt="; ".join(point_words(results, place, quantity) for place in results.ranked[:12]) + ".",
        figure=figure(style, data, layout, height=height, top=TOP, bottom=BOTTOM),
        table=lambda: DataFrame(run_rows(results)),
        keys=_keys(style) if flat else (),
        scales=() if flat else scales(results, quantity),
        whole=True,
        knobs=(
            Knob(KNOB, "Show", quantity.name, options=tuple((each.name, each.title) for each in QUANTITIES.values())),
        ),
    )


def _hint(results: Results, quantity: Quantity, flat: bool) -> str:
    seeds = len(results.sweep.seeds)
    of = "" if seeds == 1 else f" Median of {seeds} seeds."
    if flat and not results.sweep.draws:
        of = "" if seeds == 1 else f" A dot is a run, the line the median of {seeds} seeds."
    if results.sweep.draws:
        of = " A dot is a run; the same dots over each setting."
    return f"{quantity.hint}{of} Click on one to see its run."


def _keys(style: Style) -> tuple[Key, ...]:
    return (
        Key("solves the task", style.theme.ink, "marker"),
        Key("does not", style.theme.ink, "marker", marker="circle-open"),
    )
