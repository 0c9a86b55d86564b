"""What does each cell cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from core.questions.base import Facts, Question, Statistics

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier

MEASURES = ("ours.seconds", "layer.seconds", "loop.seconds", "ours.bytes", "layer.bytes", "loop.bytes")


class CellCosts(Question, frozen=True):
    """Parameters, multiplications, time and memory of every cell at the moment's size, measured where it trains."""

    changes: ClassVar[bool] = False
    statistics: ClassVar[Statistics] = "none"
    kind: Literal["cell-costs"] = "cell-costs"

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: parameters, products (multiplications of one step of one sequence forward) and each of MEASURES, an
        entry a cell; NaN where torch has no layer of it. Facts: cells, H, steps, sequences."""
        from core.diagnostics.cell_costs import cost, size_of
        from core.diagnostics.untrained import cells

        configs = cells(moment.config)
        size = size_of(max(configs, key=lambda config: config.cell.parameters(config.task.input_size)))
        measured = [cost(config, size) for config in configs]
        arrays = {name: np.array([each.get(name, np.nan) for each in measured]) for name in MEASURES}
        arrays["parameters"] = np.array([config.cell.parameters(size.C) for config in configs])
        arrays["products"] = np.array([config.cell.products(size.C) for config in configs])
        return arrays, {
            "cells": [config.cell.name for config in configs],
            "H": size.H,
            "steps": size.T,
            "of": moment.config.task.length,
            "sequences": size.N,
        }
