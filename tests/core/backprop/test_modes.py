"""Every kind of truncation, with and without a clamp, against autograd through ``Cell.step``: a graph of its own for
each group of losses that share their cuts, begun at the cut."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from core.backprop.bptt import gradients, recorded
from core.backprop.clipping import compared
from core.backprop.evaluation import evaluate, predictions
from core.backprop.judges import relative_error
from core.backprop.stream import Stream
from core.cells import CELLS, VARIANTS
from core.network import Network, init_readout
from core.tasks import Batch, Copying, TemporalOrder
from core.truncation import Truncation, windows

H, C = 4, 3
MODES = ("full", "windows", "sliding", "stream", "reset")
TASKS = [TemporalOrder(length=12), TemporalOrder(length=12, asked="every"), Copying(length=9, symbols_to_copy=2)]
each_cell = pytest.mark.parametrize("cell", VARIANTS.values(), ids=list(VARIANTS))


def drawn(cell, seed, classes=3, inputs=C, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    params = cell.init(inputs, H, generator=generator, dtype=dtype)
    for name in params:
        params[name] = params[name] * 1.5
    return Network.of(cell, params, init_readout(H, classes, generator=generator, dtype=dtype))


def random_batch(T, N, seed, numbers=False):
    """Sequences asked at random steps, at least once each."""
    rng = np.random.default_rng(seed)
    asked = rng.random((T, N)) < rng.choice([0.2, 0.6, 1.0])
    asked[rng.integers(0, T, N), np.arange(N)] = True
    target = rng.normal(size=(T, N)).astype(np.float32) if numbers else rng.integers(0, 3, (T, N))
    return Batch(rng.normal(size=(T, N, C)).astype(np.float32), target, asked, asked)


def groups(truncation, T):
    """{what losses share: (state where their gradient stops, their steps)}, straight from the definitions."""
    K, stride, found = truncation.K, truncation.stride, {}
    for s in range(1, T + 1):
        if truncation.mode == "full":
            key = stop = 0
        elif truncation.mode == "sliding":
            key, stop = 0 if s <= K and s + K > T else s, max(0, s - K)  # 0: never cut, together
        elif truncation.mode == "stream":
            key = T - (T - s) // stride * stride
            stop = max(0, key - K)
        else:
            key = stop = max([0, *(b for b in range(1, s) if (T - b) % K == 0)])
        found.setdefault(key, (stop, []))[1].append(s)
    return found


def loss_at(s, h, readout, batch):
    """The part of the batch mean that is taken at step s, a tensor; zero where no sequence is asked."""
    target, asked = torch.tensor(batch.target)[s - 1], torch.tensor(batch.asked)
    answer = h @ readout["weight"].T + readout["bias"]
    if target.is_floating_point():
        each = (answer.squeeze(-1) - target.to(answer.dtype)) ** 2
    else:
        each = cross_entropy(answer, target, reduction="none")
    return torch.where(asked[s - 1], each / asked.sum(dim=0), 0).mean()


def limited(part, clamp):
    copy = part.clone()
    if clamp is not None:
        copy.register_hook(lambda grad: grad.clamp(-clamp, clamp))
    return copy


def by_autograd(network, batch, truncation, clamp=None):
    """(loss, {name: gradient}, ∂L/∂h (T+1, N, H)), all groups' graphs summed; ``clamp`` of the batch mean's carry."""
    x, cell = torch.tensor(batch.x, dtype=torch.float64), network.cell
    T, N = x.shape[:2]
    resets = windows(T, truncation.K) if truncation.mode == "reset" else []
    zeros = tuple(torch.zeros(N, H, dtype=x.dtype) for _ in cell.state_parts)
    states = [zeros]
    for t in range(T):
        states.append(cell.step(network.layer.params, x[t], zeros if t in resets else states[t])[0])
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in network.parameters.items()}
    learnt = Network.named(cell, leaves)
    total, grad_h = 0.0, torch.zeros(T + 1, N, H, dtype=x.dtype)
    grads = {name: torch.zeros_like(tensor) for name, tensor in leaves.items()}
    for stop, steps in groups(truncation, T).values():
        start = tuple((0 * part if stop in resets else part).detach().requires_grad_() for part in states[stop])
        history = [start]
        for t in range(stop, max(steps)):
            before = tuple(limited(part, clamp) for part in history[-1])
            history.append(cell.step(learnt.layer.params, x[t], before)[0])
        loss = sum(loss_at(s, history[s - stop][0], learnt.readout, batch) for s in steps)
        hs = [state[0] for state in history]
        found = torch.autograd.grad(loss, [*leaves.values(), *hs], allow_unused=True, materialize_grads=True)
        total += float(loss.detach())
        for name, grad in zip(grads, found):
            grads[name] += grad
        begin = 0 if stop == 0 else 1  # a state that is stored gets nothing
        for t, grad in list(enumerate(found[len(leaves) :]))[begin:]:
            grad_h[stop + t] += grad
    return total, grads, grad_h


@given(
    cell=st.sampled_from(list(VARIANTS.values())), mode=st.sampled_from(MODES), T=st.integers(1, 9),
    N=st.integers(1, 3), K=st.integers(1, 10), stride=st.integers(1, 10), seed=st.integers(0, 2**31),
    clamp=st.none() | st.floats(1e-3, 0.3), numbers=st.booleans(),
)  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_loss_gradients_and_flow_agree_with_a_graph_for_each_loss(cell, mode, T, N, K, stride, seed, clamp, numbers):
    network = drawn(cell, seed, classes=1 if numbers else 3)
    batch, truncation = random_batch(T, N, seed, numbers), Truncation(mode, T, K, min(stride, K))
    found = gradients(network, batch, truncation=truncation, clamp=clamp)
    loss, grads, grad_h = by_autograd(network, batch, truncation, None if clamp is None else clamp / N)
    assert found.loss == pytest.approx(loss)
    assert found.grads.keys() == grads.keys()
    for name, grad in grads.items():
        torch.testing.assert_close(found.grads[name], grad, rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(found.back.grad_h, grad_h, rtol=1e-8, atol=1e-12)
    if clamp is not None:
        _, without, _ = by_autograd(network, batch, truncation)
        for name, grad in without.items():
            torch.testing.assert_close(found.free[name], grad, rtol=1e-8, atol=1e-12)


def last_flow(network, batch, truncation):
    """(T+1,) mean over sequences of ‖∂ℓ/∂state[t]‖, ℓ the last loss of a sequence alone, at its full weight: a graph
    for each sequence, begun where the definitions stop that loss."""
    x, cell = torch.tensor(batch.x, dtype=torch.float64), network.cell
    T, N = x.shape[:2]
    resets = windows(T, truncation.K) if truncation.mode == "reset" else []
    stops = {s: stop for stop, steps in groups(truncation, T).values() for s in steps}
    flow = torch.zeros(T + 1, N, dtype=x.dtype)
    for n in range(N):
        states = [tuple(torch.zeros(1, H, dtype=x.dtype) for _ in cell.state_parts)]
        s = int(np.flatnonzero(batch.asked[:, n])[-1]) + 1
        for t in range(s):
            before = tuple((0 if t in resets else 1) * part for part in states[t])
            if t == stops[s] or not t:
                before = tuple(part.detach().requires_grad_() for part in before)
                states[t] = before
            states.append(cell.step(network.layer.params, x[t, n : n + 1], before)[0])
        alone = Batch(*(part[:, n : n + 1] for part in (batch.x, batch.target, batch.asked, batch.scored)))
        weighted = loss_at(s, states[s][0], network.readout, alone) * int(batch.asked[:, n].sum())
        first = stops[s] + (stops[s] > 0)  # a state that is stored gets nothing
        seen = [part for state in states[first:] for part in state]
        grads = torch.autograd.grad(weighted, seen, allow_unused=True, materialize_grads=True)
        flow[first : s + 1, n] = torch.cat(grads, dim=1).view(s + 1 - first, -1).norm(dim=1)
    return flow.mean(dim=1).numpy()


@given(
    cell=st.sampled_from(list(VARIANTS.values())), mode=st.sampled_from(MODES), T=st.integers(2, 9),
    N=st.integers(1, 3), K=st.integers(1, 10), stride=st.integers(1, 10), seed=st.integers(0, 2**31),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_the_flow_of_each_sequences_last_loss_alone(cell, mode, T, N, K, stride, seed):
    """Sequences differ in how often and where they are asked last; a stream's updates hold one loss or several."""
    network, truncation = drawn(cell, seed), Truncation(mode, T, K, min(stride, K))
    batch = random_batch(T, N, seed)
    expected = last_flow(network, batch, truncation)
    found = gradients(network, batch, truncation=truncation).flow_last
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12)
    if mode == "stream":
        stream = Stream(network, batch, truncation)
        list(stream)
        np.testing.assert_allclose(recorded(stream.back, stream.alone)[1], expected, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("last", [1, 3], ids=["one loss", "several losses"])
def test_the_last_update_of_a_stream_counts_the_last_loss_in_full(last):
    """Asked two to five times each, with ``last`` losses of every sequence in the last update of four inputs."""
    T, truncation, network = 12, Truncation("stream", 12, 6, 4), drawn(CELLS["lstm"], 0)
    batch = random_batch(T, 3, 0)
    asked = np.zeros_like(batch.asked)
    asked[T - last :] = True
    for n in range(3):
        asked[1 : 2 + n, n] = True
    batch = Batch(batch.x, batch.target, asked, asked)
    stream = Stream(network, batch, truncation)
    list(stream)
    flow = recorded(stream.back, stream.alone)[1]
    np.testing.assert_allclose(flow, last_flow(network, batch, truncation), rtol=1e-9, atol=1e-15)
    assert flow[T] > 0 and flow[T - 6] == 0


@each_cell
@pytest.mark.parametrize("mode", MODES[1:])
@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.name}-{task.asked}")
def test_a_window_as_long_as_the_sequence_gives_the_bits_of_full_backpropagation(cell, mode, task):
    T, batch = task.length, task.sample(np.random.default_rng(1), 4, "training")
    network = drawn(cell, 1, task.output_size, task.input_size, torch.float32)
    full = gradients(network, batch)
    for K in (T, T + 5):
        found = gradients(network, batch, truncation=Truncation(mode, T, K, K))
        assert found.loss == full.loss
        assert all(torch.equal(found.grads[name], grad) for name, grad in full.grads.items())
        np.testing.assert_array_equal(found.flow_last, full.flow_last)


@each_cell
@pytest.mark.parametrize("stride", [1, 3, 5])
def test_a_stream_whose_weights_rest_sums_to_its_gradient(cell, stride):
    network = drawn(cell, 5)
    batch, truncation = random_batch(13, 3, 4), Truncation("stream", 13, 5, stride)
    whole = gradients(network, batch, truncation=truncation)
    stream = Stream(network, batch, truncation)
    parts = list(stream)
    assert stream.loss == pytest.approx(whole.loss)
    for name, grad in whole.grads.items():
        assert relative_error(sum(part.grads[name] for part in parts), grad) < 1e-9
    torch.testing.assert_close(stream.back.grad_h, whole.back.grad_h)
    assert len(parts) == len(
        [point for point in truncation.points if batch.asked[max(0, point - stride) : point].any()]
    )


@each_cell
def test_a_limit_that_nothing_reaches_changes_no_bit(cell):
    network = drawn(cell, 2, dtype=torch.float32)
    batch = random_batch(9, 3, 2)
    found = gradients(network, batch, clamp=1e6)
    assert all(torch.equal(found.free[name], grad) for name, grad in found.grads.items())
    assert compared(found.free, found.grads).angle == 0
    narrow = gradients(network, batch, clamp=1e-3)
    assert compared(narrow.free, narrow.grads).angle > 0.1


@each_cell
def test_the_limit_is_one_sequences_whatever_the_batch(cell):
    network = drawn(cell, 2)
    batch = random_batch(9, 3, 2)
    twice = Batch(
        *(np.concatenate([part, part], axis=1) for part in (batch.x, batch.target, batch.asked, batch.scored))
    )
    once, both = (gradients(network, b, clamp=0.01) for b in (batch, twice))
    assert all(relative_error(both.grads[name], grad) < 1e-9 for name, grad in once.grads.items())


@each_cell
def test_the_readout_alone(cell):
    network = drawn(cell, 2)
    batch = random_batch(9, 3, 2)
    whole, part = (
        gradients(network, batch),
        gradients(network, batch, parameters=False),
    )
    assert list(part.grads) == ["readout.weight", "readout.bias"]
    assert all(torch.equal(whole.grads[name], grad) for name, grad in part.grads.items())
    np.testing.assert_array_equal(part.profiles.flow, whole.profiles.flow)


@each_cell
@pytest.mark.parametrize("K", [1, 2, 4, 9, 12])
def test_a_reset_state_is_a_sequence_for_each_window(cell, K):
    T, N = 9, 3
    network = drawn(cell, 6)
    batch = random_batch(T, N, 8)
    x = torch.tensor(batch.x, dtype=torch.float64)
    edges = [0, *windows(T, K), T]
    parts = [network.layer.forward(x[a:b]).h[1:] for a, b in zip(edges, edges[1:])]  # noqa: RUF007
    h = torch.cat(parts)
    resets = windows(T, K)
    whole = network.layer.forward(x, resets=resets)
    torch.testing.assert_close(whole.h[1:], h)
    part = whole.between(edges[-2], T)
    torch.testing.assert_close(part.h[1:], parts[-1])
    answer = h @ network.readout["weight"].T + network.readout["bias"]
    torch.testing.assert_close(predictions(network, x, resets=resets), answer)
    right = (answer.argmax(-1).numpy() == batch.target)[batch.scored].mean()
    assert evaluate(network, batch, resets=resets).accuracy == pytest.approx(right)
