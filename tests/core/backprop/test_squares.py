"""The squares behind every norm over time: compiled as in torch, and in double precision."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.backprop import squares as module
from core.backprop.squares import squares


def by_torch(grad, monkeypatch):
    """As on every device but the CPU."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "on_kernels", lambda tensor: False)
        return squares(grad)


@given(shape=st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9)), seed=st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_they_are_summed_in_double_precision(shape, seed):
    grad = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 1e-25
    with pytest.MonkeyPatch.context() as monkeypatch:
        twin = by_torch(grad, monkeypatch)
    torch.testing.assert_close(squares(grad), twin, rtol=1e-12, atol=0)
    torch.testing.assert_close(twin, grad.double().square().sum(dim=2), rtol=1e-12, atol=0)
    hidden_major = grad.transpose(1, 2).contiguous().transpose(1, 2)
    assert torch.equal(squares(hidden_major), squares(grad))
