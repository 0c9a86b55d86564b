"""How does each initialisation of each cell begin?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from core.questions import sampling
from core.questions.base import Facts, Question, Statistics

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class InitialGradients(Question, frozen=True):
    """The gradient of the last loss at every step, before any training, for every cell and every initialisation that it
    offers: the task, the size and the other settings are the moment's, nothing is cut."""

    changes: ClassVar[bool] = False
    statistics: ClassVar[Statistics] = "own"
    kind: Literal["starts"] = "starts"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: flow (M, S, T+1), of M starts with S seeds each. Facts: starts (M dotted settings each), seeds,
        sequences."""
        from core.diagnostics.untrained import last_flow, seeds, sequences, starts
        from core.network import Network

        N = min(sampling.SEQUENCES, moment.config.batch_size)
        configs = starts(moment.config)
        flow = [[last_flow(Network.drawn(one), sequences(one, N)) for one in seeds(config)] for config in configs]
        told = [
            {key: value for key, value in config.to_flat().items() if key.startswith("cell.")} for config in configs
        ]
        return {"flow": np.array(flow)}, {
            "starts": told,
            "seeds": [one.seed for one in seeds(moment.config)],
            "sequences": N,
        }
