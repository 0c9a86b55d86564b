"""Where do the eigenvalues of the recurrent weights lie, and where were they?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from core.questions.base import Facts, LayerNumber, Question, Statistics, place_of, stacked
from core.questions.over_training import trail

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier

TRAIL = {64: 12, 128: 6}
"""So many earlier moments are shown for cells of up to so many units; two for a wider one."""


class RecurrentSpectra(Question, frozen=True):
    """Eigenvalues of each gate's block of U, now and at earlier stored moments."""

    statistics: ClassVar[Statistics] = "none"
    kind: Literal["spectra"] = "spectra"
    layer: LayerNumber = None

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: step (k,) ascending, the last is the moment's; <gate>.real, <gate>.imag (k, H), <gate>.rho,
        <gate>.sigma_max (k,). Facts: gates."""
        from core.diagnostics.spectrum import spectra

        H, k = moment.config.cell.hidden_size, place_of(self, moment)
        most = next((count for width, count in TRAIL.items() if width >= H), 2)
        parts, gates = [], []
        for at in trail(moment, earlier, most):
            blocks = spectra(at.layer.of_layer(k))
            gates, part = list(blocks), {"step": at.step}
            for q, block in blocks.items():
                part |= {f"{q}.real": np.real(block.eigenvalues), f"{q}.imag": np.imag(block.eigenvalues),
                         f"{q}.rho": block.rho, f"{q}.sigma_max": block.sigma_max}  # fmt: skip
            parts.append(part)
        return stacked(parts), {"gates": gates}
