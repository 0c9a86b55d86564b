"""What would each kind of clipping do to the gradient?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from core.questions.base import Facts, Question, Statistics
from core.questions.sampling import looked_at

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class Clipping(Question, frozen=True):
    """What each kind of clipping would do to the gradient, at every threshold."""

    kind: Literal["clip"] = "clip"
    statistics: ClassVar[Statistics] = "own"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays as in ``clip_kinds``. Facts: sequences of how many."""
        from core.diagnostics.clip_kinds import clip_kinds, sequences_for

        count = sequences_for(moment)
        some = moment if count == moment.batch.x.shape[1] else moment.of_first(count)
        return clip_kinds(some), looked_at(some, moment)
