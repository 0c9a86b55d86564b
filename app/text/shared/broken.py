"""What every page says of a training that has stopped being numbers: what broke, when, and what the settings leave."""

from __future__ import annotations

import numpy as np

from app.text.shared.situation import Caption, Figure, Situation
from core.learning_rate import rate_at
from core.numbers import exact, sig
from core.reading.breakage import Breakage


def broken_words(broke: Breakage) -> str:
    """'The loss overflowed at training step 37.'"""
    how = "overflowed" if broke.overflow else "stopped being a number"
    if broke.what == "weights" and not broke.overflow:
        how = "stopped being numbers"
    return f"The {broke.what} {how} at training step {broke.step:,}."


def broken_caption(moment: Situation, broke: Breakage) -> Caption:
    """Headline, way out and figures for a ``moment`` at or after the step at which the training ``broke``."""
    before = sig(broke.before) if np.isfinite(broke.before) else "–"
    figures = (
        Figure(f"{broke.step:,}", f"training step at which the {broke.what} broke"),
        Figure(before, "gradient norm in the step before"),
        Figure(exact(rate_at(moment.config, broke.step)), "learning rate"),
    )
    parts = (_weights(moment, broke), _before(broke), _way_out(moment, broke))
    return Caption(broken_words(broke), " ".join(filter(None, parts)), figures)


def _weights(moment: Situation, broke: Breakage) -> str:
    at = moment.seen["step"] == broke.step
    finite = broke.what == "weights" or not np.isfinite(moment.seen["param_norm"][at]).all()
    return "" if finite else "The weights of that step are finite."


def _before(broke: Breakage) -> str:
    return f"In the step before, the gradient had a norm of {sig(broke.before)}." if np.isfinite(broke.before) else ""


def _way_out(moment: Situation, broke: Breakage) -> str:
    """What is left to try; before the first update neither clipping nor the learning rate has had a say."""
    if broke.step == 0:
        return "No update was made before: try another initialisation, or a shorter sequence."
    if moment.config.clip == "none":
        return "Try clipping by norm, or a smaller learning rate."
    return "Try a smaller learning rate, or a lower clip threshold."
