"""The caption of the page Memory: what is still in the last state, and what training made of it. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.text.shared.situation import Caption, Figure, Situation
from core.numbers import percent, plural

NEVER, NOTHING = -1, -2


@dataclass(frozen=True)
class Remembered:
    """What is remembered, read off the answer "fading".

    end, start, chance   how well the answer can be read from the last state: now, untrained, without looking
    best, best_step      the same where it can be read best
    half, half_start     lag at which half of the newest input is lost; NEVER, NOTHING (there was none to lose), or None
                         where the newest inputs are the same in all sequences
    """

    end: float
    start: float
    chance: float
    best: float
    best_step: int
    half: int | None
    half_start: int | None


def caption(moment: Situation, kept: Remembered | None) -> Caption:
    """The words for ``moment``; ``kept`` is None while it is worked out."""
    return Caption(_headline(moment, kept), _subline(moment, kept), _figures(moment, kept))


def _who(moment: Situation) -> str:
    return "the untrained network" if moment.untrained else f"the network of training step {moment.frame.step:,}"


def _headline(moment: Situation, kept: Remembered | None) -> str:
    T = moment.config.task.length
    if moment.frame.nonfinite or (kept is not None and not np.isfinite(kept.end)):
        return f"At training step {moment.frame.step:,} the network's numbers are not finite, and it remembers nothing."
    if kept is None:
        return f"How much does {_who(moment)} still know at step {T:,} of what it saw? It is being measured."
    gain, room = kept.end - kept.chance, max(1 - kept.chance, 1e-9)
    who = _who(moment)
    if gain > 0.9 * room:
        return f"At step {T:,} the answer is in the state: {who} holds what it is asked for."
    if gain > 0.1 * room:
        return f"At step {T:,} part of the answer is in the state of {who}: {_said(moment, kept.end)}."
    if kept.best - kept.chance > 0.3 * room:
        return f"{who.capitalize()} takes the answer in at step {kept.best_step:,}, and has lost it by step {T:,}."
    return f"There is no trace of the answer in the last state of {who}."


def _said(moment: Situation, share: float) -> str:
    if moment.config.task.kind == "numbers":
        return f"a readout explains {percent(max(share, 0))} of it"
    return f"a readout finds it in {percent(share)} of the sequences"


def _subline(moment: Situation, kept: Remembered | None) -> str:
    if kept is None or moment.frame.nonfinite or not np.isfinite(kept.end):
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
    """The answer, which is another matter."""
    if moment.untrained:
        return "Nothing is learned yet: what is found here is the echo in a random recurrence."
    possible = max(1 - kept.chance, 1e-9)
    if kept.end - kept.start > 0.1 * possible:
        kept_all = "is kept" if kept.end - kept.chance > 0.9 * possible else "is kept in part"
        return f"What the task asks for is another matter: that was learned, and {kept_all}."
    if kept.start - kept.end > 0.1 * possible:
        return "The untrained network holds more of the answer: training has lost some of what echoed in it."
    return "The untrained network holds about as much of the answer."


def _figures(moment: Situation, kept: Remembered | None) -> tuple[Figure, ...]:
    numbers = moment.config.task.kind == "numbers"
    name = "of the answer, from the last state" if numbers else "answers found in the last state"
    share = moment.frame.score
    score = Figure(
        percent(share) if np.isfinite(share) else "–", f"score: its own readout ({moment.config.task.score_name})"
    )
    if kept is None:
        return (Figure("…", name), Figure("…", "the same, untrained"), score)
    return (
        Figure(_value(kept.end), name),
        Figure(_value(kept.start), "the same, untrained"),
        Figure(_value(kept.chance), "knowing nothing"),
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
