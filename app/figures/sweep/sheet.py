"""The table of a sweep: a row a point, the best first, with a link to each of its runs."""

from __future__ import annotations

from pandas import DataFrame

from app.figures.base import Sheet, SheetCell, View, figure
from app.figures.sweep.points import MOVING, link
from app.figures.theme import Style
from core.numbers import p_words
from core.sweep import QUANTITIES, Quantity, Result, Results

ROW, MOST_ROWS = 52, 60


def sheet(results: Results, style: Style) -> View:
    """The first MOST_ROWS points, as ``Results.ranked`` has them."""
    shown = results.ranked[:MOST_ROWS]
    tested = results.verdict is not None and results.verdict.least < 1
    columns = ["point", *(quantity.title for quantity in QUANTITIES.values()), "runs, by seed"]
    rows = [_row(results, place) for place in shown]
    if tested:
        columns.append("against the first")
        rows = [(*row, _against(results, place)) for row, place in zip(rows, shown, strict=True)]
    whole = Sheet(tuple(columns), tuple(rows))
    return View(
        name="table",
        title="In numbers",
        hint=_hint(results, tested),
        alt=whole.alt,
        figure=figure(style, [], {}, height=ROW * (len(rows) + 1)),
        table=lambda: DataFrame(whole.texts, columns=columns),
        sheet=whole,
        whole=True,
    )


def _hint(results: Results, tested: bool) -> str:
    seeds, more = len(results.sweep.seeds), len(results.rows) - MOST_ROWS
    first = "First those that solve the task with most seeds, then the sooner, then the higher score."
    of = (
        ""
        if seeds == 1
        else f" Medians of {seeds} seeds, their range beside them; a run that does not solve the task counts as never."
    )
    many = ", corrected after Holm for all pairs, and no smaller than that of the test over all"
    test = f" p: exact Mann-Whitney test{many if len(results.rows) > 2 else ''}." if tested else ""
    return f"{first}{of}{test}" + (f" {more} more points are in the CSV." if more > 0 else "")


def _row(results: Results, place: int) -> tuple[SheetCell, ...]:
    row = results.rows[place]
    numbers = (_cell(results, row, quantity) for quantity in QUANTITIES.values())
    return (SheetCell(results.sweep.labels[place]), *numbers, _runs(row))


def _cell(results: Results, row: tuple[Result, ...], quantity: Quantity) -> SheetCell:
    solved, through = results.solved(row)
    if not through:
        return SheetCell("–")
    values = [value for run in row if run.measured and (value := quantity.of(run.measured)) is not None]
    ends = [quantity.said(float(of(values))) for of in (min, max)] if values else []
    spread = f"{ends[0]} – {ends[1]}" if ends and ends[0] != ends[1] else ""
    some = f"{solved} of {through} solved" if quantity.name == "solved" else (
        f"in {len(values)} of {through}" if values and len(values) < through else "")  # fmt: skip
    return SheetCell(quantity.said(quantity.middle(row)), ", ".join(filter(None, (spread, some))))


def _runs(row: tuple[Result, ...]) -> SheetCell:
    going = dict.fromkeys(MOVING[run.state] for run in row if run.state in MOVING)
    links = tuple((str(run.config.seed), link(run)) for run in row if run.run)
    return SheetCell("", ", ".join(going), links=links)


def _against(results: Results, place: int) -> SheetCell:
    first, tests = results.ranked[0], results.verdict
    if place == first or tests is None:
        return SheetCell("–")
    pair = tests.pair(first, place)
    word = "not distinguishable" if not pair.differ else "better" if pair.better == place else "worse"
    return SheetCell(word, f"p {p_words(pair.adjusted)}")
