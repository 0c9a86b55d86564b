"""How fast do states nearby part along a sequence?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.questions.base import Facts, Question, SequenceNumber
from core.questions.jacobians import must_be_small

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class LyapunovExponents(Question, frozen=True):
    """Lyapunov exponents along one sequence."""

    kind: Literal["exponents"] = "exponents"
    sequence: SequenceNumber = 1

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: exponents (S,), and running (T,), the mean of the first one up to each step. Facts: the steps of the
        transient, which are left out."""
        from core.backprop.readout import asked
        from core.diagnostics import lyapunov
        from core.diagnostics.forward_loss import one_sequence
        from core.diagnostics.jacobians import step_jacobians

        self.must_fit(sequence=moment.batch.x.shape[1])
        must_be_small(moment)
        layer, one = moment.network.wide().layer, one_sequence(asked(moment.batch), self.sequence - 1)
        exponents = lyapunov.exponents(step_jacobians(layer, layer.forward(one.x, one.start)))
        return {"exponents": exponents.exponents, "running": exponents.running[:, 0]}, {
            "transient": exponents.transient
        }
