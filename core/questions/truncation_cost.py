"""What does truncation save?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from core.questions.base import Facts, Question

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class TruncationCost(Question, frozen=True):
    """Time and memory of a training step in windows of K; no step is dearer than another."""

    changes: ClassVar[bool] = False
    kind: Literal["cost"] = "cost"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays as in ``cost``. Facts: sequences, and whose clock it is."""
        from core.diagnostics.truncation_cost import cost

        return cost(moment), {"sequences": moment.batch.x.shape[1], "clock": "processor time of one core"}
