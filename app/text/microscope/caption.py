"""The caption of the Microscope: the training step on screen in measured numbers. Pure functions."""

from __future__ import annotations

import numpy as np

from app.text.shared.situation import Caption, Figure, Situation
from core.numbers import percent, portion, sig

CHECK = "Every number is measured in this network, and every gradient can be checked below by an independent method."


def caption(moment: Situation) -> Caption:
    """The words for ``moment``."""
    return Caption(_headline(moment), f"{_way(moment)} {CHECK}".strip(), _figures(moment))


def _headline(moment: Situation) -> str:
    frame = moment.frame
    if not np.isfinite(frame.loss) or not np.isfinite(frame.grad_norm):
        return f"At training step {frame.step:,} the loss is not a number, and nothing is learned from it."
    start = "The untrained network's" if moment.untrained else f"Training step {frame.step:,}: a"
    if not np.isfinite(frame.update_size):
        return f"{start} loss of {sig(frame.loss)} becomes a gradient of {sig(frame.grad_norm)}."
    return (
        f"{start} loss of {sig(frame.loss)} becomes a gradient of {sig(frame.grad_norm)}, and the gradient moves the "
        f"weights by {sig(frame.update_size)}."
    )


def _way(moment: Situation) -> str:
    """How much of the gradient comes through."""
    share = moment.arriving
    if not np.isfinite(share):
        return ""
    if share == 0:
        return f"Nothing of it arrives {moment.lag} steps back, where the first information enters."
    return f"Of what starts at the last step, {portion(share)} arrives {moment.lag} steps back, where it is needed."


def _figures(moment: Situation) -> tuple[Figure, ...]:
    frame, config = moment.frame, moment.config
    figures = [
        Figure(_number(frame.loss), "loss of the batch"),
        Figure(_number(frame.grad_norm), "norm of its gradient"),
    ]
    if config.clip != "none" and np.isfinite(frame.grad_norm) and frame.grad_norm > 0:
        figures.append(Figure(percent(frame.grad_norm_clipped / frame.grad_norm), "of it left after clipping"))
    if np.isfinite(frame.update_size) and frame.param_norm > 0:
        figures.append(Figure(percent(frame.update_size / frame.param_norm), "of the weights' norm moved"))
    share = moment.arriving
    left = portion(share) if np.isfinite(share) else "–"
    figures.append(Figure(left, f"of the gradient left {moment.lag} steps back"))
    return tuple(figures)


def _number(value: float) -> str:
    return sig(value) if np.isfinite(value) else "no number"
