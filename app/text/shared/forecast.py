"""The one sentence about how training ends: a counted frequency, what is certain, and afterwards what became of it."""

from __future__ import annotations

from typing import Literal

from app.text.shared.situation import Situation
from core.forecasts.forecast import Forecast, forecast
from core.numbers import percent

Outcome = Literal["pending", "solved", "not solved", "ended early"]


def forecast_words(moment: Situation) -> str:
    """'Of 118 networks like this that we trained, 23 solved the task.' and, when it is over, 'This one did not.'"""
    found = forecast(moment.config, moment.start)
    parts = (_certain(found, moment) if found.certain else counted_words(found), _outside(found), _became(moment))
    return " ".join(filter(None, parts))


def counted_words(found: Forecast) -> str:
    """The frequency alone."""
    solved = f"{found.solved:,}" if found.solved else "none"
    return f"Of {found.n:,} networks like this that we trained, {solved} solved the task."


def like_words(moment: Situation) -> str:
    """What 'like this' means."""
    found = forecast(moment.config, moment.start)
    return "" if found.certain or not found.like else f"Like this: {'; '.join(found.like)}."


def outcome(moment: Situation) -> Outcome:
    """How the run turned out, as far as is known."""
    if moment.solved_at is not None:
        return "solved"
    if moment.phase != "over":
        return "pending"
    return "not solved" if int(moment.scalars["step"][-1]) >= moment.config.steps else "ended early"


def _certain(found: Forecast, moment: Situation) -> str:
    return (
        "Out of reach of any network: every window starts from a state of zero, and the best answers from what lies "
        f"within score {percent(found.best)}, where {percent(moment.config.task.solved)} count as solved."
    )


def _outside(found: Forecast) -> str:
    return "" if found.certain or not found.outside else f"None of them had {' or '.join(found.outside)}."


def _became(moment: Situation) -> str:
    known = outcome(moment)
    if known == "solved":
        return f"This one did, at step {moment.solved_at:,}."
    if known == "ended early":
        return f"This one ended early, at step {int(moment.scalars['step'][-1]):,}."
    return "This one did not." if known == "not solved" else ""
