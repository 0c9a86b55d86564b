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

import torch
from torch import Tensor

from core.anatomy.carousel import FORGETS, Variant
from core.cells.normalisation import STATISTICS

SATURATED = 1000.0
"""A sum from which σ is exactly 1 and its slope exactly 0, in float32 and float64."""


OF_C = ("gain_c", "bias_c", "mean_c", "variance_c")
"""Parameters of no gate: those of c's normalisation."""
EVEN = ("gain", "variance")
"""What begins so does not turn its sign with the weights: the product that it is of has done so."""
OWN_BLOCKS = {"no-forget-gate": (0, 1, 3), "coupled": (0, 1, 3)}
"""Of the loops' order o i f g, the blocks with weights of their own, where that is not all."""


def forget_gate(variant: Variant, sums: Mapping[str, Tensor]) -> Tensor:
    """f from the gates' sums before their nonlinearity."""
    if variant == "no-forget-gate":
        return torch.ones_like(sums["i"])
    return torch.sigmoid(-sums["i"]) if variant == "coupled" else torch.sigmoid(sums["f"])  # σ(−a) = 1 − σ(a)


def whole(params: Mapping[str, Tensor], variant: Variant) -> Mapping[str, Tensor]:
    """The same cell's weights with all four gates, i f g o, and three peepholes."""
    if variant not in FORGETS:
        return params
    found: dict[str, Tensor] = {}
    for name, value in params.items():
        if name in OF_C:
            found[name] = value
            continue
        rows = 1 if name.startswith(STATISTICS) else 0
        i, *others = value.chunk(2 if name == "weight_peephole" else 3, dim=rows)
        turned = i if name.startswith(EVEN) else -i
        f = turned if variant == "coupled" else torch.full_like(i, SATURATED if name == "bias_ih" else 0)
        found[name] = torch.cat([i, f, *others], dim=rows)
    return found


def folded(alphas: Tensor, variant: Variant, H: int) -> Tensor:
    """The gradients of the sums (T, blocks·H, N) in the loops' order o i f g, and what follows them, with those of the
    gates that have weights alone."""
    if variant not in FORGETS:
        return alphas
    o, i, f, *others = alphas.split(H, dim=1)
    return torch.cat([o, i - f if variant == "coupled" else i, *others], dim=1)
