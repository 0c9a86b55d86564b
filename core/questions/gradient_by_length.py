"""What arrives at the first step, the longer the sequences are?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from core.questions import sampling
from core.questions.base import Facts, Question, Statistics

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class GradientByLength(Question, frozen=True):
    """Of the last loss's gradient the share that arrives at the first step, on sequences of many lengths: for every
    cell untrained, and for the moment's own network, which learns from sequences of one length."""

    statistics: ClassVar[Statistics] = "own"
    kind: Literal["by-length"] = "by-length"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: length (L,), untrained (cells, seeds, L), now (L,). Facts: cells, own (the length it learns from),
        seeds, sequences."""
        from core.diagnostics.untrained import cells, last_flow, lengths, seeds, sequences, share_at_first
        from core.network import Network

        config, N = moment.config, min(sampling.SEQUENCES, moment.config.batch_size)
        tried = list(lengths(config))
        untrained = [
            [
                [share_at_first(last_flow(Network.drawn(one), sequences(one, N)), one) for one in lengths(start)]
                for start in seeds(cell)
            ]
            for cell in cells(config)
        ]
        now = [share_at_first(last_flow(moment.network, sequences(one, N)), one) for one in tried]
        return {
            "length": np.array([one.task.length for one in tried]),
            "untrained": np.array(untrained),
            "now": np.array(now),
        }, {
            "cells": [one.cell.name for one in cells(config)],
            "own": config.task.length,
            "seeds": len(seeds(config)),
            "sequences": N,
        }
