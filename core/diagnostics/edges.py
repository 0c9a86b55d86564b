"""The numbers on a cell's diagram: every quantity of one sequence's slow motion, forwards and backwards, by name.

Gradients are those of the sequence's own loss ℓ, not of the batch mean. All are (T, H) float64; row t belongs to the
step from state t to state t+1. Names, q being a gate ("recurrent" for the plain RNN):

    in.q, st.q, q      the two parts of the sum before the gate (input with biases, state with peepholes), its value
    h0, c0, h, c       the state that the step goes on from, and the one it makes
    kept, new, tanh_c  what is carried over of the memory, what is written to it, the tanh of the result (the result
                       itself without the output activation)
    dh, dc, local      ∂ℓ/∂h, ∂ℓ/∂c of the state made, and the part of ∂ℓ/∂h that its own loss adds
    d.q, a.q           ∂ℓ/∂gate and ∂ℓ/∂(the sum before it); also d.tanh_c. With f = 1 − i both gates have one sum, so
                       a.i follows from d.i − d.f; with f = 1 there is nothing of f
    via.q, leak        what each gate, and the GRU's leak, hands back to h0 of what arrived; via: all gates of the GRU
    via.p, at.p        what the peepholes hand back to c0, and to c within the step
    sent_h, sent_c     all that is handed back to h0 and c0, and ``got_h``, ``got_c``: what arrives of it, after
                       truncation and the clamp
    m_h, m_c           what has come to h and c of the state made from later steps: ``got`` of the next row

The chain rule is that of REFERENCE section 2. Elementwise, so a unit's numbers stand beside each other as they are.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.cells import Cell, Params, peepholes_of
from core.diagnostics.at_gates import RECURRENT, keeps_all, seen_by_output, squashes
from core.diagnostics.microscope import SlowMotion

Edges = dict[str, Tensor]


@torch.no_grad()
def edges(cell: Cell, params: Params, motion: SlowMotion, sequence: int) -> Edges:
    """Of sequence number ``sequence`` of the batch; see above. ``params`` are those that ``motion`` was made with."""
    weights = {name: value.double() for name, value in params.items()}
    found = _forward(motion, sequence) | _arriving(motion, sequence)
    found |= _memory(cell, found)
    found |= _gates(cell, weights, found)
    found |= _handed_back(cell, weights, found)
    found |= _arrived(cell, weights, motion, sequence, found)
    return found | {f"m_{part}": _from_later(found[f"got_{part}"]) for part in ("h", "c") if f"got_{part}" in found}


def _from_later(got: Tensor) -> Tensor:
    return torch.cat([got[1:], torch.zeros_like(got[:1])])


def _forward(motion: SlowMotion, n: int) -> Edges:
    way, resets = motion.forward, list(motion.backward.resets)
    found = {"h": way.h[1:, n].double(), "h0": way.h[:-1, n].double()}
    if way.c is not None:
        found |= {"c": way.c[1:, n].double(), "c0": way.c[:-1, n].double()}
    for name in ("h0", "c0"):
        if name in found and resets:
            found[name] = found[name].index_fill(0, torch.tensor(resets), 0)
    found |= {q: value[:, n].double() for q, value in way.gates.items()}
    for what, parts in (("in", way.by_input), ("st", way.by_state)):
        found |= {f"{what}.{q}": value[:, n].double() for q, value in parts.items()}
    return found


def _arriving(motion: SlowMotion, n: int) -> Edges:
    back, N = motion.backward, motion.backward.grad_h.shape[1]
    found = {"dh": back.grad_h[1:, n], "local": back.local[:, n]}
    if back.grad_c is not None:
        found["dc"] = back.grad_c[1:, n]
    found |= {f"a.{q}": alpha[:, n] for q, alpha in back.gates.items()}
    return {name: N * value.double() for name, value in found.items()}


def _memory(cell: Cell, e: Edges) -> Edges:
    if "c" in e:
        kept, new = e["f"] * e["c0"], e["i"] * e["g"]
        return {"kept": kept, "new": new, "tanh_c": e["c"].tanh() if squashes(cell) else e["c"]}
    return {"kept": e["z"] * e["h0"], "new": (1 - e["z"]) * e["n"]} if cell.name == "gru" else {}


def _gates(cell: Cell, weights: Params, e: Edges) -> Edges:
    """∂ℓ/∂gate."""
    if "c" in e:
        found = {"d.o": e["dh"] * e["tanh_c"], "d.i": e["dc"] * e["g"], "d.g": e["dc"] * e["i"],
                 "d.tanh_c": e["dh"] * e["o"]}  # fmt: skip
        return found if keeps_all(cell) else found | {"d.f": e["dc"] * e["c0"]}
    if cell.name == "gru":
        by_r = e["a.n"] * _product(weights, e) if _after(cell) else e["h0"] * (e["a.n"] @ _block(cell, weights, "n"))
        return {"d.z": e["dh"] * (e["h0"] - e["n"]), "d.n": e["dh"] * (1 - e["z"]), "d.r": by_r}
    return {f"d.{RECURRENT}": e["dh"]}


def _after(cell: Cell) -> bool:
    return getattr(cell, "reset", "after") == "after"


def _product(weights: Params, e: Edges) -> Tensor:
    """m = U_n h₋ + b_hn of the GRU that resets after the product."""
    return e["h0"] @ weights["weight_hh"].chunk(3)[2].T + weights["bias_hh"].chunk(3)[2]


def _block(cell: Cell, weights: Params, q: str) -> Tensor:
    """U_q (H, H)."""
    names = cell.gate_names or (RECURRENT,)
    return weights["weight_hh"].chunk(len(names))[names.index(q)]


def _handed_back(cell: Cell, weights: Params, e: Edges) -> Edges:
    found: Edges = {}
    for q in cell.gate_names or (RECURRENT,):
        U, alpha = _block(cell, weights, q), e[f"a.{q}"]
        if cell.name == "gru" and q == "n":
            found["via.n"] = (e["r"] * alpha) @ U if _after(cell) else e["r"] * (alpha @ U)
        else:
            found[f"via.{q}"] = alpha @ U
    if cell.name == "gru":
        via, leak = found["via.r"] + found["via.z"] + found["via.n"], e["z"] * e["dh"]
        return found | {"via": via, "leak": leak, "sent_h": via + leak}
    whole = torch.stack(list(found.values())).sum(dim=0)
    if "c" not in e:
        return found | {"sent_h": whole}
    peepholes = _peepholes(cell, weights, e)
    seen = peepholes.get("via.p", torch.zeros_like(whole))
    return found | peepholes | {"sent_h": whole, "sent_c": e["dc"] * e["f"] + seen}


def _peepholes(cell: Cell, weights: Params, e: Edges) -> Edges:
    """What the peepholes hand to c0, and to c within the step; zeros where the gradient is stopped there."""
    if "weight_peephole" not in weights:
        return {}
    lets = float(getattr(cell, "gradient", "full") == "full")
    handed = {q: lets * p * e[f"a.{q}"] for q, p in peepholes_of(weights).items()}
    own = handed.pop("o")
    return {"via.p": torch.stack(list(handed.values())).sum(dim=0), "at.p": own}


def _arrived(cell: Cell, weights: Params, motion: SlowMotion, n: int, e: Edges) -> Edges:
    """What the state before really has of ``sent``. Of losses with a reach each it is told by what stands there."""
    back, N = motion.backward, motion.backward.grad_h.shape[1]
    if back.several:
        return _by_difference(cell, weights, motion, n, e)
    cuts = list(back.cuts.union(back.resets))
    found = {f"got_{part}": e[f"sent_{part}"].clone() for part in ("h", "c") if f"sent_{part}" in e}
    for value in found.values():
        if back.clamp is not None:
            value.clamp_(-N * back.clamp, N * back.clamp)
        value[cuts] = 0
    return found


def _by_difference(cell: Cell, weights: Params, motion: SlowMotion, n: int, e: Edges) -> Edges:
    back, N = motion.backward, motion.backward.grad_h.shape[1]
    before = N * back.grad_h[:-1, n].double()
    own = torch.cat([torch.zeros_like(e["local"][:1]), e["local"][:-1]])
    found = {"got_h": before - own}
    if back.grad_c is not None:
        into, p_o = e["o"] * (1 - e["tanh_c"] ** 2) if squashes(cell) else e["o"], seen_by_output(cell, weights)
        if p_o is not None:
            into = into + p_o * e["o"] * (1 - e["o"]) * e["tanh_c"]
        into = torch.cat([torch.zeros_like(into[:1]), into[:-1]])
        found["got_c"] = N * back.grad_c[:-1, n].double() - before * into
    return found
