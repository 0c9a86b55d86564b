"""The caption of the page Memory: what is still in the last state, and what training made of it. Pure functions."""

from __future__ import annotations

import numpy as np

from app.text.memory.remembered import NEVER, NOTHING, Remembered
from app.text.shared.broken import broken_words
from app.text.shared.score import score_name
from app.text.shared.situation import Caption, Figure, Situation
from core.numbers import percent, plural


def caption(moment: Situation, kept: Remembered | None) -> Caption:
    """The words for ``moment``; ``kept`` is None while it is worked out."""
    return Caption(_headline(moment, kept), _subline(moment, kept), _figures(moment, kept))


def _who(moment: Situation) -> str:
    return "the untrained network" if moment.untrained else f"the network of training step {moment.frame.step:,}"


def _headline(moment: Situation, kept: Remembered | None) -> str:
    T, who = moment.config.task.length, _who(moment)
    start, broke = f"{who[0].upper()}{who[1:]}", "" if moment.broke is None else f"{broken_words(moment.broke)} "
    if kept is None:
        return broke or f"How much does {who} still know at step {T:,} of what it saw? It is being measured."
    return (
        broke
        + {
            "unknown": f"The states of {who} are not finite: nothing can be read from them.",
            "all": f"At step {T:,} the answer is in the state: {who} holds what it is asked for.",
            "part": f"At step {T:,} part of the answer is in the state of {who}: {_said(moment, kept.end)}.",
            "lost": f"{start} takes the answer in at step {kept.best_step:,}; by step {T:,} it is lost.",
            "none": f"Next to nothing of the answer is in the last state of {who}.",
        }[kept.held]
    )


def _said(moment: Situation, share: float) -> str:
    if moment.config.task.kind == "numbers":
        return f"a readout explains {percent(max(share, 0))} of it"
    return f"a readout finds it in {percent(share)} of the sequences"


def _subline(moment: Situation, kept: Remembered | None) -> str:
    if kept is None or kept.held == "unknown":
        return "Readouts are fitted to the states on half of some fresh sequences, and judged on the other half."
    return f"{_inputs(kept)} {_against(moment, kept)}".strip()


def _inputs(kept: Remembered) -> str:
    if kept.half is None:
        return ""
    if kept.half == NOTHING:
        return "Of its newest input as such it holds next to nothing."
    if kept.half == NEVER:
        return "Inputs are kept over all the steps that were measured."
    words = f"Any one input fades: half of it is gone {plural(kept.half, 'step')} back"
    if kept.half_start is None or kept.half_start < 0 or kept.half_start == kept.half:
        return f"{words}."
    return f"{words}, and {plural(kept.half_start, 'step')} back before training."


def _against(moment: Situation, kept: Remembered) -> str:
    """Against the same network before training."""
    if moment.untrained:
        return "Nothing is learned yet: what is found here is the echo in a random recurrence."
    if kept.against == "more":
        return f"What the task asks for was learned, and {'is kept' if kept.held == 'all' else 'is kept in part'}."
    if kept.against == "less":
        return "The untrained network holds more of the answer: training has lost some of what echoed in it."
    return "The untrained network holds about as much of the answer."


def _figures(moment: Situation, kept: Remembered | None) -> tuple[Figure, ...]:
    numbers = moment.config.task.kind == "numbers"
    name = "of the answer, from the last state" if numbers else "answers found in the last state"
    share = moment.frame.score
    score = Figure(percent(share) if np.isfinite(share) else "–", f"{score_name(moment)} of its own readout")
    if kept is None:
        return (Figure("…", name), Figure("…", "the same, untrained"), score)
    return (
        Figure(_value(kept.end), name),
        Figure(_value(kept.start), "the same, untrained"),
        Figure(_value(kept.chance), "mean of all answers" if numbers else "most common answer"),
        score,
        *_lag(kept.half),
    )


def _value(share: float) -> str:
    return percent(max(share, 0)) if np.isfinite(share) else "–"


def _lag(half: int | None) -> tuple[Figure, ...]:
    if half is None:
        return ()
    value = {NEVER: "none lost", NOTHING: "–"}.get(half, f"{half:,}")
    return (Figure(value, "steps back, half of an input is gone"),)
