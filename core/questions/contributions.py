"""Which sequences and which steps made the gradient what it is?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.questions.base import Facts, Question
from core.questions.sampling import looked_at

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class Contributions(Question, frozen=True):
    """What each sequence and each step adds to the gradient."""

    kind: Literal["sequences"] = "sequences"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays as in ``contributions``. Facts: sequences of how many."""
        from core.diagnostics.sequences import MOST_SEQUENCES, contributions

        some = moment.of_first(MOST_SEQUENCES)
        return contributions(some), looked_at(some, moment)
