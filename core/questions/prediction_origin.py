"""Which earlier symbols made a prediction what it is?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.questions.base import Facts, Question, Statistics
from core.questions.texts import text_of, text_task
from core.questions.writing import Writing

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.moment import Moment
    from core.questions.over_training import Earlier

LENGTH = 300
"""Characters of the held-out part that are read, about, from its beginning."""


def passage_length(config: RunConfig) -> int:
    """The same in symbols."""
    text = text_of(config)
    return min(text.excerpt(LENGTH), len(text.held_out))


class PredictionOrigin(Question, frozen=True):
    """The gradient of one prediction back over the symbols before it, in a passage that nothing was learnt from, or in
    a text that the network wrote."""

    statistics: ClassVar[Statistics] = "running"
    kind: Literal["prediction-origin"] = "prediction-origin"
    at: int = Field(default=60, ge=2, title="Prediction", description="Which symbol of the passage, from 1.")
    written: Writing | None = Field(
        default=None, title="Written", description="What the network wrote in answer to this; empty: the unseen text."
    )

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: places (L,), credit (L,), surprise (L,) in nats, likeliest (3,), chances (3,); see
        ``core.diagnostics.origin``. Facts: at."""
        import torch

        from core.diagnostics.origin import origin

        text, opening = text_of(moment.config), np.zeros(0, np.int64)
        if self.written is None:
            passage = text.held_out[: passage_length(moment.config)]
        else:  # it was written after the opening
            passage, opening = self.written.answer(moment, earlier)[0]["places"], np.array(text.opening_places)
        self.must_fit(at=len(passage))
        first, whole = len(opening), np.concatenate([opening, passage])
        x = torch.from_numpy(text_task(moment.config).encode(whole)).to(moment.layer.dtype).unsqueeze(1)
        found = origin(moment.network, x, first + self.at - 1)
        own = {"credit": found.credit[first:], "surprise": found.surprise[first:]}
        return {"places": passage} | vars(found) | own, {"at": self.at}
