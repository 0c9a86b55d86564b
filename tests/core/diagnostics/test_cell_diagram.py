"""The numbers on the diagram are those of the passes, and each follows from its neighbours."""

import numpy as np
import pytest
import torch

from core.cells import VARIANTS, every_variant
from core.diagnostics.cell_diagram import cell_diagram
from core.diagnostics.microscope import slow_motion
from core.network import Network, init_readout
from core.tasks.adding import Adding
from core.truncation import Truncation

T, H, N = 9, 4, 3
SLOPES = {"RNN relu": lambda h: (h > 0).double(), "RNN leaky-relu": lambda h: torch.where(h > 0, 1.0, 0.01),
          "RNN logistic": lambda h: h * (1 - h), "RNN linear": torch.ones_like}  # fmt: skip
WHOLE = VARIANTS | {f"{name} {norm}": every_variant((norm,))[f"{name} {norm}"] for norm in ("layer", "batch")
                    for name in ("RNN", "LSTM coupled", "Peephole LSTM", "GRU", "GRU before")}  # fmt: skip
each_variant = pytest.mark.parametrize("name", WHOLE)


def moved(name, mode="full", **settings):
    cell, task, generator = WHOLE[name], Adding(length=T, asked="every"), torch.Generator().manual_seed(3)
    params = cell.init(task.input_size, H, generator=generator, dtype=torch.float64)
    readout = init_readout(H, task.output_size, generator=generator, dtype=torch.float64)
    batch = task.sample(np.random.default_rng(3), N, "training")
    network = Network.of(cell, params, readout)
    motion = slow_motion(network, batch, lambda vector: torch.optim.SGD([vector], lr=0.1),
                         truncation=Truncation(mode, T, 4, 4), **settings)  # fmt: skip
    return network.layer, motion


@each_variant
@pytest.mark.parametrize("mode", ["full", "windows", "sliding", "reset"])
def test_what_a_step_hands_back_is_what_the_state_before_has(name, mode):
    layer, motion = moved(name, mode)
    found = cell_diagram(motion, 1)
    own = torch.cat([torch.zeros(1, H).double(), found["local"][:-1]])
    torch.testing.assert_close(own + found["got_h"], N * motion.backward.states["h"][:-1, 1])
    if "got_c" in found:
        c = N * motion.backward.states["c"][1:-1, 1]
        within = found["within"] + found.get("at.p", 0)
        torch.testing.assert_close(found["got_c"][1:] + within[:-1], c)
        if layer.cell.normalisation == "none":
            into = torch.autograd.functional.jacobian(lambda c: output(layer, found, c), found["c"][:-1])
            torch.testing.assert_close(within[:-1], found["dh"][:-1] * torch.einsum("thth->th", into))
    torch.testing.assert_close(found["m_h"] + found["local"], found["dh"])
    cut = [b for b in range(1, T) if (found["got_h"][b] == 0).all()]
    assert cut == ([1, 5] if mode in ("windows", "reset") else [])


def output(layer, found, c):
    """h of the steps that made c, the output gate's peephole included."""
    total = found["in.o"][:-1] + found["st.o"][:-1]
    if "weight_peephole" in layer.params:
        seen = c.detach() if layer.cell.stops_gradient else c
        total = total + layer.params["weight_peephole"][-1] * (seen - c.detach())
    return torch.sigmoid(total) * (c if layer.cell.variant == "no-output-activation" else torch.tanh(c))


@each_variant
def test_forwards_and_at_the_gates_each_number_follows_from_its_neighbours(name):
    layer, motion = moved(name)
    e = cell_diagram(motion, 2)
    if "c" in e:
        torch.testing.assert_close(e["kept"] + e["new"], e["c"])
        torch.testing.assert_close(e["o"] * e["tanh_c"], e["h"])
    elif "z" in e:
        torch.testing.assert_close(e["kept"] + e["new"], e["h"])
    for q in layer.cell.gate_names or ("recurrent",):
        slope = SLOPES.get(name, 1 - e[q] ** 2 if q in ("g", "n", "recurrent") else e[q] * (1 - e[q]))
        slope = slope(e[q]) if callable(slope) else slope
        one_gate = q == "i" and "f" not in layer.cell.gate_names and "d.f" in e
        torch.testing.assert_close((e["d.i"] - e["d.f"] if one_gate else e[f"d.{q}"]) * slope, e[f"a.{q}"])
    assert all(value.shape == (T, H) for value in e.values())


@each_variant
def test_the_clamp_limits_what_one_sequence_hands_back(name):
    _, motion = moved(name, clip="backprop", threshold=1e-3)
    found = cell_diagram(motion, 0)
    assert float(found["got_h"].abs().max()) == pytest.approx(1e-3)
    own = torch.cat([torch.zeros(1, H).double(), found["local"][:-1]])
    torch.testing.assert_close(own + found["got_h"], N * motion.backward.states["h"][:-1, 0])


def test_a_reset_step_goes_on_from_zero():
    _, motion = moved("LSTM", "reset")
    found = cell_diagram(motion, 0)
    assert not found["h0"][[1, 5]].any() and not found["kept"][[1, 5]].any() and found["h0"][2].any()
