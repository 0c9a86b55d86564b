"""Frames with awkward numbers, and a config to go with them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.config import RunConfig
from core.frames import SCALARS, Frame, Planes


@pytest.fixture
def config() -> RunConfig:
    return RunConfig.preset("temporal-order-lstm", steps=30)


@pytest.fixture
def make_frame() -> Callable[..., Frame]:
    """``make_frame(step, since=step, planes=…, weights=…, carousel=True)``: random, with NaN, inf and subnormals."""
    return _make_frame


def _make_frame(
    step: int, since: int | None = None, *, planes: bool = False, weights: bool = False, carousel: bool = True
) -> Frame:
    draw = np.random.default_rng(step)
    T, H, steps = 6, 3, np.arange(step if since is None else since, step + 1)
    past = np.random.default_rng([step, 1])
    history = {name: past.normal(size=len(steps)) for name in SCALARS} | {"step": steps}
    history["score"][0], history["grad_norm"][-1] = np.nan, np.inf
    grad_h = draw.normal(size=T + 1).astype(np.float32) ** 2
    grad_h[:3] = 0.0, 1e-42, np.nan
    grad_c = grad_h * 2 if carousel else None
    flow = np.hypot(grad_h, grad_c) if grad_c is not None else grad_h
    states = {name: draw.normal(size=(T, 2, H)).astype(np.float32) for name in "ifgo"}
    return Frame(
        step=step,
        **{name: float(history[name][-1]) for name in SCALARS},
        score_step=max(0, step - 1),
        param_norms={"weight_ih": 1 / 3, "readout.bias": float("nan")},
        update_norms={"weight_ih": 1 / 7},
        grad_h=grad_h,
        grad_c=grad_c,
        flow=flow,
        flow_last=flow.copy(),
        history=history,
        planes=Planes(states if carousel else {}, states["i"], states["o"] if carousel else None) if planes else None,
        weights={"weight_ih": states["f"], "readout.bias": states["g"]} if weights else None,
    )
