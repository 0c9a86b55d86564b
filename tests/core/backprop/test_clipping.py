"""Clipping against torch.nn.utils."""

import math

import pytest
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from core.backprop.clipping import angle, clip, compared, global_norm
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


@pytest.mark.parametrize("degrees", [0.0, 1e-7, 1e-3, 30.0, 90.0, 179.0, 180.0])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_the_angle_is_known_to_its_digits(degrees, scale):
    turned = math.radians(degrees)
    one = {"a": torch.tensor([1.0, 0.0], dtype=torch.float64), "b": torch.zeros(2, 2, dtype=torch.float64)}
    other = {"a": scale * torch.tensor([math.cos(turned), math.sin(turned)], dtype=torch.float64), "b": one["b"]}
    assert angle(one, other) == pytest.approx(degrees, rel=1e-9, abs=1e-12)


def test_by_norm_keeps_the_direction_and_by_value_bends_it():
    before = drawn()
    by_value = clip(drawn(), "value", 0.5)
    assert clip(drawn(), "none", 0.5).angle == clip(drawn(), "norm", 0.5).angle == 0
    assert by_value.angle == angle(before, by_value.grads) > 1
    cosine = sum(float((before[k] * by_value.grads[k]).sum()) for k in before)
    cosine /= by_value.norm_before * by_value.norm_after
    assert by_value.angle == pytest.approx(math.degrees(math.acos(cosine)), rel=1e-5)
    assert clip(drawn(), "value", 1e6).angle == 0


def test_an_angle_that_does_not_exist_is_not_a_number():
    zero, broken = {"a": torch.zeros(3)}, {"a": torch.tensor([1.0, float("nan"), 0.0])}
    assert angle(zero, zero) == 0
    assert math.isnan(angle(zero, {"a": torch.ones(3)}))
    assert math.isnan(angle(broken, {"a": torch.ones(3)}))
    assert all(math.isnan(clip({"a": broken["a"].clone()}, kind, 1).angle) for kind in ("none", "norm", "value"))


def test_two_gradients_beside_each_other():
    one, other = drawn(), drawn(2.0)
    found = compared(one, other)
    assert found.grads == other
    assert found.norm_after == pytest.approx(2 * found.norm_before)
    assert found.angle == pytest.approx(0, abs=1e-5)


def test_unknown_kind_is_said():
    with pytest.raises(ConfigError, match="sideways"):
        clip(drawn(), "sideways", 1.0)  # pyright: ignore[reportArgumentType]
