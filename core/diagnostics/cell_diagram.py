"""The numbers on a cell's diagram: every quantity of one sequence's slow motion, forwards and backwards, by name.

Gradients are those of the sequence's own loss ℓ, not of the batch mean. All are (T, H) float64; row t belongs to the
step from state t to state t+1. Names, q being a gate ("recurrent" for the plain RNN):

    in.q, st.q, q      the two parts of the sum before the gate (input with biases, state with peepholes), its value
    h0, c0, h, c       the state that the step goes on from, and the one it makes
    kept, new, tanh_c  what is carried over of the memory, what is written to it, the tanh of the result (the result
                       itself without the output activation)
    dh, dc, local      ∂ℓ/∂h, ∂ℓ/∂c of the state made, and the part of ∂ℓ/∂h that its own loss adds, or the layer above
    d.q, a.q           ∂ℓ/∂gate and ∂ℓ/∂(the sum before it); also d.tanh_c. With f = 1 − i both gates have one sum, so
                       a.i follows from d.i − d.f; with f = 1 there is nothing of f
    via.q, leak        what each gate, and the GRU's leak, hands back to h0 of what arrived; via: all gates of the GRU
    within             what dh sends to c within the step, past the gates
    via.p, at.p        what the peepholes hand back to c0, and to c within the step
    sent_h, sent_c     all that is handed back to h0 and c0, and ``got_h``, ``got_c``: what arrives of it, after
                       truncation and the clamp
    m_h, m_c           what has come to h and c of the state made from later steps: ``got`` of the next row

What follows by a cell's own formulas is its own to say (``Cell.diagram``). Elementwise, so a unit's numbers stand
beside each other as they are.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.diagnostics.microscope import SlowMotion
from core.network import Layer

Numbers = dict[str, Tensor]


@torch.no_grad()
def cell_diagram(motion: SlowMotion, sequence: int) -> Numbers:
    """Of sequence number ``sequence`` of the batch; see above."""
    layer, way, N = motion.layer.to(torch.float64), motion.trajectory.to(torch.float64), motion.backward.local.shape[1]
    found = _forward(motion, sequence) | _arriving(motion, sequence)
    alphas = {q: N * alpha.double() for q, alpha in motion.backward.gates.items()}
    sent = layer.cell.handed_back(layer.params, way, alphas)
    found |= {f"via.{q}": handed[:, sequence] for q, handed in sent.items()}
    at_h = N * motion.backward.states["h"].double()
    within = layer.cell.handed_within(layer.params, way, at_h, through_gates=False)
    if within is not None:
        found["within"] = within[1:, sequence]
    found |= layer.cell.diagram(layer.params, way, alphas, sequence, found)
    found |= _arrived(layer, motion, sequence, found)
    return found | {f"m_{part}": _from_later(found[f"got_{part}"]) for part in layer.cell.state_parts}


def _from_later(got: Tensor) -> Tensor:
    return torch.cat([got[1:], torch.zeros_like(got[:1])])


def _forward(motion: SlowMotion, n: int) -> Numbers:
    way, found = motion.forward, {}
    for part, values in motion.trajectory.states.items():
        found |= {part: values[1:, n].double(), f"{part}0": motion.trajectory.gone_on_from[part][:, n].double()}
    found |= {q: value[:, n].double() for q, value in way.gates.items()}
    for what, parts in (("in", way.by_input), ("st", way.by_state)):
        found |= {f"{what}.{q}": value[:, n].double() for q, value in parts.items()}
    return found


def _arriving(motion: SlowMotion, n: int) -> Numbers:
    back, N = motion.backward, motion.backward.local.shape[1]
    found = {f"d{part}": grad[1:, n] for part, grad in back.states.items()}
    found |= {"local": back.local[:, n]} | {f"a.{q}": alpha[:, n] for q, alpha in back.gates.items()}
    return {name: N * value.double() for name, value in found.items()}


def _arrived(layer: Layer, motion: SlowMotion, n: int, e: Numbers) -> Numbers:
    """What the state before really has of ``sent``. Of losses with a reach each it is told by what stands there."""
    back, N = motion.backward, motion.backward.local.shape[1]
    if back.several:
        return _by_difference(layer, motion, n, e)
    cuts = list(back.cuts.union(back.resets))
    found = {f"got_{part}": e[f"sent_{part}"].clone() for part in layer.cell.state_parts}
    for value in found.values():
        if back.clamp is not None:
            value.clamp_(-N * back.clamp, N * back.clamp)
        value[cuts] = 0
    return found


def _by_difference(layer: Layer, motion: SlowMotion, n: int, e: Numbers) -> Numbers:
    back, N = motion.backward, motion.backward.local.shape[1]
    before = {part: N * grad[:-1, n].double() for part, grad in back.states.items()}
    own = torch.cat([torch.zeros_like(e["local"][:1]), e["local"][:-1]])
    found = {"got_h": before["h"] - own}
    way, grad_h = motion.trajectory.to(torch.float64), back.states["h"].double()
    within = layer.cell.handed_within(layer.params, way, grad_h)
    if within is not None:
        (other,) = layer.cell.state_parts[1:]
        found[f"got_{other}"] = before[other] - N * within[:-1, n]
    return found
