"""Clipping against torch.nn.utils."""

import pytest
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from core.backprop.clipping import clip, global_norm
from core.errors import ConfigError


def drawn(scale=1.0):
    generator = torch.Generator().manual_seed(0)
    return {"a": scale * torch.randn(3, 4, generator=generator), "b": scale * torch.randn(5, generator=generator)}


def parameters(grads):
    found = [torch.nn.Parameter(torch.zeros_like(grad)) for grad in grads.values()]
    for parameter, grad in zip(found, grads.values()):
        parameter.grad = grad.clone()
    return found


@pytest.mark.parametrize("threshold", [0.01, 1.0, 100.0])
def test_by_norm_is_torchs(threshold):
    theirs = parameters(drawn())
    norm = clip_grad_norm_(theirs, threshold)
    clipped = clip(drawn(), "norm", threshold)
    assert clipped.norm_before == pytest.approx(norm.item(), rel=1e-6)
    assert clipped.norm_after == pytest.approx(min(threshold, norm.item()), rel=1e-5)
    for parameter, grad in zip(theirs, clipped.grads.values()):
        torch.testing.assert_close(grad, parameter.grad)


def test_by_value_is_torchs():
    theirs = parameters(drawn())
    clip_grad_value_(theirs, 0.5)
    clipped = clip(drawn(), "value", 0.5)
    for parameter, grad in zip(theirs, clipped.grads.values()):
        assert torch.equal(grad, parameter.grad)
    assert clipped.norm_after == global_norm(clipped.grads) < clipped.norm_before


def test_none_leaves_everything():
    clipped = clip(drawn(), "none", 1e-9)
    assert clipped.norm_after == clipped.norm_before == pytest.approx(global_norm(drawn()))


def test_below_the_threshold_the_bits_stay():
    grads = drawn()
    assert all(torch.equal(clip(drawn(), "norm", 1e6).grads[name], grads[name]) for name in grads)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_norms_beyond_float32_squares(scale):
    assert clip(drawn(scale), "none", 1).norm_before == pytest.approx(scale * global_norm(drawn()), rel=1e-6)


@pytest.mark.parametrize("kind", ["none", "norm", "value"])
def test_what_is_not_finite_passes_through(kind):
    for value in (float("nan"), float("inf")):
        clipped = clip({"a": torch.tensor([1.0, value])}, kind, 1.0)
        assert not clipped.norm_before < float("inf")
    assert clip({"a": torch.tensor([float("nan")])}, kind, 1.0).grads["a"].isnan().all()


def test_unknown_kind_is_said():
    with pytest.raises(ConfigError, match="sideways"):
        clip(drawn(), "sideways", 1.0)  # pyright: ignore[reportArgumentType]
