"""How well unseen text is predicted, over training, beside models that count."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, View, cursor_line, figure, plain_log_axis, reference_line, training_axis
from app.figures.shared.learning import FLOOR_DASHES, measured
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import sig
from core.tasks.endless import Endless

MEASURE, PERPLEXITY, BITS = "language_measure", "perplexity", "bits"
NAMES = ("unigrams", "bigrams", "trigrams")
MOST_NATS = 50.0


def lines(task: Endless) -> list[tuple[str, float]]:
    """Nats a symbol of what the network is judged beside, from the most to the least."""
    known = list(zip(NAMES, task.text_read.grams, strict=True))
    return known + ([("the exact entropy", task.least_loss)] if task.least_loss else [])


def perplexity_by(scalars: Mapping[str, np.ndarray], step: int, task: Endless) -> float | None:
    """Of unseen text when it was last scored, at training step ``step`` at the latest; None before that."""
    steps, error = measured(scalars["step"], scalars["error"])
    known = error[steps <= step]
    return float(np.exp(min(float(known[-1]) * task.baseline_loss, MOST_NATS))) if len(known) else None


def perplexity(
    scalars: Mapping[str, np.ndarray], cursor: int, config: RunConfig, task: Endless, style: Style, measure: str
) -> View:
    """Draw ``scalars["error"]``, which is what a held-out symbol costs ÷ what it costs a model of frequencies."""
    steps, error = measured(scalars["step"], scalars["error"])
    look, floors = CELL_LOOKS[config.cell.name], lines(task)
    nats = error.astype(np.float64) * task.baseline_loss

    def shown(values: np.ndarray | float) -> np.ndarray:
        return np.exp(np.minimum(values, MOST_NATS)) if measure == PERPLEXITY else np.asarray(values) / np.log(2)

    values = shown(nats)
    every = np.concatenate([values, [float(shown(y)) for _, y in floors]])
    unit = "" if measure == PERPLEXITY else " bits"
    axis = plain_log_axis(float(every.min()) / 1.08, min(float(every.max()), 1e3) * 1.08)
    layout = {
        "xaxis": training_axis(config.steps, style),
        "yaxis": axis,
        "shapes": [*(reference_line(float(shown(y)), style, dash) for (_, y), dash in zip(floors, FLOOR_DASHES)),
                   *cursor_line(cursor, style)],
        "meta": {"axis": "training"},
    }  # fmt: skip
    data = [{"type": "scatter", "mode": "lines+markers" if len(steps) < 40 else "lines", "x": steps, "y": values,
             "line": {"color": look.color, "width": 2}, "marker": {"symbol": look.marker, "size": 5},
             "hovertemplate": f"training step %{{x:,}}: %{{y}}{unit}<extra></extra>"}]  # fmt: skip
    now = f"{sig(float(values[-1]))}{unit}" if len(values) else "not measured yet"
    named = [f"{name}: {sig(float(shown(y)), 3)}" for name, y in floors]
    return View(
        name="perplexity",
        title="Perplexity of unseen text" if measure == PERPLEXITY else "Bits a symbol of unseen text",
        hint=f"{now}, where models that count get what the lines say.",
        alt=f"{now} at the end so far; {', '.join(named)}.",
        figure=figure(style, data, layout, height=240, bottom=40),
        table=lambda: DataFrame({"training step": steps.astype(int), measure: values}),
        keys=(Key("this network", look.color),
              *(Key(words, style.theme.muted, dash=dash, width=1.5) for words, dash in zip(named, FLOOR_DASHES))),
        knobs=(Knob(MEASURE, "measure", measure, options=((PERPLEXITY, "perplexity"), (BITS, "bits"))),),
    )  # fmt: skip
