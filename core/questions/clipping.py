"""What would each kind of clipping do to the gradient?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.questions.base import Facts, Question
from core.questions.sampling import looked_at

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class Clipping(Question, frozen=True):
    """What each kind of clipping would do to the gradient, at every threshold."""

    kind: Literal["clip"] = "clip"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays as in ``clip_kinds``. Facts: sequences of how many."""
        from core.diagnostics.clip_kinds import clip_kinds, sequences_for

        some = moment.of_first(sequences_for(moment))
        return clip_kinds(some), looked_at(some, moment)
