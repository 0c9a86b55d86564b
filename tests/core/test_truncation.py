"""Cuts and passes of the five kinds of truncation, against their definitions loss by loss."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.cells import CELLS
from core.config import RunConfig
from core.errors import ConfigError
from core.truncation import Truncation, windows

MODES = ("full", "windows", "sliding", "stream", "reset")


@st.composite
def truncations(draw):
    T, K = draw(st.integers(1, 30)), draw(st.integers(1, 40))
    return Truncation(draw(st.sampled_from(MODES)), T, K, draw(st.integers(1, K)))


def stopped_at(truncation, s):
    """The state beyond which the gradient of the loss at step s does not go, as each mode is defined."""
    T, K, stride = truncation.T, truncation.K, truncation.stride
    if truncation.mode == "full":
        return 0
    if truncation.mode == "sliding":
        return max(0, s - K)
    if truncation.mode == "stream":
        update = next(point for point in range(s, T + 1) if (T - point) % stride == 0)
        return max(0, update - K)
    return max([0, *(b for b in range(1, s) if (T - b) % K == 0)])


@given(st.integers(1, 300), st.integers(1, 400))
def test_windows_count_back_from_the_end(T, K):
    edges = [*windows(T, K), T]
    assert edges == sorted(set(edges))
    assert all(after - before == K for before, after in zip(edges, edges[1:]))  # noqa: RUF007
    assert 0 < edges[0] <= K


def test_window_longer_than_the_sequence_cuts_nothing():
    assert windows(10, 10) == windows(10, 99) == []


@pytest.mark.parametrize("K", [1, 7, 10, 49, 50, 60])
def test_settings_cut_at_the_same_places(K):
    config = RunConfig.from_flat({"task.length": 50, "truncation": "windows", "truncation_length": K})
    assert list(config.cuts) == windows(50, K)


def test_nonsense_is_said():
    with pytest.raises(ConfigError, match="truncation_length"):
        windows(10, 0)


@given(truncations(), st.data())
def test_every_loss_sees_what_its_mode_says_and_is_in_one_pass(truncation, data):
    losses = data.draw(st.sets(st.integers(1, truncation.T), min_size=1))
    passes = truncation.passes(losses)
    assert sorted(step for each in passes for step in each.losses) == sorted(losses)
    for each in passes:
        for step in each.losses:
            cut = max([b for b in each.cuts if b < step], default=0)
            assert cut == stopped_at(truncation, step)
            assert each.first <= cut < step <= each.stop
        assert 0 <= each.first < each.stop <= truncation.T
        assert all(each.first <= b < each.stop for b in each.cuts)


@given(truncations(), st.data())
def test_as_few_passes_as_can_be(truncation, data):
    losses = data.draw(st.sets(st.integers(1, truncation.T), min_size=1))
    count = len(truncation.passes(losses))
    if truncation.mode == "sliding":
        assert count <= min(truncation.K, len(losses), max(1, 1 + truncation.T - truncation.K))
    elif truncation.mode != "stream":
        assert count == 1


@given(truncations())
def test_the_last_loss_is_cut_at_the_last_of_the_cuts(truncation):
    assert max(truncation.cuts(), default=0) == stopped_at(truncation, truncation.T)


@given(truncations())
def test_without_losses_there_is_nothing_to_do(truncation):
    assert truncation.passes([]) == []


@given(truncations(), st.data())
def test_a_window_as_long_as_the_sequence_is_one_pass_over_all_of_it(truncation, data):
    losses = data.draw(st.sets(st.integers(1, truncation.T)).map(lambda steps: steps | {truncation.T}))
    whole = Truncation(truncation.mode, truncation.T, truncation.T + 3, truncation.T + 3)
    (only,) = whole.passes(losses)
    assert (only.first, only.stop, only.cuts) == (0, truncation.T, ())
    assert whole.cuts() == whole.resets == []


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("K", [1, 3, 5])
def test_a_loss_at_the_end_sees_exactly_k_steps(cell, K):
    T, N, H = 11, 2, 4
    generator = torch.Generator().manual_seed(0)
    params = cell.init(2, H, generator=generator)
    grad_out = torch.zeros(T, N, H)
    grad_out[-1] = 1
    trajectory = cell.forward(params, torch.randn(T, N, 2, generator=generator))
    back = cell.backward(params, trajectory, grad_out, cuts=windows(T, K))
    reached = (back.grad_h != 0).any(dim=2).any(dim=1)
    # K inputs, t = T−K … T−1, make h[T−K+1] … h[T]: those states feel the loss, none before.
    assert reached.tolist() == [t > T - K for t in range(T + 1)]
