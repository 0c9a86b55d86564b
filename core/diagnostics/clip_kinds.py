"""What each kind of clipping would do to one moment's raw gradient, for a grid of thresholds: same weights, same batch.

By norm and by value act on the finished gradient (core.backprop.clipping); inside backpropagation the carry of every
backward step is limited, so every threshold is a backward pass of its own over the one forward pass.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.backprop.bptt import Gradients, gradients
from core.backprop.clipping import angle, clip, global_norm
from core.backprop.passes import back_through
from core.backprop.readout import asked
from core.cells import Back
from core.cost import question_seconds
from core.diagnostics.halving import halved
from core.moment import Moment

Values = NDArray[np.float64]
Effect = tuple[float, float, float]
"""Norm after ÷ before, degrees between the two, share of the components that are limited."""

KINDS = ("norm", "value", "backprop")
POINTS, LOW, HIGH = 43, 1e-3, 1e4
"""The grid: so many thresholds, six a decade, from LOW to HIGH times the config's own, which is one of them."""


QUICK_SECONDS = 0.6
"""How long all thresholds together may take, each a backward pass with its weights' gradients."""


def sequences_for(moment: Moment) -> int:
    """How many of the moment's sequences can be looked at without keeping anybody waiting: the batch, halved as often
    as it must be."""
    T, n, _ = moment.batch.x.shape
    return halved(n, (POINTS * question_seconds(moment.config, T, 2, steps=0), QUICK_SECONDS))


def thresholds(own: float) -> Values:
    """The grid around a config's threshold, ascending."""
    return own * np.geomspace(LOW, HIGH, POINTS)


def clip_kinds(moment: Moment, grid: Values | None = None) -> dict[str, Values]:
    """``theta`` (G,), ``norm`` (1,), and for each of KINDS ``<kind>.ratio``, ``.angle`` and ``.share`` (G,).

    norm    of the raw gradient of all trained parameters, under the config's own truncation
    ratio   norm after ÷ before
    angle   degrees between raw and clipped gradient
    share   by norm 1 where the gradient is shortened, else 0; by value the share of its components beyond ±θ; inside
            backpropagation that of the components carried on to some h that were cut back to the limit (NaN where
            truncation gives each loss a pass of its own). What an LSTM carries on to c is limited but not counted

    All are NaN where the raw gradient is not finite. With stream the gradient is that of all updates at these weights.
    """
    theta = thresholds(moment.config.clip_threshold) if grid is None else grid
    raw = _raw(moment)
    norm = global_norm(raw.grads)
    effects = {kind: np.full((len(theta), 3), np.nan) for kind in KINDS}
    if math.isfinite(norm) and norm > 0:
        effects = {
            "norm": np.array([_afterwards(raw.grads, norm, "norm", value) for value in theta]),
            "value": np.array([_afterwards(raw.grads, norm, "value", value) for value in theta]),
            "backprop": _inside(moment, raw, norm, theta),
        }
    named = {f"{kind}.{what}": found[:, k] for kind, found in effects.items()
             for k, what in enumerate(("ratio", "angle", "share"))}  # fmt: skip
    return {"theta": theta, "norm": np.array([norm])} | named


def _raw(moment: Moment) -> Gradients:
    return gradients(
        moment.network,
        moment.batch,
        truncation=moment.config.truncated,
        parameters=moment.config.trained == "all",
        record=False,
    )


@torch.no_grad()
def _afterwards(raw: dict[str, Tensor], norm: float, kind: str, theta: float) -> Effect:
    """By norm or by value."""
    done = clip({name: grad.clone() for name, grad in raw.items()}, "norm" if kind == "norm" else "value", theta)
    if kind == "norm":
        return done.norm_after / norm, done.angle, float(done.norm_after < norm * (1 - 1e-6))
    over = sum(int((grad.abs() > theta).sum()) for grad in raw.values())
    return done.norm_after / norm, done.angle, over / sum(grad.numel() for grad in raw.values())


@torch.no_grad()
def _inside(moment: Moment, raw: Gradients, norm: float, grid: Values) -> Values:
    """(G, 3) inside backpropagation, from the lowest threshold up to the first that nothing reaches."""
    (T, N, _), learns = raw.grad_out.shape, moment.config.trained == "all"
    passes = moment.config.truncated.passes((asked(moment.batch).steps + 1).tolist())

    def limited(limit: float) -> Back:
        way = (moment.layer, raw.trajectory, raw.grad_out, passes)
        return back_through(*way, clamp=limit, parameters=learns)

    free = raw.grads | limited(math.inf).grads  # with the same operations as below, so that equal means equal
    found = np.tile([1.0, 0.0, 0.0], (len(grid), 1))
    for k, theta in enumerate(grid):
        back = limited(float(theta) / N)
        grads = raw.grads | back.grads
        share = _limited(back.grad_h[:T], raw.grad_out, float(theta) / N) if len(passes) == 1 else math.nan
        if all(torch.equal(grads[name], free[name]) for name in grads):
            break
        found[k] = global_norm(grads) / norm, angle(free, grads), share
    return found


def _limited(grad_h: Tensor, grad_out: Tensor, limit: float) -> float:
    """The share of the components carried on to the states 0 … T−1 that stand at the limit."""
    carried = grad_h.clone()
    carried[1:] -= grad_out[:-1]  # ∂L/∂h[t] is what is carried there and the local gradient of its own loss
    return float((carried.abs() >= limit * (1 - 1e-5)).double().mean())
