"""Is this gradient right?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from core.questions.base import Facts, Question, SequenceNumber

if TYPE_CHECKING:
    from core.backprop.readout import Asked
    from core.moment import Moment
    from core.questions.over_training import Earlier

STEPS = np.logspace(-1, -13, 49)
"""Step sizes of the plain difference quotient."""


class CheckedGradient(Question, frozen=True):
    """One gradient against an independent number."""

    kind: Literal["check"] = "check"
    sequence: SequenceNumber = 1
    t: int = Field(ge=0, title="State", description="∂ℓ/∂h[t] of the state after t inputs.")
    unit: int = Field(default=1, ge=1, title="Unit", description="One hidden unit, from 1 on.")
    part: str = Field(
        default="h",
        pattern="^[a-z](_l[0-9])?$",
        title="Part of the state",
        description="h, or c of a cell that has c; of a layer below the top one as h_l0, from 0 at the bottom.",
    )

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: step (k,) and quotient (k,), the plain difference quotients. Facts: the fields of ``Checked``,
        whether it is the last loss ``alone`` (where losses differ in how far back they go), T, and the states where
        the gradient is ``cut``."""
        import torch

        from core.diagnostics.differences import GradientCheck

        T, H = len(moment.batch.x), moment.config.cell.hidden_size
        self.must_fit(sequence=moment.batch.x.shape[1], t=T, unit=H)
        asked, cuts, alone = _one_reach(moment, self.sequence - 1)
        resets = moment.config.truncated.resets
        check = GradientCheck.of(moment.network, asked, 0, cuts, resets)
        checked = check.at(self.t, self.unit - 1, self.part)
        quotients = check.quotients(self.t, self.unit - 1, self.part, torch.from_numpy(STEPS))
        facts = vars(checked) | {"alone": alone, "T": T, "cut": sorted(cuts)}
        return {"step": STEPS, "quotient": quotients.numpy()}, facts


def _one_reach(moment: Moment, n: int) -> tuple[Asked, tuple[int, ...], bool]:
    """Sequence n with the losses that one backward pass is for, the states where it is cut, and whether that is the
    last loss alone."""
    from core.backprop.readout import asked
    from core.diagnostics.forward_loss import one_sequence

    one, truncation = one_sequence(asked(moment.batch), n), moment.config.truncated
    own = one.weight[:, 0] > 0
    passes = truncation.passes((one.steps[own] + 1).tolist())
    if len(passes) <= 1:
        return one, passes[0].cuts if passes else (), False
    alone = one.last.to(one.weight.dtype)
    last = int(one.steps[one.last[:, 0]][-1]) + 1
    return replace(one, weight=alone), truncation.passes([last])[0].cuts, True
