"""How much of the credit lands where it matters?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from core.questions.base import Facts, Question, stacked
from core.questions.over_training import affordable, trail
from core.questions.sampling import first_few

if TYPE_CHECKING:
    from core.cells import Trajectory
    from core.moment import Moment
    from core.questions.over_training import Earlier


class CreditLanding(Question, frozen=True):
    """Share of the credit that lands where it matters, over training, always on the same sequences: the first ones of
    the run's first batch."""

    kind: Literal["landing"] = "landing"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: step (k,) ascending, the last is the moment's; gates, state, expected (k,) as in ``Landing``.
        Facts: alone, whether it is the last loss alone (of a stream, where each loss has inputs of its own that
        matter); sequences."""
        from core.data import training_batch
        from core.diagnostics.credit import landing

        config, n = moment.config, first_few(moment)[1]["sequences"]
        batch, alone = training_batch(config, 0).take(slice(n)), config.task.kind == "chances"
        matters = [sorted({step for step, _ in config.task.events(batch.x[:, k])}) for k in range(n)]
        parts = []
        for at in trail(moment, earlier, affordable(moment, config.task.length * n * 6)):
            parts.append({"step": at.step} | vars(landing(at.cell, *_back(replace(at, batch=batch), alone), matters)))
        return stacked(parts), {"alone": alone, "sequences": n}


def _back(moment: Moment, alone: bool) -> tuple[Trajectory, Any]:
    from core.backprop.bptt import gradients

    grads = gradients(moment.network, moment.batch, truncation=moment.config.truncated, parameters=False)
    back = grads.alone if alone else grads.back
    assert back is not None
    return grads.trajectory, back
