"""Which loss sends how much gradient to which state?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from core.questions.base import Facts, Question
from core.questions.sampling import looked_at

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier

MATRIX = 200
"""Rows and columns of a matrix that is sent to a picture."""


class ItemisedCredit(Question, frozen=True):
    """Which loss sends how much gradient to which state."""

    kind: Literal["credit"] = "credit"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: t (C,) and step (S,): the states and the losses shown; h, state (S, C); total_h, total_state (C,);
        reach (S,) as in ``Itemised``. Facts: error of the rows' sum, sequences of how many, counted: losses in it,
        losses: all there are."""
        from core.diagnostics.credit_by_loss import affordable, itemised

        sequences, kept = affordable(moment)
        some = moment.of_first(sequences)
        found = itemised(some, kept)
        rows, columns = _spread(len(found.steps)), _spread(len(found.total_h))
        columns = np.unique(np.concatenate([columns, found.steps[rows][[0, -1]]]))
        arrays = {"t": columns, "step": found.steps[rows], "reach": found.reach[rows]}
        arrays |= {name: getattr(found, name)[rows][:, columns] for name in ("h", "state")}
        arrays |= {name: getattr(found, name)[columns] for name in ("total_h", "total_state")}
        asked = int(some.batch.asked.any(axis=1).sum())
        return arrays, {"error": found.error, "counted": len(kept), "losses": asked} | looked_at(some, moment)


def _spread(count: int) -> np.ndarray:
    """At most MATRIX of 0 … count − 1, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, MATRIX)).round().astype(int))
