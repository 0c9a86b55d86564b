"""The caption of the Truncation lab: needed against reached, how networks like this one fared, and how this one did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.text.shared.broken import broken_caption
from app.text.shared.forecast import ending, forecast_words, like_words
from app.text.shared.score import score_words
from app.text.shared.situation import HELD, Caption, Figure, Situation
from app.text.truncation_lab.in_sight import seen_words
from core.config import RunConfig
from core.need import surely
from core.numbers import fixed, percent, plural
from core.reach import Reach, reach_of, shares_in_sight
from core.reading.horizon import KIND_NAMES, SHARE, reached


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
    if moment.broke is not None:
        return broken_caption(moment, moment.broke)
    parts = (
        forecast_words(moment),
        _evidence(moment),
        seen_words(moment),
        _mode(moment),
        _held(moment),
        like_words(moment),
    )
    return Caption(_pair(moment), " ".join(filter(None, parts)), _figures(moment, effect, K, delta))


def _pair(moment: Situation) -> str:
    """Needed against reached, the number pair of the page."""
    need, there = moment.lag, reached(moment.horizon)
    start = f"The task {surely(moment.config.task, 'needs')} the gradient {plural(need, 'step')} back"
    if there is None:
        return f"{start}; it is {KIND_NAMES[moment.horizon.source]} at the last step already."
    if there < need:
        return f"{start}; it reaches {there:,}."
    return f"{start}, and it reaches {'all of them' if there == need else f'{there:,}'}."


def _evidence(moment: Situation) -> str:
    """How it turned out, in scores, and where the moment on screen stands."""
    known = ending(moment)
    parts = []
    unseen = moment.config.task.needs_lag and shares_in_sight(moment.config)[1] == 0
    if (known == "solved" or moment.outcome.holds) and unseen:
        parts.append("The state carried echoes of what no gradient reached, and the readout decoded them.")
    if known in ("lost", "not solved") and moment.scrubbed:
        parts.append(_at_the_end(moment))
    if not moment.untrained:
        parts.append(score_words(moment))
    return " ".join(filter(None, parts))


def _at_the_end(moment: Situation) -> str:
    """The last score of the run, where the moment on screen is an earlier one."""
    known = np.flatnonzero(np.isfinite(moment.scalars["score"]))
    if not known.size:
        return ""
    step, score = int(moment.scalars["step"][known[-1]]), float(moment.scalars["score"][known[-1]])
    return f"Its last score, at training step {step:,}: {percent(score)}."


def _mode(moment: Situation) -> str:
    """What is special about this kind of truncation, where nothing else has said it."""
    config, known = moment.config, reach_of(moment.config)
    if config.task.endless:
        return f"{_between(config)} {_within(config, known)}".strip()
    return _within(config, known)


def _between(config: RunConfig) -> str:
    """What passes from one update's sequences to the next along an endless one."""
    if config.carries:
        return (
            f"The text goes on: every {config.task.length:,} steps the state is carried into the next window, and no "
            "gradient goes back there."
        )
    return f"The text goes on, but every {config.task.length:,} steps the state begins from zero again."


def _within(config: RunConfig, known: Reach) -> str:
    if config.truncation == "full":
        where = "Within the window nothing" if config.task.endless else "Nothing"
        return f"{where} is cut here: the pictures show what truncation would do to this gradient."
    if len(known.losses) == 1:
        return (
            "With one loss, at the end, nothing but its last window makes an update." if known.mode == "stream" else ""
        )
    few, many = int(known.seen.min()), int(known.seen.max())
    if known.mode == "sliding" or few == many:
        return ""
    mean = fixed(float(np.mean(known.seen)), 1)
    return f"By their place in the window the losses see {few:,} to {plural(many, 'step')}, {mean} on average."


def _held(moment: Situation) -> str:
    return f"Bias and cosine are measured {HELD}." if moment.config.cell.normalisation == "batch" else ""


def _figures(moment: Situation, effect: TruncationEffect | None, K: int, delta: float) -> tuple[Figure, ...]:
    there, needed = reached(moment.horizon), f"steps back that the task {surely(moment.config.task, 'needs')}"
    return (
        Figure(f"{moment.lag:,}", f"{needed}: K\u00a0=\u00a0{moment.lag + 1:,} or more"),
        Figure(
            "–" if there is None else f"{there:,}", f"steps back reached with {percent(SHARE)} of the gradient or more"
        ),
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
        Figure(fixed(effect.cosine) if np.isfinite(effect.cosine) else "–", f"cosine to the full gradient {at}"),
        Figure(smallest, under),
    )
