"""What bounds the gradient, and how close does it come?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.questions.base import Facts, Question, SequenceNumber
from core.questions.jacobians import must_be_small

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class Theory(Question, frozen=True):
    """The measured gradient of one sequence's last loss beside what bounds it."""

    kind: Literal["theory"] = "theory"
    sequence: SequenceNumber = 1

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays as in ``AgainstTheory``. Facts: its asked state, and of one layer rho.<gate> and sigma_max.<gate> of
        each block of U."""
        from core.diagnostics.against_theory import against_theory
        from core.diagnostics.spectrum import spectra

        self.must_fit(sequence=moment.batch.x.shape[1])
        must_be_small(moment)
        found = vars(against_theory(moment, self.sequence - 1))
        asked = found.pop("asked")
        blocks = spectra(moment.layer) if moment.layer.layers == 1 else {}
        facts = {f"{name}.{q}": getattr(block, name) for q, block in blocks.items() for name in ("rho", "sigma_max")}
        return found, facts | {"asked": asked}
