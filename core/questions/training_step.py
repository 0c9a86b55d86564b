"""What happens in one training step, number by number?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.questions.base import Facts, LayerNumber, Question, SequenceNumber, Statistics, place_of

if TYPE_CHECKING:
    from torch import Tensor

    from core.diagnostics.microscope import SlowMotion, Update
    from core.moment import Moment
    from core.questions.over_training import Earlier


class TrainingStep(Question, frozen=True):
    """Every number of the training step in one layer, of one sequence."""

    statistics: ClassVar[Statistics] = "own"
    kind: Literal["slow"] = "slow"
    sequence: SequenceNumber = 1
    unit: int | None = Field(
        default=None, ge=1, title="Unit", description="One hidden unit, from 1 on; empty takes the norm of all units."
    )

    layer: LayerNumber = None

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays by the names of ``core.diagnostics.cell_diagram`` (T,), and: x (T,) the norm of the
        layer's input; loss_step, loss,
        loss_weight, target (S,) and answer (S, O) of the sequence's losses; added and together (T,) as in ``Sum``; cut
        (n,) the states nothing is handed back to; per trained parameter (P,): before, gradient, clipped, change, as
        norms.
        """
        from core.diagnostics.cell_diagram import cell_diagram
        from core.training.optimizer_memory import in_order

        self.must_fit(sequence=moment.batch.x.shape[1], unit=moment.config.cell.hidden_size)
        n, unit = self.sequence - 1, None if self.unit is None else self.unit - 1
        moment, k = in_order(moment), place_of(self, moment)
        motion, memory = _motion(moment, k)
        arrays = {name: _of(unit, value) for name, value in cell_diagram(motion, n).items()}
        arrays |= {"x": motion.forward.x[:, n].double().norm(dim=1).numpy()}
        arrays |= {name: _of(unit, getattr(motion.sum, name)) for name in ("added", "together")}
        arrays |= _losses(motion, moment, n) | _by_parameter(motion.update)
        arrays["cut"] = np.array(sorted(motion.backward.cuts | motion.backward.resets), int)
        facts = {name: getattr(motion.update, name) for name in ("norm_before", "norm_after", "angle", "size")}
        names = {"parameters": list(motion.update.before), "memory": memory, "several": motion.backward.several}
        return arrays, facts | names | {"sequences": moment.batch.x.shape[1], "mean": motion.losses.mean}


def _of(unit: int | None, value: Tensor) -> np.ndarray:
    """(T,) of one unit, or the norm over all of them."""
    return (value.double().norm(dim=1) if unit is None else value[:, unit].double()).numpy()


def _motion(moment: Moment, k: int) -> tuple[SlowMotion, str]:
    """The step, and whose optimiser made its update: that of the "run", a "fresh" one, or one that has "none"."""
    from core.diagnostics.microscope import slow_motion
    from core.training.optimizer_memory import has_memory, optimizer_like, remembered
    from core.training.optimizers import optimizer_of

    config, step = moment.config, moment.step
    needed = has_memory(config, step)
    learner = remembered(moment) if needed else None
    motion = slow_motion(
        moment.network, moment.batch,
        lambda vector: optimizer_of(config, vector, step) if learner is None else optimizer_like(learner, vector, step),
        truncation=config.truncated, clip=config.clip, threshold=config.clip_threshold, trained=config.trained,
        of_layer=k,
    )  # fmt: skip
    return motion, "run" if learner is not None else "fresh" if needed else "none"


def _losses(motion: SlowMotion, moment: Moment, n: int) -> dict[str, np.ndarray]:
    found = motion.losses
    own = found.weight[:, n] > 0
    steps = found.steps[own].numpy()
    return {
        "loss_step": steps,
        "loss": found.loss[own, n].double().numpy(),
        "loss_weight": found.weight[own, n].double().numpy(),
        "answer": found.answers[own, n].double().numpy(),
        "target": moment.batch.target[steps, n],
    }


def _by_parameter(update: Update) -> dict[str, np.ndarray]:
    change = {name: update.after[name] - value for name, value in update.before.items()}
    parts = {"before": update.before, "gradient": update.gradient, "clipped": update.clipped, "change": change}
    return {what: np.array([float(value.double().norm()) for value in part.values()]) for what, part in parts.items()}
