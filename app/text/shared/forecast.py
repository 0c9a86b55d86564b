"""The one sentence about how training ends: a counted frequency, what is certain, and afterwards what became of it."""

from __future__ import annotations

from typing import Literal

from app.text.shared.situation import Situation
from core.forecasts.forecast import Forecast
from core.forecasts.stored import stored
from core.numbers import percent

End = Literal["pending", "solved", "lost", "not solved", "ended early"]


def forecast_words(moment: Situation) -> str:
    """'Of 118 networks like this that we trained, 23 ended with the task solved.' and afterwards 'This one did not.'"""
    likely = moment.forecast
    parts = (_certain(likely, moment) if likely.certain else counted_words(likely), _outside(likely), _became(moment))
    return " ".join(filter(None, parts))


def counted_words(counted: Forecast) -> str:
    """The frequency alone, or that there is none."""
    if not counted.n:
        return (
            f"How often this task is solved was not counted: none of the {stored().runs:,} networks that were had it."
        )
    solved = f"{counted.solved:,}" if counted.solved else "none"
    return f"Of {counted.n:,} networks like this that we trained, {solved} ended with the task solved."


def like_words(moment: Situation) -> str:
    """What 'like this' means."""
    counted = moment.forecast
    return "" if counted.certain or not counted.like else f"Like this: {'; '.join(counted.like)}."


def ending(moment: Situation) -> End:
    """How the run turned out, as far as is known; lost: it had reached the solved line."""
    if moment.phase != "over":
        return "pending"
    if moment.whole.solved is not None:
        return "solved"
    if moment.whole.lost is not None:
        return "lost"
    return "not solved" if int(moment.scalars["step"][-1]) >= moment.config.steps else "ended early"


def _certain(counted: Forecast, moment: Situation) -> str:
    return (
        "Out of reach of any network: every window starts from a state of zero, and the best answers from what lies "
        f"within score {percent(counted.best)}, where {percent(moment.config.task.solved)} count as solved."
    )


def _outside(counted: Forecast) -> str:
    return "" if counted.certain or not counted.outside else f"None of them had {' or '.join(counted.outside)}."


def _became(moment: Situation) -> str:
    known, whole = ending(moment), moment.whole
    counted = moment.forecast.n and not moment.forecast.certain
    did, did_not = ("did", "did not") if counted else ("solved it", "did not solve it")
    if known == "solved":
        return f"This one {did}: it reached the solved line at step {whole.solved:,}."
    if known == "lost":
        return f"This one {did_not}: the solved line, reached at step {whole.lost:,}, was lost again."
    if known == "ended early":
        return f"This one ended early, at step {int(moment.scalars['step'][-1]):,}."
    return f"This one {did_not}." if known == "not solved" else ""
