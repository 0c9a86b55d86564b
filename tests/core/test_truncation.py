"""Windows of K counted back from the end."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.cells import CELLS
from core.config import RunConfig
from core.errors import ConfigError
from core.truncation import windows


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
