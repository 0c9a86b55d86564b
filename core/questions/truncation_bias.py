"""What does truncation do to the gradient?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.questions.base import Facts, Question
from core.questions.sampling import looked_at

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class TruncationBias(Question, frozen=True):
    """Full against truncated for every K, on the first sequences of the batch."""

    kind: Literal["truncation"] = "truncation"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays as in ``truncation_bias``. Facts: sequences of how many, losses in them, and whether it is for
        every_k."""
        from core.diagnostics.truncation_bias import sequences_for, truncation_bias

        few = moment.of_first(sequences_for(moment))
        arrays = truncation_bias(few)
        every_k = len(arrays["windows.K"]) == len(arrays["sliding.K"]) == few.batch.x.shape[0]
        return arrays, looked_at(few, moment) | {"losses": int(few.batch.asked.sum()), "every_k": every_k}
