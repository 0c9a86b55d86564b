"""The caption of the page Untrained: which starts let a gradient through. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from app.figures.untrained.begun import Begun
from app.text.shared.situation import Caption, Figure, Situation
from core.numbers import fixed, percent, plural, portion
from core.reading.horizon import SHARE


def caption(moment: Situation, rows: Sequence[Begun] | None) -> Caption:
    """The words; ``rows`` is None while they are worked out."""
    lag = moment.config.task.lag
    if rows is None:
        open_figures = tuple(Figure("…", what) for what in ("starts measured", "of the gradient arrives", "kept best"))
        return Caption("Which start lets the gradient through is being measured.", "", open_figures)
    reach = sum(row.reaches for row in rows)
    headline = (
        f"Before any training, {percent(SHARE)} of the gradient or more gets {plural(lag, 'step')} back in {reach} of "
        f"{len(rows)} starts."
    )
    return Caption(headline, _defaults(rows), _figures(moment, rows))


def _defaults(rows: Sequence[Begun]) -> str:
    """What torch's default start of each cell lets through, where one factor says it."""
    said = [f"{row.config.cell.word} × {fixed(row.factor)}" for row in rows
            if row.config.cell.init == "default" and row.factor is not None]  # fmt: skip
    return f"Per step, as torch starts them: {', '.join(said)}." if said else ""


def _figures(moment: Situation, rows: Sequence[Begun]) -> tuple[Figure, ...]:
    best = max(rows, key=lambda row: min(row.arrives, 1 / row.arrives if row.arrives else 0))
    own = next((row for row in rows if row.config.cell == moment.config.cell), None)
    figures = [Figure(f"{len(rows):,}", "starts measured")]
    if own is not None:
        figures.append(Figure(portion(own.arrives), "of the gradient arrives with these settings"))
    words = best.config.cell.init_words or "torch’s default"
    return (*figures, Figure(portion(best.arrives), f"kept best: {best.config.cell.word}, {words}"))
