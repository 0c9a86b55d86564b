"""The cell state normalised on its way to h: h = o⊙tanh(g_c⊙N(c) + b_c) (Ba, Kiros & Hinton 2016).

Each function gives what is done beside a step's other work; ``seen`` is what the output gate lets through, "tanh_c" in
``saved``. The gradient before the tanh stands as one more block of the alphas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from core.cells import elementwise
from core.cells.normalisation import Norm, compiled, plain

Params = Mapping[str, Tensor]


def forward(params: Params, saved: dict[str, Tensor], squashes: bool) -> Callable[[int], None]:
    """After a step has made c and o: seen and h."""
    c, seen, gates = saved["c"][1:], saved["tanh_c"], saved["gates"]
    norm, do = Norm.room(saved, "c", params["gain_c"], c, 1), elementwise.choose(c, plain, compiled)
    seen[:] = params["bias_c"][:, None]
    sums, units, states = norm.by_step(seen), norm.by_step(norm.unit), norm.by_step(c)
    flat, o, h = elementwise.steps(seen), elementwise.steps(gates[:, :1]), elementwise.steps(saved["h"][1:])

    def hand_out(t: int) -> None:
        do.centred(states[t], units[t])
        norm.add(t, sums[t])
        do.hand_out(squashes, o[t][0], flat[t], h[t])

    return hand_out


def backward(
    params: Params, saved: dict[str, Tensor], squashes: bool, grads: Mapping[str, Tensor], alphas: Tensor
) -> Callable[[int], None]:
    """Before the rest of a step's way back: ∂L/∂c gets what h sends through the norm; ``alphas`` (T, 1, H, N)."""
    seen, norm = saved["tanh_c"], Norm(saved, "c", params["gain_c"])
    do, room = elementwise.choose(seen, plain, compiled), torch.empty_like(seen[:1])
    (at_c,), at_seen = norm.by_step(room), norm.by_step(alphas.flatten(1, 2))
    before_tanh, o, flat = (elementwise.steps(part) for part in (alphas, saved["gates"][:, :1], seen))
    m_h, m_c = elementwise.steps(grads["h"]), norm.by_step(grads["c"])

    def hand_in(t: int) -> None:
        do.hand_out_backward(squashes, o[t][0], flat[t], m_h[t + 1], before_tanh[t][0])
        norm.back(t, at_seen[t], at_c)
        do.centred_onto(at_c, m_c[t + 1])

    return hand_in


def parameters(alphas: Tensor, saved: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """∂L/∂gain_c and ∂L/∂bias_c from the gradients before the tanh (T, H, N)."""
    return {"gain_c": (alphas * saved["unit_c"]).sum(dim=(0, 2)), "bias_c": alphas.sum(dim=(0, 2))}
