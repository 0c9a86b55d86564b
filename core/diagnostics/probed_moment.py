"""The last loss's gradient of a moment with gates forced: ``probe`` on a moment's own sequences and truncation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.backprop.readout import asked, losses
from core.cells import Trajectory
from core.diagnostics.probe import Peepholes, probed
from core.moment import Moment


def last_flow(
    moment: Moment, force: Mapping[str, float] | None = None, peepholes: Peepholes = "kept", of_layer: int = 0
) -> tuple[NDArray[np.float64], float]:
    """(flow (T+1,) of the last loss alone, loss of the sequences) of the changed cell; arguments as for ``probed``."""
    sequences, truncation = asked(moment.batch), moment.config.truncated
    told: list[float] = []

    def last_loss(trajectory: Trajectory) -> Tensor:
        h = trajectory.h[1:]
        loss, slope = losses(moment.network.answers(h[sequences.steps]), sequences.target)
        told.append(float((loss * sequences.weight).sum() / h.shape[1]))
        grad_out = torch.zeros_like(h)
        alone = slope * (sequences.last.to(slope.dtype) / h.shape[1]).unsqueeze(-1)
        grad_out[sequences.steps] = moment.network.through_readout(alone)
        return grad_out

    last = int(sequences.steps[sequences.last.any(dim=1)][-1]) + 1
    found = probed(
        moment.layer, sequences.x, last_loss, force, peepholes=peepholes, of_layer=of_layer,
        state=sequences.start,
        resets=truncation.resets, cuts=truncation.passes([last])[0].cuts,
    )  # fmt: skip
    return found.profiles.flow, told[0]
