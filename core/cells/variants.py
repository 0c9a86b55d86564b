"""What an LSTM may do without (Greff et al. 2017), and how loops over four blocks carry it out.

    no-forget-gate         f = 1, as in 1997 (Greff's NFG)
    coupled                f = 1 − i: one gate decides both (CIFG)
    no-output-activation   h = o⊙c (NOAF)

The first two have three blocks of weights, i g o, and are the whole LSTM with f's weights fixed: all zero but for a
bias from which σ is 1 and its slope 0, both exactly; or those of i with their signs turned, since 1 − σ(a) = σ(−a). The
second form also keeps the digits of a shut gate, which the first would lose. So ``whole`` writes the four blocks, the
loops run over them as over any others, and ``folded`` brings the gradients of the sums back to three blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from core.cells.initialisation import Layout

Variant = Literal["standard", "no-forget-gate", "coupled", "no-output-activation"]

ALL_GATES, WITHOUT_F = ("i", "f", "g", "o"), ("i", "g", "o")
GATES: dict[Variant, tuple[str, ...]] = {
    "standard": ALL_GATES,
    "no-forget-gate": WITHOUT_F,
    "coupled": WITHOUT_F,
    "no-output-activation": ALL_GATES,
}
"""The gates with weights of their own, in torch's order."""

SATURATED = 1000.0
"""A sum from which σ is exactly 1 and its slope exactly 0, in float32 and float64."""


def layout(variant: Variant, peepholes: bool) -> Layout:
    """Which parameters the variant has."""
    seeing = len(GATES[variant]) - 1 if peepholes else 0
    if len(GATES[variant]) == 4:
        return Layout(blocks=4, forget=1, keep=1, enter=0, peepholes=seeing)
    return Layout(blocks=3, enter=0, coupled=variant == "coupled", peepholes=seeing)


def forget_gate(variant: Variant, sums: Mapping[str, Tensor]) -> Tensor:
    """f from the gates' sums before their nonlinearity."""
    if variant == "no-forget-gate":
        return torch.ones_like(sums["i"])
    return torch.sigmoid(-sums["i"]) if variant == "coupled" else torch.sigmoid(sums["f"])  # σ(−a) = 1 − σ(a)


def peepholes_of(params: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """{gate: (H,)} the peepholes with weights of their own; empty where there are none."""
    rows = params.get("weight_peephole")
    if rows is None:
        return {}
    return dict(zip(("i", "f", "o") if len(rows) == 3 else ("i", "o"), rows, strict=True))


def whole(params: Mapping[str, Tensor], variant: Variant) -> Mapping[str, Tensor]:
    """The same cell's weights with all four gates, i f g o, and three peepholes."""
    if len(GATES[variant]) == 4:
        return params
    found: dict[str, Tensor] = {}
    for name, value in params.items():
        i, *others = value.chunk(2 if name == "weight_peephole" else 3)
        f = -i if variant == "coupled" else torch.full_like(i, SATURATED if name == "bias_ih" else 0)
        found[name] = torch.cat([i, f, *others])
    return found


def folded(alphas: Tensor, variant: Variant) -> Tensor:
    """The gradients of the sums (T, 4H, N) in the loops' order o i f g, as those of the gates that have weights."""
    if len(GATES[variant]) == 4:
        return alphas
    o, i, f, g = alphas.chunk(4, dim=1)
    return torch.cat([o, i - f if variant == "coupled" else i, g], dim=1)
