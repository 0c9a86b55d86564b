"""Frames with gradients known in closed form, so that no test of the front end trains or imports torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.config import RunConfig
from core.data import PROBES
from core.frames import SCALARS, Frame, Planes

MakeFrame = Callable[..., Frame]


def _planes(config: RunConfig) -> Planes:
    T, H, name = config.task.length, config.cell.hidden_size, config.cell.name
    rng = np.random.default_rng(0)
    names = {"rnn": "", "gru": "rzn", "lstm": "ifgo", "peephole": "ifgo"}[name]
    states = rng.uniform(-1, 1, (2, T + 1, PROBES, H)).astype(np.float32)
    gates = {gate: rng.uniform(0, 1, (T, PROBES, H)).astype(np.float32) for gate in names}
    return Planes(gates, states[0], 4 * states[1] if name in ("lstm", "peephole") else None)


@pytest.fixture
def make_frame() -> MakeFrame:
    """``make_frame(config, step=0, beta=.9, planes=False, flow=None, **scalars)``: flow .5 · β^lag, cut where cut."""

    def make(
        config: RunConfig,
        step: int = 0,
        *,
        beta: float = 0.9,
        planes: bool = False,
        flow: np.ndarray | None = None,
        **scalars: Any,
    ) -> Frame:
        if flow is None:
            flow = (0.5 * beta ** np.arange(config.task.length, -1, -1.0)).astype(np.float32)
            flow[: max(config.cuts, default=-1) + 1] = 0
        values = dict.fromkeys(SCALARS, 1.0) | {"score": 0.3, "grad_norm": 2.0, "grad_norm_clipped": 1.0} | scalars
        cell = config.cell.name in ("lstm", "peephole")
        history = {"step": np.array([step])} | {name: np.array([values[name]]) for name in SCALARS}
        return Frame(
            step=step,
            **values,
            score_step=step,
            param_norms={},
            grad_h=0.6 * flow,
            grad_c=0.8 * flow if cell else None,
            flow=flow,
            flow_last=flow,
            history=history,
            planes=_planes(config) if planes else None,
        )

    return make
