"""The key figures under the headline: three to five values, each with its label."""

from __future__ import annotations

import numpy as np

from app.text.shared.situation import KEPT, Figure, Situation
from core.numbers import factor, percent, portion
from core.reading.horizon import MIN_R2, SHARE, Horizon
from core.reading.spikes import upto, was_clipped


def key_figures(moment: Situation) -> tuple[Figure, ...]:
    """The figures of ``moment``, the pace of the gradient first."""
    figures = [_pace_figure(moment.found), _reach_figure(moment), _arriving_figure(moment)]
    if np.isfinite(moment.frame.score):
        name = "score" if moment.config.task.kind == "numbers" else moment.config.task.score_name
        figures.append(
            Figure(percent(moment.frame.score), f"{name}; guessing gets {percent(moment.config.task.chance)}")
        )
    clipped = clipped_share(moment)
    if clipped is not None and not moment.untrained:
        figures.append(Figure(percent(clipped), "of the training steps clipped"))
    return tuple(figures)


def _pace_figure(found: Horizon) -> Figure:
    if found.factor is not None:
        straight = (found.r2 or 0) >= MIN_R2
        within = f"R²\u00a0{found.r2:.2f}" if straight else f"within ±\u00a0{percent(found.residual or 0)}"
        return Figure(f"× {factor(found.factor)}", f"per step back, fit {within}")
    why = "too few steps to fit a factor" if found.r2 is None else f"not one factor per step (R²\u00a0{found.r2:.2f})"
    return Figure("uneven" if found.r2 is not None else "–", why)


def _reach_figure(moment: Situation) -> Figure:
    reach = moment.found.reach
    if reach is None:
        return Figure("–", "no horizon: no gradient at the last step")
    value = f"{reach} of {moment.lag}" if reach < moment.lag else f"all {moment.lag}"
    return Figure(value, f"needed steps within the horizon ({percent(SHARE)})")


def _arriving_figure(moment: Situation) -> Figure:
    value = "0, cut" if moment.cut_short else portion(moment.arriving)
    if moment.arriving >= KEPT:
        return Figure(
            value, f"the last step's gradient at step {moment.found.asked - moment.lag}, the first that matters"
        )
    return Figure(value, f"of the gradient arrives at step {moment.found.asked - moment.lag}, the first that matters")


def clipped_share(moment: Situation) -> float | None:
    """The share of the steps up to the moment that clipping changed; None without clipping."""
    seen = upto(moment.scalars, moment.frame.step)
    if moment.config.clip == "none" or not len(seen["step"]):
        return None
    return float(np.mean(was_clipped(seen)))
