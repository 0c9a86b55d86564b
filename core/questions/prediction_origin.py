"""Which earlier symbols made a prediction what it is?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from core.questions.base import Facts, Question, Statistics
from core.questions.texts import text_of, text_task

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier

LENGTH = 300
"""Symbols of the held-out part that are read, from its beginning."""


class PredictionOrigin(Question, frozen=True):
    """The gradient of one prediction back over the symbols before it, in a passage that nothing was learnt from."""

    statistics: ClassVar[Statistics] = "running"
    kind: Literal["prediction-origin"] = "prediction-origin"
    at: int = Field(
        default=200, ge=2, le=LENGTH, title="Prediction", description="Which symbol of the passage, from 1."
    )

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: places (L,), credit (L,), surprise (L,) in nats, likeliest (3,), chances (3,); see
        ``core.diagnostics.origin``. Facts: at."""
        import torch

        from core.diagnostics.origin import origin

        passage = text_of(moment.config).held_out[:LENGTH]
        self.must_fit(at=len(passage))
        x = torch.from_numpy(text_task(moment.config).encode(passage)).to(moment.layer.dtype).unsqueeze(1)
        return {"places": passage} | vars(origin(moment.network, x, self.at - 1)), {"at": self.at}
