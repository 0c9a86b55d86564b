"""The key figures under the headline: three to five values, each with its label."""

from __future__ import annotations

import numpy as np

from app.text.shared.score import score_name
from app.text.shared.situation import Figure, Situation
from core.need import surely
from core.numbers import fixed, percent, portion
from core.reading.horizon import KIND_NAMES, MIN_R2, SHARE, Horizon
from core.reading.spikes import was_clipped

EXACT = 1e-6
"""What is left of a fit below this is rounding."""


def key_figures(moment: Situation) -> tuple[Figure, ...]:
    """The figures of ``moment``, the pace of the gradient first."""
    figures = [_pace_figure(moment.horizon), _reach_figure(moment), _arriving_figure(moment)]
    if moment.scored_at is not None:
        guessing = f"guessing gets {percent(moment.config.task.chance)}"
        figures.append(Figure(percent(moment.frame.score), f"{score_name(moment)}; {guessing}"))
    clipped = clipped_share(moment)
    if clipped is not None and not moment.untrained:
        upto = f"of the training steps up to {moment.frame.step:,}" if moment.scrubbed else "of the training steps"
        figures.append(Figure(percent(clipped), f"{upto} clipped"))
    return tuple(figures)


def _pace_figure(horizon: Horizon) -> Figure:
    if horizon.factor is not None and horizon.fitted is not None:
        first, last = horizon.fitted
        r2, rest = horizon.r2 or 0.0, horizon.residual or 0.0
        within = f"R²\u00a0{fixed(r2)}" if r2 >= MIN_R2 else f"within ±\u00a0{percent(rest) if rest > EXACT else 0}"
        return Figure(f"× {fixed(horizon.factor)}", f"per step from {first} to {last} back, fit {within}")
    if horizon.r2 is None:
        return Figure("–", "too few steps to fit a factor")
    return Figure("uneven", f"not one factor per step (R²\u00a0{fixed(horizon.r2)})")


def _reach_figure(moment: Situation) -> Figure:
    reach = moment.horizon.reach
    if reach is None:
        return Figure("–", f"no horizon: the gradient is {KIND_NAMES[moment.horizon.source]} at the last step")
    value = f"{reach:,} of {moment.lag:,}" if reach < moment.lag else f"all {moment.lag:,}"
    needed = f"steps back that the task {surely(moment.config.task, 'needs')}"
    return Figure(value, f"{needed}, within the horizon ({percent(SHARE)})")


def _arriving_figure(moment: Situation) -> Figure:
    value = arriving_value(moment)
    there = f"at step {moment.horizon.asked - moment.lag:,}, the first that {surely(moment.config.task, 'matters')}"
    if moment.way == "grows":
        return Figure(value, f"the last step's gradient {there}")
    return Figure(value, f"of the gradient arrives {there}")


def arriving_value(moment: Situation) -> str:
    """What arrives as far back as the task needs, and where nothing does, why."""
    named = {"cut": "0, cut", "dead": "0, dead units", "gone": "0, underflow"}
    if moment.way in named:
        return named[moment.way]
    return portion(moment.arriving) if np.isfinite(moment.arriving) else "–"


def clipped_share(moment: Situation) -> float | None:
    """The share of the steps up to the moment that clipping changed; None without clipping."""
    seen = moment.seen
    if moment.config.clip == "none" or not len(seen["step"]):
        return None
    return float(np.mean(was_clipped(seen)))
