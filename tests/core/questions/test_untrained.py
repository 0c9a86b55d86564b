"""What is measured of networks before any training, recomputed by autograd through the readable equations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from core.anatomy import ANATOMIES
from core.cells import cell_of
from core.config import RunConfig
from core.data import training_batch
from core.diagnostics.cell_costs import size_of
from core.network import Network
from core.questions import CellCosts, GradientByLength, InitialGradients
from core.questions.over_training import Earlier
from core.training.replay import moment_of

CONFIG = RunConfig.from_flat({"task.length": 20, "cell.hidden_size": 4, "batch_size": 3, "steps": 5, "seed": 7})


def by_autograd(network: Network, config: RunConfig) -> np.ndarray:
    """(T+1,) mean over sequences of the norm over the state of ∂ (last loss of one sequence) ∂ state."""
    batch, wide = training_batch(config, 0), network.wide()
    x, N = torch.tensor(batch.x, dtype=torch.float64), config.batch_size
    state = tuple(torch.zeros(N, network.hidden_size, dtype=torch.float64) for _ in network.cell.state_parts)
    history = [tuple(part.requires_grad_() for part in state)]
    for x_t in x:
        history.append(network.cell.step(wide.layer.params, x_t, history[-1])[0])
    loss = cross_entropy(wide.answers(history[-1][0]), torch.tensor(batch.target[-1]), reduction="sum")
    flat = [part for state in history for part in state]
    found = torch.autograd.grad(loss, flat, allow_unused=True, materialize_grads=True)
    per_step = np.array([part.norm(dim=1).numpy() for part in found]).reshape(len(history), -1, N)
    return np.sqrt((per_step**2).sum(axis=1)).mean(axis=1)


def test_every_start_of_every_cell_as_autograd_has_it() -> None:
    arrays, facts = InitialGradients().answer(moment_of(CONFIG, 0), Earlier())
    offered = [(name, init) for name, anatomy in ANATOMIES.items() for init in anatomy.initialisations()]
    assert [(told["cell.name"], told["cell.init"]) for told in facts["starts"]] == offered
    assert facts["seeds"] == [7, 8, 9] and arrays["flow"].shape == (len(offered), 3, 21)
    for told, flows in zip(facts["starts"], arrays["flow"], strict=True):
        config = CONFIG.replace(**told).replace(seed=8)
        np.testing.assert_allclose(flows[1], by_autograd(Network.drawn(config), config), rtol=1e-9)


def test_it_is_the_same_at_every_training_step() -> None:
    untrained, trained = (InitialGradients().answer(moment_of(CONFIG, step), Earlier()) for step in (0, 4))
    np.testing.assert_array_equal(untrained[0]["flow"], trained[0]["flow"])


def test_what_arrives_by_length_untrained_and_of_the_moments_own_network() -> None:
    moment = moment_of(CONFIG, 4)
    arrays, facts = GradientByLength().answer(moment, Earlier())
    assert facts["cells"] == list(ANATOMIES) and facts["own"] == 20
    for place, T in ((0, 10), (2, 30)):
        assert arrays["length"][place] == T
        longer = CONFIG.replace(**{"task.length": T})
        flow = by_autograd(moment.network, longer)
        np.testing.assert_allclose(arrays["now"][place], flow[1] / flow[T], rtol=1e-9)
        for cell, shares in zip(facts["cells"], arrays["untrained"], strict=True):
            other = longer.replace(**{"cell.name": cell, "seed": 9})
            flow = by_autograd(Network.drawn(other), other)
            np.testing.assert_allclose(shares[2, place], flow[1] / flow[T], rtol=1e-9)


def test_lengths_that_a_task_cannot_have_are_left_out() -> None:
    copy = RunConfig.from_flat({"task.name": "copy", "task.length": 40, "task.symbols_to_copy": 10, "steps": 2})
    arrays, _ = GradientByLength().answer(moment_of(copy, 0), Earlier())
    assert arrays["length"][0] == 30 and np.isfinite(arrays["now"]).all()


def test_what_a_cell_costs_is_counted_and_measured() -> None:
    arrays, facts = CellCosts().answer(moment_of(CONFIG, 0), Earlier())
    for k, name in enumerate(facts["cells"]):
        cell = cell_of(CONFIG.replace(**{"cell.name": name}).cell)
        params = cell.init(6, 4, generator=torch.Generator())
        assert arrays["parameters"][k] == sum(tensor.numel() for tensor in params.values())
        weights = sum(tensor.numel() for key, tensor in params.items() if not key.startswith("bias"))
        assert arrays["products"][k] == weights, "each is multiplied once a step"
        known = cell.torch_layer(6, 4) is not None
        assert np.isfinite(arrays["layer.seconds"][k]) == np.isfinite(arrays["layer.bytes"][k]) == known
        assert arrays["ours.seconds"][k] > 0 and arrays["loop.seconds"][k] > 0
        states = len(cell.state_parts) * 20 * 3 * 4 * 4
        assert arrays["ours.bytes"][k] > states and arrays["loop.bytes"][k] > states, "in float32"


def test_a_long_pass_is_measured_over_fewer_steps() -> None:
    assert size_of(CONFIG).T == 20
    long = CONFIG.replace(**{"task.length": 5000, "cell.hidden_size": 256, "batch_size": 128})
    assert 10 <= size_of(long).T < 500


@pytest.mark.parametrize("T", [1, 3])
def test_the_shortest_sequences(T: int) -> None:
    shortest = RunConfig.from_flat({"task.name": "review", "task.length": 5 + T, "cell.hidden_size": 1, "steps": 1})
    for question in (InitialGradients(), GradientByLength()):
        arrays, _ = question.answer(moment_of(shortest, 0), Earlier())
        assert all(np.isfinite(values).all() for values in arrays.values())
