"""The caption of the Microscope: the training step on screen in measured numbers. Pure functions."""

from __future__ import annotations

import numpy as np

from app.text.shared.broken import broken_caption
from app.text.shared.key_figures import arriving_value
from app.text.shared.situation import Caption, Figure, Situation
from core.need import surely
from core.numbers import percent, plural, portion, sig

CHECK = "Every number is measured in this network, and every gradient can be checked below by an independent method."
NOTHING = {
    "cut": "where truncation has cut it",
    "dead": "behind dead or saturated units",
    "gone": "where it is below the float32 floor",
}
"""Why nothing arrives."""


def caption(moment: Situation) -> Caption:
    """The words for ``moment``."""
    if moment.broke is not None:
        return broken_caption(moment, moment.broke)
    return Caption(_headline(moment), f"{_way(moment)} {CHECK}", _figures(moment))


def _headline(moment: Situation) -> str:
    frame = moment.frame
    start = "The untrained network's" if moment.untrained else f"Training step {frame.step:,}: a"
    if not np.isfinite(frame.update_size):
        return f"{start} loss of {sig(frame.loss)} becomes a gradient of {sig(frame.grad_norm)}."
    return (
        f"{start} loss of {sig(frame.loss)} becomes a gradient of {sig(frame.grad_norm)}, and the update moves the "
        f"weights by {sig(frame.update_size)}."
    )


def _way(moment: Situation) -> str:
    """How much of the gradient comes through."""
    last = "the last loss's gradient" if moment.many_losses else "the gradient"
    if moment.way == "silent":
        return "There is none at the last step: its loss sends none."
    if moment.way == "broken":
        return f"Back in time {last} stops being a number {plural(moment.lost_at, 'step')} back."
    if moment.way in NOTHING:
        return f"Nothing of {last} arrives {plural(moment.lag, 'step')} back, {NOTHING[moment.way]}."
    there = f"{plural(moment.lag, 'step')} back, where it {surely(moment.config.task, 'is needed')}"
    return f"{portion(moment.arriving)} of {last} arrives {there}."


def _figures(moment: Situation) -> tuple[Figure, ...]:
    frame, config = moment.frame, moment.config
    figures = [
        Figure(sig(frame.loss), "loss of the batch"),
        Figure(sig(frame.grad_norm), "norm of its gradient"),
    ]
    if config.clip != "none" and frame.grad_norm > 0:
        figures.append(Figure(percent(frame.grad_norm_clipped / frame.grad_norm), "of it left after clipping"))
    if np.isfinite(frame.update_size) and frame.param_norm > 0:
        figures.append(Figure(percent(frame.update_size / frame.param_norm), "of the weights' norm moved"))
    figures.append(Figure(arriving_value(moment), f"of the gradient left {plural(moment.lag, 'step')} back"))
    return tuple(figures)
