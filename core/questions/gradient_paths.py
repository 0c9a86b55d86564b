"""Where does the gradient travel?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from core.questions.base import Facts, LayerNumber, Question, place_of
from core.questions.sampling import first_few

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class GradientPaths(Question, frozen=True):
    """How much of the gradient in one layer travels along each path through the cell."""

    kind: Literal["paths"] = "paths"
    losses: Literal["last", "all"] = Field(
        default="last", title="Losses", description="The last loss alone, or all of them together."
    )

    layer: LayerNumber = None

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: t (n,) the states; flow (n,); part.<path>, norm.<path> (n,) as in ``Shares``; of a plain RNN slope
        and matrix (n,) as in ``Ways``. Facts: paths in order, error (of the sum), alone, cuts, sequences of how many.
        """
        from core.diagnostics.path_shares import path_shares

        some, sizes = first_few(moment)
        ways = path_shares(some, self.losses == "last", place_of(self, moment))
        arrays = {"t": np.arange(ways.first, ways.asked + 1), "flow": ways.shares.flow}
        arrays |= {f"part.{name}": value for name, value in ways.shares.part.items()}
        arrays |= {f"norm.{name}": value for name, value in ways.shares.norm.items()}
        if ways.slope is not None and ways.matrix is not None:
            arrays |= {"slope": ways.slope, "matrix": ways.matrix}
        facts = {"paths": list(ways.shares.part), "error": ways.error, "alone": ways.alone, "cuts": list(ways.cuts)}
        return arrays, facts | sizes
