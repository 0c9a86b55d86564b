"""What would the network say if it were asked now?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from core.errors import UnrolledError
from core.questions.base import Facts, Question, Statistics
from core.tasks.typed import MOST_READ

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.moment import Moment
    from core.questions.over_training import Earlier

Place = Annotated[int, Field(ge=0)]


class Evidence(Question, frozen=True):
    """What the network's own readout makes of the state after every input of one sequence, now and before any
    training. The sequence is a fixed probe or, of a task that reads typed text, ``words``: one of the two is given."""

    statistics: ClassVar[Statistics] = "running"
    kind: Literal["evidence"] = "evidence"
    probe: int | None = Field(
        default=None, ge=0, title="Probe", description="One of the fixed sequences that the gates are drawn of, from 0."
    )
    words: tuple[Place, ...] = Field(
        default=(),
        max_length=MOST_READ,
        title="Words",
        description="Places in the vocabulary of a task that is typed.",
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.probe is None) == (not self.words):
            raise UnrolledError(
                f"`probe` (={self.probe}) and `words` (={len(self.words)} of them): give one of the two."
            )
        return self

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Two classes: log odds of the second against the first, in nats. More classes: log odds of the right one
        against all others. Numbers: the answer itself. Arrays: now and start (T,), right (T,) the class or the number
        asked for, NaN where nothing is; x (T, C)."""
        from core.training.replay import moment_of

        x, right, resets = self._sequence(moment.config)
        start = moment if moment.step == 0 else moment_of(moment.config, 0)
        now, before = (_said(each, x, right, resets) for each in (moment, start))
        return {"now": now, "start": before, "right": right, "x": x[:, 0].astype(np.float32)}, {}

    def _sequence(self, config: RunConfig) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """(inputs (T, 1, C), what is right at each step (T,), the states that are reset)."""
        from core.data import probes

        if self.probe is None:
            if not config.task.typed:
                raise UnrolledError(
                    f"`words` (={len(self.words)} of them) need a task that reads them, and this run's is "
                    f"`{config.task.name}`. Ask about a `probe`."
                )
            known = len(config.task.vocabulary)
            if max(self.words) >= known:
                raise UnrolledError(
                    f"`words` (={max(self.words)}) must be less than {known}: places in the vocabulary."
                )
            x = config.task.encode(np.array(self.words))[:, None]
            return x, np.full(len(x), np.nan), replace(config.truncated, T=len(x)).resets
        batch, k = probes(config), self.probe
        self.must_fit(probe=batch.x.shape[1] - 1)
        asked, target = batch.asked[:, k], batch.target[:, k].astype(np.float64)
        right = np.full(len(asked), target[asked][-1]) if asked.sum() == 1 else np.where(asked, target, np.nan)
        return batch.x[:, k : k + 1], right, config.resets


def _said(moment: Moment, x: np.ndarray, right: np.ndarray, resets: Collection[int]) -> np.ndarray:
    import torch

    from core.backprop.evaluation import predictions

    answer = predictions(moment.network, torch.from_numpy(x), resets=resets)
    answer = answer[:, 0].double().numpy()  # (T, O)
    if answer.shape[1] == 1:
        return answer[:, 0]
    if answer.shape[1] == 2:
        return answer[:, 1] - answer[:, 0]
    known = np.isfinite(right)
    chosen = np.where(known, right, 0).astype(int)[:, None]
    own = np.take_along_axis(answer, chosen, axis=1)[:, 0]
    np.put_along_axis(answer, chosen, -np.inf, axis=1)
    with np.errstate(invalid="ignore"):  # weights that are no numbers
        return np.where(known, own - np.logaddexp.reduce(answer, axis=1), np.nan)
