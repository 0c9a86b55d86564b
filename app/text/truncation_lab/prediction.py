"""What is expected of a run before it trains, from its settings and its untrained gradient, and how that turned out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.text.shared.numbers import percent, portion
from app.text.shared.situation import KEPT, Situation
from core.config import RunConfig
from core.reach import questions, reach_of, shares_in_sight
from core.reading.horizon import Horizon

Verdict = Literal["learns", "fails", "open"]
Outcome = Literal["pending", "learnt", "not learnt", "ended early"]

WIDE = 32
"""From so many units on a readout may decode echoes of what no gradient reached (docs/reference.md, "Traps"), so
nothing is predicted: the preset two-lag-rnn-wide gets far below the floor of what its windows of 5 see, while temporal
order with windows of 20 stays at chance with 64 units as with 8."""

ENOUGH, LITTLE = 0.05, 0.001
"""Shares of the untrained gradient that arrive where they are needed. Of the presets (three seeds each) those that
learn from the start have 6 % or more, those that never do less than .04 %; in between some do and some do not."""


@dataclass(frozen=True)
class Prediction:
    """A verdict and the reason for it, a sentence or two."""

    verdict: Verdict
    why: str


def predict(config: RunConfig, start: Horizon) -> Prediction:
    """What to expect of ``config``, whose untrained gradient measures ``start``."""
    worst, best = shares_in_sight(config)
    if config.truncation == "reset" and best < config.task.solved:
        return Prediction("fails", _forgotten(best))
    if config.truncation == "reset" and worst < config.task.solved:
        return Prediction("open", _forgotten_in_part(config))
    if config.trained == "readout":
        return Prediction("open", _FROZEN)
    if best == 0:
        verdict = "fails" if config.cell.hidden_size < WIDE else "open"
        return Prediction(verdict, _out_of_sight(config))
    if worst < 1:
        return Prediction("open", _in_part(config, worst))
    return _in_sight(config, start)


def outcome(moment: Situation) -> Outcome:
    """How the run turned out, as far as is known."""
    if moment.solved_at is not None:
        return "learnt"
    if moment.phase != "over":
        return "pending"
    return "not learnt" if int(moment.scalars["step"][-1]) >= moment.config.steps else "ended early"


def verdict_words(prediction: Prediction, known: Outcome) -> str:
    """The prediction in one sentence, or once it is decided how it turned out."""
    undecided = {"learns": "Prediction: it will learn this.", "fails": "Prediction: it will not learn this.",
                 "open": "Prediction: open."}  # fmt: skip
    learnt = {"learns": "Predicted to learn this: confirmed.", "fails": "Predicted not to learn this: refuted.",
              "open": "It has learnt this."}  # fmt: skip
    not_learnt = {"learns": "Predicted to learn this: refuted.", "fails": "Predicted not to learn this: confirmed.",
                  "open": "It has not learnt this."}  # fmt: skip
    return {"learnt": learnt, "not learnt": not_learnt}.get(known, undecided)[prediction.verdict]


def _forgotten(seen: float) -> str:
    what = "the state is set to zero as well"
    if seen > 0:
        return f"At each boundary {what}: only {percent(seen)} of the questions come with what they ask about."
    return f"At each boundary {what}: beyond it even the state knows nothing, so no width of net can help."


def _forgotten_in_part(config: RunConfig) -> str:
    return (
        f"At each boundary the state is set to zero as well: where “{config.task.entry.label}” comes before the last "
        "one, nothing is left of it and the answer can only be guessed. In the other sequences it is in sight."
    )


_FROZEN = (
    "Only the readout learns, the recurrence stays as it was drawn: whatever it gets right, it decodes from echoes of "
    "the inputs in a random state."
)


def _out_of_sight(config: RunConfig) -> str:
    late, needed, _ = questions(config.task)
    need, seen = int((late - needed).max()) + 1, int(reach_of(config).seen.max())
    why = f"No loss sees far enough: {seen:,} of the {need:,} steps needed.{_rest(config)}"
    if config.cell.hidden_size < WIDE:
        return f"{why} The state is carried on, but nothing teaches it what to keep, however small the bias."
    return (
        f"{why} A state of {config.cell.hidden_size} units may still carry echoes of what came before that the readout "
        "can decode; train the readout alone to see how far that gets."
    )


def _rest(config: RunConfig) -> str:
    """What is in sight all the same."""
    first = int(reach_of(config).first[-1])
    seen = [mark.label for mark in config.task.marks() if mark.kind == "enters" and mark.first >= first]
    return f" It can learn the part in sight, “{'” and “'.join(seen)}”." if seen else ""


def _in_part(config: RunConfig, worst: float) -> str:
    if worst == 0:
        where = config.task.entry.label
        return f"The losses see “{where}” in some of the sequences only. What is learnt there may carry over."
    return (
        f"Only {percent(worst)} of the losses see as far as they need. They may be enough to teach all of them, since "
        "all steps share their weights."
    )


def _in_sight(config: RunConfig, start: Horizon) -> Prediction:
    """Nothing that is needed is cut: the gradient decides by itself."""
    if start.reach is None:
        return Prediction("fails", "There is no gradient at the last step.")
    arriving = start.share(min(config.task.lag, len(start.phi) - 1))
    there = f"Untrained, {portion(arriving)} of the gradient arrives where it is needed"
    if arriving > KEPT:
        return Prediction("open", f"Untrained, the gradient grows to {portion(arriving)} its size: wild updates.")
    if arriving >= ENOUGH:
        return Prediction("learns", f"{there}.")
    if config.cell.recovers:
        return Prediction("open", f"{there}. It vanishes, but a {config.cell.word} often finds its way all the same.")
    if arriving >= LITTLE:
        return Prediction("open", f"{there}: little, but training may strengthen it.")
    return Prediction("fails", f"{there}: it vanishes by itself, whatever truncation does.")
