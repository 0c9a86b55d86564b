"""What of the task the losses see, in words: facts of the settings, and how much of the untrained gradient arrives."""

from __future__ import annotations

import numpy as np

from app.text.shared.situation import Situation, keeps
from core.config import RunConfig
from core.need import surely
from core.numbers import percent, plural, portion
from core.reach import questions, reach_of, shares_in_sight
from core.reading.horizon import KIND_NAMES


def seen_words(moment: Situation) -> str:
    """What is in sight, and what is known of the rest: a sentence or two."""
    config = moment.config
    worst, best = shares_in_sight(config)
    if config.truncation == "reset" and worst < 1:
        return _forgotten(config, worst, best)
    if config.trained == "readout":
        return (
            "The readout alone learns: whatever it gets right, it decodes from echoes of the inputs in a random state."
        )
    if best == 0:
        return _out_of_sight(config)
    return _in_part(config, worst) if worst < 1 else _in_sight(moment)


def _forgotten(config: RunConfig, worst: float, best: float) -> str:
    what = "At each boundary the state is set to zero as well"
    if best == 0:
        return f"{what}: beyond it even the state knows nothing."
    if worst == 0:
        return (
            f"{what}: where {config.task.entry.quoted} comes before the last one, nothing is left of it; in the other "
            "sequences it is in sight."
        )
    return f"{what}: {percent(worst)} of the questions come with all they ask about, whatever the sequence."


def _out_of_sight(config: RunConfig) -> str:
    late, needed, _ = questions(config.task)
    need, back = int((late - needed).max()), int(reach_of(config).seen.max()) - 1
    return (
        f"No loss sees {surely(config.task, 'far enough')}: {back:,} of the {plural(need, 'step')} back."
        f"{_rest(config)} The state is carried on, so echoes of earlier inputs may be in it."
    )


def _rest(config: RunConfig) -> str:
    """What is in sight all the same."""
    first = int(reach_of(config).first[-1])
    seen = [mark.quoted for mark in config.task.marks() if mark.kind == "enters" and mark.first >= first]
    return f" In sight is {' and '.join(seen)}." if seen else ""


def _in_part(config: RunConfig, worst: float) -> str:
    if worst == 0:
        return f"The losses see {config.task.entry.quoted} in some of the sequences only."
    as_far = f"as far as they {surely(config.task, 'need')}"
    return f"{percent(worst)} of the losses see {as_far}; all steps share their weights."


def _in_sight(moment: Situation) -> str:
    """Nothing that is needed is cut."""
    start, where = moment.start, f"where it {surely(moment.config.task, 'is needed')}"
    if start.reach is None:
        return f"Untrained, the gradient is {KIND_NAMES[start.source]} at the last step."
    arriving = start.share(moment.lag)
    if not np.isfinite(arriving):
        return f"Untrained, the gradient is {KIND_NAMES[start.kinds[moment.lag]]} {where}."
    if arriving > 1 and not keeps(arriving):
        return f"Untrained, the gradient grows to {portion(arriving)} its size on the way."
    return f"Untrained, {portion(arriving) if arriving else 'nothing'} of the gradient arrives {where}."
