"""The caption of the Truncation lab: needed against reached, how networks like this one fared, and how this one did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.text.gradient_flow.caption import caption as any_caption
from app.text.shared.forecast import forecast_words, like_words, outcome
from app.text.shared.situation import Caption, Figure, Situation
from app.text.truncation_lab.in_sight import seen_words
from core.numbers import percent, plural
from core.reach import reach_of, shares_in_sight
from core.reading.horizon import SHARE


@dataclass(frozen=True)
class TruncationEffect:
    """What truncating to K would do to the shown gradient, read off the answer "truncation".

    bias, cosine  of the truncated gradient against the full one
    weights       whose gradient that is, in words
    smallest      the smallest K whose bias is under delta; None where none is
    """

    bias: float
    weights: str
    cosine: float
    smallest: int | None


def caption(moment: Situation, effect: TruncationEffect | None, K: int, delta: float) -> Caption:
    """The words for ``moment``.

    ``effect`` is that of the chosen ``K`` and of ``delta``, the bias allowed; None while it is worked out.
    """
    if moment.frame.nonfinite:
        return any_caption(moment)
    parts = (forecast_words(moment), _evidence(moment), seen_words(moment), _mode(moment), like_words(moment))
    return Caption(_pair(moment), " ".join(filter(None, parts)), _figures(moment, effect, K, delta))


def _pair(moment: Situation) -> str:
    """Needed against reached, the number pair of the page."""
    need, there = moment.lag + 1, _reached(moment)
    if there >= need:
        return f"The task needs {plural(need, 'step')}, and the gradient reaches {_beyond(there, need)}."
    return f"The task needs {plural(need, 'step')}; the gradient reaches {there:,}."


def _beyond(there: int, need: int) -> str:
    return "all of them" if there == need else f"{there:,}"


def _reached(moment: Situation) -> int:
    """Steps with at least SHARE of the gradient, the asked one included."""
    found = moment.found
    return 0 if found.reach is None else min(found.reach + 1, found.asked)


def _evidence(moment: Situation) -> str:
    """How it turned out, in scores, and where the moment on screen stands."""
    known, last = outcome(moment), int(moment.scalars["step"][-1])
    parts = []
    if known == "solved" and shares_in_sight(moment.config)[1] == 0:
        parts.append("The state carried echoes of what no gradient reached, and the readout decoded them.")
    if known == "not solved" and moment.frame.step < last:
        measured = moment.scalars["score"][np.isfinite(moment.scalars["score"])]
        parts.append(_score(moment, last, float(measured[-1]) if measured.size else np.nan))
    if not moment.untrained:
        parts.append(_score(moment, moment.frame.step, moment.frame.score))
    return " ".join(filter(None, parts))


def _score(moment: Situation, step: int, score: float) -> str:
    """A score beside that of guessing; nothing where none is measured."""
    task = moment.config.task
    name = "score" if task.kind == "numbers" else task.score_name
    if not np.isfinite(score):
        return ""
    return f"{name.capitalize()} at training step {step:,}: {percent(score)} (guessing gets {percent(task.chance)})."


def _mode(moment: Situation) -> str:
    """What is special about this kind of truncation, where nothing else has said it."""
    config, known = moment.config, reach_of(moment.config)
    if config.truncation == "full":
        return "Nothing is cut here: the pictures show what truncation would do to this gradient."
    if len(known.losses) == 1:
        return (
            "With one loss, at the end, nothing but its last window makes an update." if known.mode == "stream" else ""
        )
    few, many = int(known.seen.min()), int(known.seen.max())
    if known.mode == "sliding" or few == many:
        return ""
    mean = f"{np.mean(known.seen):.1f}"
    return f"By their place in the window the losses see {few:,} to {plural(many, 'step')}, {mean} on average."


def _figures(moment: Situation, effect: TruncationEffect | None, K: int, delta: float) -> tuple[Figure, ...]:
    need = moment.lag + 1
    return (
        Figure(f"{need:,}", f"steps a loss must see: its own and {moment.lag:,} before"),
        Figure(f"{_reached(moment):,}", f"steps reached with {percent(SHARE)} of the gradient or more"),
        *_effect_figures(moment, effect, K, delta),
    )


def _effect_figures(moment: Situation, effect: TruncationEffect | None, K: int, delta: float) -> tuple[Figure, ...]:
    at, under = f"at K\u00a0=\u00a0{K}", f"smallest K with a bias under {percent(delta)}"
    if moment.config.truncation == "full":
        at = f"if truncated to K\u00a0=\u00a0{K}"
    if effect is None:
        return (
            Figure("…", f"bias of the gradient {at}"),
            Figure("…", f"cosine to the full gradient {at}"),
            Figure("…", under),
        )
    smallest = "none" if effect.smallest is None else f"{effect.smallest:,}"
    return (
        Figure(percent(effect.bias), f"bias of the gradient of {effect.weights} {at}"),
        Figure(f"{effect.cosine:.2f}", f"cosine to the full gradient {at}"),
        Figure(smallest, under),
    )
