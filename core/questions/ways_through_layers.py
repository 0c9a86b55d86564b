"""How much of each layer's gradient came down, and how much back through time?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.questions.base import Facts, Question
from core.questions.sampling import first_few

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class WaysThroughLayers(Question, frozen=True):
    """Which of the two ways back each layer's gradient took, at every step."""

    kind: Literal["layer-paths"] = "layer-paths"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: flow and down (L, T+1) as in ``LayerPaths``. Facts: sequences of how many."""
        from core.diagnostics.layer_paths import layer_paths

        some, sizes = first_few(moment)
        return dict(vars(layer_paths(some))), dict(sizes)
