"""How fast do inputs fade from the state?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.questions.base import Facts, Question, Statistics
from core.questions.sampling import sampled, thinned
from core.questions.untrained import now_and_untrained

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier

MOST_LAGS, MOST_STEPS = 45, 80
"""Lags of a curve; steps the answer is read at."""
WIDE, FEW_STEPS = 128, 24
_SEQUENCES = 4
"""A random stream of its own, beside those of core.data and of the other questions."""


class FadingMemory(Question, frozen=True):
    """What a linear readout gets of earlier inputs, and of the answer, now and before any training."""

    statistics: ClassVar[Statistics] = "running"
    kind: Literal["fading"] = "fading"
    part: Literal["h", "state"] = Field(
        default="h",
        title="What is read",
        description="h of the top layer alone, or the whole state: h and c of all layers side by side.",
    )

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: lag (K,), guessed (K,); now.* and start.* of ``decoded`` (K,), ``r2`` (K,), ``channels`` (K, C) as in
        ``Fading``; step (S,), and now.answer and start.answer (S,) as in ``Answerable``. Facts: sequences, states
        (judged for each lag), symbols, chance (of the answer), last (the steps whose states a lag is read from)."""
        (now, facts), (start, _) = now_and_untrained(_faded, moment, self.part)
        shared = ("lag", "guessed", "step")
        both = {f"{who}.{name}": values for who, found in (("now", now), ("start", start))
                for name, values in found.items() if name not in shared}  # fmt: skip
        return {name: now[name] for name in shared} | both, facts


def _faded(moment: Moment, part: str) -> Facts:
    from core.diagnostics.states import states
    from core.reading.answerable import answerable
    from core.reading.fading import fading_at, symbols

    config, T, H = moment.config, moment.config.task.length, moment.config.cell.hidden_size
    batch = config.task.sample(np.random.default_rng([_SEQUENCES]), sampled(T, H * config.cell.layers), "held-out")
    window = thinned(T - max(1, T // 10), T, batch.x.shape[1], config)  # indices of inputs
    steps = _steps(T, H)
    kept = states(moment, batch.x, sorted({*(window + 1), *steps}), part, config.resets)
    fading = fading_at(np.stack([kept[t + 1] for t in window]), batch.x, window, lags_up_to(int(window[0])))
    answer = answerable(np.stack([kept[step] for step in steps]), batch.target[-1])
    arrays = {
        "lag": fading.lags, "guessed": fading.guessed, "decoded": fading.decoded, "r2": fading.r2,
        "channels": fading.channels, "step": np.array(steps), "answer": answer.share,
    }  # fmt: skip
    return arrays, {
        "sequences": batch.x.shape[1],
        "states": fading.judged,
        "symbols": symbols(batch.x),
        "chance": answer.chance,
        "last": T - int(window[0]),
    }


def lags_up_to(most: int) -> list[int]:
    """0 … ``most``, MOST_LAGS of them at most: every one at first, then ever fewer."""
    if most < MOST_LAGS:
        return list(range(most + 1))
    return np.unique(np.concatenate([np.arange(20), np.geomspace(20, most, MOST_LAGS - 20)]).astype(int)).tolist()


def _steps(T: int, H: int) -> list[int]:
    """Steps 1 … T, evenly thinned where there are many; each costs as much as H³."""
    return np.unique(np.linspace(1, T, min(T, MOST_STEPS if H <= WIDE else FEW_STEPS)).astype(int)).tolist()
