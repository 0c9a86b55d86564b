"""Lyapunov exponents along a trajectory, by the QR method: how fast nearby states part, or come together.

``J_t Q_{t−1} = Q_t R_t``, λ_i = mean over t of ln|R_ii| (docs/reference.md, "Lyapunov exponents"; Benettin 1980).
exp(λ₁) is the factor per step of a perturbation, and, over many steps, of the gradient. It is a mean over one finite
sequence: the gradient of a given loss starts in a direction of its own and has not turned into the first exponent's
yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.diagnostics.jacobians import step_jacobians
from core.frames import number, numbers
from core.network import Layer

TRANSIENT = 0.1
"""Share of the steps that only turn Q towards the exponents' directions and are not averaged."""


@dataclass(frozen=True)
class Lyapunov:
    """The exponents of S-dimensional states, in natural logarithms per step.

    exponents   (S,) largest first; −∞ where a direction is lost altogether (a dead unit)
    running     (T, S) mean up to each step of the same directions, transient left out; NaN within it
    transient   steps left out at the start
    """

    exponents: NDArray[np.float64]
    running: NDArray[np.float64]
    transient: int


@torch.no_grad()
def exponents(jacobians: Tensor, transient: int | None = None) -> Lyapunov:
    """Of the product of J[0], J[1], … (T, S, S); ``transient`` steps (default a tenth) are not averaged.

    What is not finite makes every exponent after it NaN.
    """
    T, S = len(jacobians), jacobians.shape[1]
    transient = int(TRANSIENT * T) if transient is None else transient
    Q, logs = torch.eye(S, dtype=torch.float64), torch.full((T, S), torch.nan, dtype=torch.float64)
    for t, J in enumerate(jacobians.double()):
        product = J @ Q
        if not product.isfinite().all():
            break
        Q, R = torch.linalg.qr(product)
        logs[t] = R.diagonal().abs().log()
    kept = logs[transient:].numpy()
    with np.errstate(invalid="ignore"):
        mean = np.cumsum(kept, axis=0) / np.arange(1, len(kept) + 1)[:, None]
    running = np.concatenate([np.full((transient, S), np.nan), mean])
    last = mean[-1] if len(mean) else np.full(S, np.nan)
    order = np.argsort(-last)  # the method puts them in order only in the long run
    return Lyapunov(last[order], running[:, order], transient)


@torch.no_grad()
def lyapunov(layer: Layer, x: Tensor, sequences: int | None = None) -> dict[str, Any]:
    """The exponents along each of the first ``sequences`` of x (T, N, C), from the zero state, and their mean.

    One JSON object: ``exponents`` (mean over the sequences), ``factor`` = exp of the largest, ``spread`` (standard
    deviation of the largest over the sequences), ``lost`` (directions that are lost altogether, −∞), ``sum``,
    ``steps``, ``transient``, ``sequences``, ``state_size``.
    Numbers that are not finite are null.
    """
    n = x.shape[1] if sequences is None else min(sequences, x.shape[1])
    trajectory = layer.forward(x[:, :n])
    found = [exponents(step_jacobians(layer, trajectory, k)) for k in range(n)]
    each = np.stack([result.exponents for result in found])
    with np.errstate(all="ignore"):
        mean, spread = each.mean(axis=0), each[:, 0].std()
        factor, together = np.exp(mean[0]), mean.sum()
    return {
        "cell": layer.cell.name,
        "steps": len(x),
        "transient": found[0].transient,
        "sequences": n,
        "state_size": len(mean),
        "exponents": numbers(mean),
        "largest": number(mean[0]),
        "spread": number(spread),
        "factor": number(factor),
        "lost": int(np.isneginf(mean).sum()),
        "sum": number(together),
    }
