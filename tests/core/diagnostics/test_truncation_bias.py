"""For every K, judged by a backward pass of its own: the engine's with cuts for windows, autograd's for sliding."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.backprop.readout import losses
from core.config import RunConfig
from core.diagnostics import truncation_bias as module
from core.diagnostics.compared import grid
from core.diagnostics.truncation_bias import sequences_for, truncation_bias
from core.moment import Moment
from core.network import Network
from core.tasks import Batch
from core.training.replay import moment_of
from core.truncation import Truncation, windows

T, N, H = 14, 3, 4
CELLS = ["rnn", "lstm", "peephole", "gru"]
TASKS = {
    "last step": {"task.name": "adding"},
    "recall": {"task.name": "copy", "task.symbols_to_copy": 3, "task.asked": "recall"},
    "every step": {"task.name": "copy", "task.symbols_to_copy": 3},
}


def moment(cell: str = "lstm", task: str = "every step", **flat) -> Moment:
    """Untrained, in double precision, with weights large enough for the gradient to reach far."""
    sizes = {"task.length": T, "cell.hidden_size": H, "batch_size": N}
    plain = moment_of(RunConfig.from_flat(sizes | {"cell.name": cell} | TASKS[task] | flat), 0)
    wide = plain.network.wide()
    return with_params(replace(plain, network=wide), {name: 1.5 * values for name, values in wide.layer.params.items()})


def with_params(taken: Moment, params) -> Moment:
    """The same moment with other weights in its layer."""
    return replace(taken, network=Network.of(taken.cell, params, taken.network.readout))


def unevenly_asked(taken: Moment) -> Moment:
    """Each sequence asked at steps of its own, one of them before the end only."""
    mask = np.random.default_rng(5).random((T, N)) < 0.3
    mask[4], mask[6:, 1] = True, False
    return replace(taken, batch=replace(taken.batch, asked=mask))


def flat(grads) -> np.ndarray:
    return torch.cat([grads[name].reshape(-1) for name in sorted(grads)]).numpy()


def compared(truncated: np.ndarray, full: np.ndarray) -> tuple[float, float, float]:
    size, whole = np.linalg.norm(truncated), np.linalg.norm(full)
    return np.linalg.norm(truncated - full) / whole, truncated @ full / size / whole, size / whole


def check(found, mode: str, i: int, truncated, full) -> None:
    """``truncated`` and ``full`` are gradients by parameter."""
    names = ("relative_bias", "cosine", "norm_ratio")
    np.testing.assert_allclose([found[f"{mode}.{name}"][i] for name in names],
                               compared(flat(truncated), flat(full)), atol=1e-12)  # fmt: skip
    cell = [{name: grads[name] for name in grads if not name.startswith("readout")} for grads in (truncated, full)]
    np.testing.assert_allclose([found[f"{mode}.cell_{name}"][i] for name in names],
                               compared(*map(flat, cell)), atol=1e-12)  # fmt: skip


def of(taken: Moment, cuts=(), truncation=None):
    return gradients(taken.network, taken.batch, cuts, truncation=truncation).grads


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("cell", CELLS)
def test_windows_of_every_k_as_a_backward_pass_with_cuts_has_them(cell, task) -> None:
    taken = moment(cell, task)
    found, full = truncation_bias(taken), of(taken)
    assert found["windows.K"].tolist() == list(range(1, T + 1))
    for i, K in enumerate(found["windows.K"]):
        check(found, "windows", i, of(taken, windows(T, int(K))), full)


@pytest.mark.parametrize("cell", CELLS)
def test_sliding_by_autograd_with_a_graph_of_its_own_for_every_loss(cell) -> None:
    taken = unevenly_asked(moment(cell))
    found, full = truncation_bias(taken), of(taken)
    assert found["sliding.K"].tolist() == list(range(1, T + 1))
    for i, K in enumerate(found["sliding.K"]):
        check(found, "sliding", i, by_autograd(taken, int(K)), full)


def by_autograd(taken: Moment, K: int):
    """Every loss followed back through ``Cell.step`` by K inputs, from a state that is a constant."""
    leaves = {name: values.clone().requires_grad_() for name, values in taken.network.parameters.items()}
    learnt = Network.named(taken.cell, leaves)
    x = torch.tensor(taken.batch.x).double()
    states = [tuple(torch.zeros(N, H, dtype=torch.float64) for _ in taken.cell.state_parts)]
    for t in range(T):
        states.append(tuple(part.detach() for part in taken.cell.step(taken.layer.params, x[t], states[-1])[0]))
    total = torch.zeros((), dtype=torch.float64)
    for s in range(1, T + 1):
        state = states[max(0, s - K)]
        for t in range(max(0, s - K), s):
            state, _ = taken.cell.step(learnt.layer.params, x[t], state)
        asked = torch.tensor(taken.batch.asked)
        answer = state[0] @ learnt.readout["weight"].T + learnt.readout["bias"]
        loss, _ = losses(answer, torch.tensor(taken.batch.target[s - 1]))
        total = total + (loss * asked[s - 1] / asked.sum(dim=0)).sum() / N
    total.backward()
    return {name: leaf.grad for name, leaf in leaves.items()}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("mode", ["windows", "sliding"])
def test_the_norm_ratio_is_that_of_what_two_runs_would_record(mode, task) -> None:
    taken = moment("gru", task)
    found, K = truncation_bias(taken), 5
    truncated, full = of(taken, truncation=Truncation(mode, T, K, K)), of(taken)
    ratio = np.linalg.norm(flat(truncated)) / np.linalg.norm(flat(full))
    np.testing.assert_allclose(found[f"{mode}.norm_ratio"][K - 1], ratio, rtol=1e-12)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("cell", CELLS)
def test_k_of_the_whole_sequence_is_the_full_gradient(cell, task) -> None:
    single = moment_of(moment(cell, task).config, 0)  # in the precision of a run
    found = truncation_bias(single)
    for mode in ("windows", "sliding"):
        last = [found[f"{mode}.{name}"][-1] for name in ("relative_bias", "cosine", "norm_ratio")]
        np.testing.assert_allclose(last, [0, 1, 1], atol=1e-6)
        assert found[f"{mode}.K"][-1] == T


@pytest.mark.parametrize("beta", [0.5, 0.9, 1.1])
def test_geometric_decay_has_the_closed_form(beta) -> None:
    """A tanh unit that stays at zero is linear, and with equal inputs all steps pull one way: by β^k at lag k."""
    taken = moment("rnn", "last step")
    params = {name: torch.zeros_like(values) for name, values in taken.layer.params.items()}
    params["weight_hh"] = beta * torch.eye(H, dtype=torch.float64)
    batch = Batch(np.ones_like(taken.batch.x), *[getattr(taken.batch, n) for n in ("target", "asked", "scored")])
    found = truncation_bias(replace(with_params(taken, params), batch=batch))
    K = np.arange(1, T + 1)
    for mode in ("windows", "sliding"):
        bias = (beta**K - beta**T) / (1 - beta**T)
        np.testing.assert_allclose(found[f"{mode}.cell_relative_bias"], bias, atol=1e-12)
        np.testing.assert_allclose(found[f"{mode}.cell_cosine"], 1, rtol=1e-12)
        np.testing.assert_allclose(found[f"{mode}.cell_norm_ratio"], 1 - bias, rtol=1e-12)
    np.testing.assert_allclose(found["phi"], found["phi"][0] * beta ** np.arange(T + 1), rtol=1e-12)


def test_a_bias_below_all_rounding_is_still_a_number() -> None:
    """Float32, decay .3 over 14 steps: what K = 13 leaves out is 1e-7 of the gradient, and known to five digits."""
    taken = moment_of(moment("rnn", "last step").config, 0)
    params = {name: torch.zeros_like(values) for name, values in taken.layer.params.items()}
    params["weight_hh"] = 0.3 * torch.eye(H)
    batch = Batch(np.ones_like(taken.batch.x), *[getattr(taken.batch, n) for n in ("target", "asked", "scored")])
    found = truncation_bias(replace(with_params(taken, params), batch=batch))
    np.testing.assert_allclose(found["sliding.cell_relative_bias"][12], 0.3**13 * 0.7 / (1 - 0.3**14), rtol=1e-5)


def test_the_lag_profile_is_the_mean_flow_of_one_loss() -> None:
    taken = unevenly_asked(moment("lstm"))
    found, sums, counts = truncation_bias(taken)["phi"], np.zeros(T + 1), np.zeros(T + 1)
    for s in range(1, T + 1):
        for n in np.flatnonzero(taken.batch.asked[s - 1]):
            alone = np.zeros((T, N), bool)
            alone[s - 1, n] = True
            one = replace(taken, batch=replace(taken.batch, asked=alone))
            flow = gradients(one.network, one.batch).profiles.flow
            sums[: s + 1] += N * flow[s::-1]
            counts[: s + 1] += 1
    known = counts > 0
    np.testing.assert_allclose(found[known], (sums / np.maximum(counts, 1))[known], rtol=1e-12)
    assert np.isnan(found[~known]).all() and known.sum() < T + 1


def test_a_lag_profile_of_the_last_loss_is_the_flow_of_the_frame() -> None:
    taken = moment("lstm", "last step")
    flow = gradients(taken.network, taken.batch).flow_last
    np.testing.assert_allclose(truncation_bias(taken)["phi"], flow[::-1], rtol=1e-12)


def test_where_the_readout_alone_is_trained_truncation_changes_nothing() -> None:
    found = truncation_bias(moment(trained="readout"))
    assert (found["windows.relative_bias"] == 0).all()
    np.testing.assert_allclose(found["windows.cosine"], 1)
    assert found["windows.cell_relative_bias"][0] > 0.01  # the flow of the gradient is still that of the cell


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_what_is_not_finite_is_no_exception(task, value) -> None:
    taken = moment_of(moment("gru", task).config, 0)
    found = truncation_bias(
        with_params(taken, {name: torch.full_like(w, value) for name, w in taken.layer.params.items()})
    )
    assert all(len(values) for values in found.values())
    if np.isnan(value):
        assert np.isnan(found["windows.relative_bias"]).all() and np.isnan(found["sliding.cosine"]).all()


@pytest.mark.parametrize("chunk_bytes", [1, 20_000])
def test_small_chunks_give_the_same(monkeypatch, chunk_bytes) -> None:
    taken = unevenly_asked(moment())
    whole = truncation_bias(taken)
    monkeypatch.setattr("core.diagnostics.many_losses.CHUNK_BYTES", chunk_bytes)
    for name, values in truncation_bias(taken).items():
        np.testing.assert_allclose(values, whole[name], atol=1e-12)


@pytest.mark.parametrize("task", ["last step", "every step"])
def test_a_coarser_grid_gives_the_same_where_it_has_a_k(monkeypatch, task) -> None:
    taken = moment("peephole", task)
    whole = truncation_bias(taken)
    monkeypatch.setattr(module, "_affordable", lambda moment, patience: 6)
    monkeypatch.setattr(module, "_many", lambda moment, patience: 6)
    monkeypatch.setattr(module, "STORED_NUMBERS", 1)
    some = truncation_bias(taken)
    K = some["sliding.K"]
    assert len(K) < T and K[0] == 1 and K[-1] == T
    for name in ("windows.relative_bias", "sliding.cosine", "sliding.cell_norm_ratio"):
        np.testing.assert_allclose(some[name], whole[name][K - 1], atol=1e-12)
    np.testing.assert_array_equal(some["phi"], whole["phi"])


def test_losses_that_are_too_many_are_followed_as_far_as_can_be_afforded(monkeypatch) -> None:
    taken = moment()
    whole = truncation_bias(taken)
    monkeypatch.setattr(module, "_reach", lambda moment, losses, patience: 5)
    some = truncation_bias(taken)
    assert some["sliding.K"].tolist() == [1, 2, 3, 4, 5, T] and some["windows.K"][-1] == T
    for mode in ("windows", "sliding"):
        for name in ("relative_bias", "cosine", "norm_ratio"):
            exact = whole[f"{mode}.{name}"][some[f"{mode}.K"] - 1]
            np.testing.assert_allclose(some[f"{mode}.{name}"], exact, atol=1e-12)
    np.testing.assert_allclose(some["phi"][:6], whole["phi"][:6], rtol=1e-12)
    assert np.isnan(some["phi"][6:]).all()


def test_more_patience_follows_losses_further(monkeypatch) -> None:
    taken = moment()
    monkeypatch.setattr(module, "BUDGET_SECONDS", 1e-7)
    assert np.isnan(truncation_bias(taken)["phi"]).any()
    assert np.isfinite(truncation_bias(taken, patience=1e9)["phi"]).all()


def test_a_question_takes_as_many_sequences_as_it_can_afford() -> None:
    large = {"task.length": 200, "cell.hidden_size": 64, "batch_size": 32}
    config = RunConfig.from_flat(large | {"task.name": "copy"})
    assert sequences_for(moment_of(config, 0)) < 8
    assert sequences_for(moment_of(RunConfig.from_flat(large), 0)) == 8
    assert sequences_for(moment()) == N
    huge = RunConfig.from_flat({"task.length": 1000, "cell.hidden_size": 512, "batch_size": 32})
    assert sequences_for(moment_of(huge, 0)) == 4


@pytest.mark.parametrize("length", [1, 2, 7, 200, 10_000])
@pytest.mark.parametrize("most", [4, 9, 300])
def test_a_grid_begins_with_one_and_ends_with_all(length, most) -> None:
    K = grid(length, most)
    assert K[0] == 1 and K[-1] == length and (np.diff(K) > 0).all() and len(K) <= max(most, 4) + 1
