"""The declared random distribution of small networks that forecasts are counted on: run ``index`` is always the same.

Every task, cell, variant, initialisation, kind of truncation, optimiser and kind of clipping has its share. What is
drawn is small: one core trains a run in a few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.config import RunConfig

DRAW = 20261
"""Seed of the distribution; with the index it decides a run."""

LENGTHS, HIDDEN, STEPS = (10, 100), (4, 64), (100, 2000)
"""Smallest and largest sequence length, number of hidden units and number of training steps, log-uniform between."""
BATCHES = (8, 16, 32, 64)

TASKS = ("temporal-order", "adding", "copy", "review", "two-lag")
CELLS = {"rnn": 0.28, "lstm": 0.3, "peephole": 0.14, "gru": 0.28}
"""Shares of the cells; every task has the same."""

RATES = {"adam": (1e-3, 5e-2), "rmsprop": (1e-3, 3e-2), "sgd": (1e-2, 1.0), "momentum": (3e-3, 0.3)}
"""Smallest and largest learning rate of each optimiser, log-uniform between."""

SECONDS = 2.0
"""About how long a run may take on one core; it has fewer training steps where it would take longer."""
A_STEP, A_CALL, AN_OPERATION = 1e-3, 15e-6, 9e-11
"""About what a training step takes, each step of its sequences, and each multiply-addition. These are part of the
declaration: a faster engine draws the same runs."""

READOUT_ALONE = 0.08
"""Share of the runs whose readout alone learns."""


def drawn(index: int) -> RunConfig:
    """The config of run ``index`` ≥ 0: a pure function of it."""
    rng = np.random.default_rng([DRAW, index])
    while True:
        config = RunConfig.from_flat(_flat(rng) | {"seed": index})
        steps = min(config.steps, int(SECONDS / _step_seconds(config)))
        if steps >= STEPS[0]:
            return config.replace(steps=steps)


def _flat(rng: np.random.Generator) -> dict[str, Any]:
    T = _whole(rng, *LENGTHS)
    optimizer = _pick(rng, {"adam": 0.55, "rmsprop": 0.15, "sgd": 0.15, "momentum": 0.15})
    return {
        **_task(rng, T),
        **_cell(rng),
        "optimizer": optimizer,
        "lr": _rounded(_log_uniform(rng, *RATES[optimizer])),
        "batch_size": int(rng.choice(BATCHES)),
        "steps": _whole(rng, *STEPS),
        **_truncation(rng, T),
        "clip": _pick(rng, {"norm": 0.6, "none": 0.2, "value": 0.1, "backprop": 0.1}),
        "clip_threshold": _rounded(_log_uniform(rng, 0.1, 10)),
        "trained": "readout" if rng.random() < READOUT_ALONE else "all",
    }


def _task(rng: np.random.Generator, T: int) -> dict[str, Any]:
    name = str(rng.choice(TASKS))
    flat: dict[str, Any] = {"task.name": name, "task.length": T}
    if name == "temporal-order":
        flat["task.places"] = int(rng.choice([2, 3], p=[0.75, 0.25]))
    if name == "copy":
        flat["task.symbols_to_copy"] = int(rng.integers(1, min(5, (T - 1) // 2) + 1))
        flat["task.alphabet"] = int(rng.integers(2, 9))
        flat["task.asked"] = str(rng.choice(["every", "recall"]))
    elif name == "two-lag":
        flat["task.long"] = _whole(rng, 2, min(20, T // 2))
        flat["task.short"] = int(rng.integers(0, flat["task.long"]))
    else:
        flat["task.asked"] = str(rng.choice(["last", "every"], p=[0.7, 0.3]))
    return flat


def _cell(rng: np.random.Generator) -> dict[str, Any]:
    name = _pick(rng, CELLS)
    flat: dict[str, Any] = {"cell.name": name, "cell.hidden_size": _whole(rng, *HIDDEN)}
    inits = {"default": 0.4, "orthogonal": 0.12, "xavier": 0.12, "identity": 0.12, "chrono": 0.24}
    if name == "rnn":
        inits["identity"] += inits.pop("chrono")
        flat["cell.activation"] = str(rng.choice(["tanh", "relu"]))
    flat["cell.init"] = _pick(rng, inits)
    if name == "gru":
        flat["cell.reset"] = str(rng.choice(["after", "before"]))
    if name in ("lstm", "peephole"):
        flat["cell.variant"] = _pick(
            rng, {"standard": 0.55, "no-forget-gate": 0.15, "coupled": 0.15, "no-output-activation": 0.15}
        )
        if flat["cell.init"] != "chrono" and rng.random() < 0.3:
            flat["cell.forget_bias"] = float(rng.choice([-1, 1, 2, 4]))
    return flat


def _truncation(rng: np.random.Generator, T: int) -> dict[str, Any]:
    kind = _pick(rng, {"full": 0.4, "windows": 0.16, "sliding": 0.14, "stream": 0.14, "reset": 0.16})
    K = _whole(rng, 2, T)
    own_stride = kind == "stream" and rng.random() < 0.5
    stride = max(1, K // int(rng.integers(2, 5))) if own_stride else None
    return {"truncation": kind, "truncation_length": K, "truncation_stride": stride}


def _step_seconds(config: RunConfig) -> float:
    """About what a training step takes on one core."""
    T, H, C = config.task.length, config.cell.hidden_size, config.task.input_size
    K = min(config.truncation_length, T)
    passes = {"sliding": min(K, 10) / 2, "stream": 2 + K / (config.truncation_stride or K)}.get(config.truncation, 1.0)
    operations = config.batch_size * config.cell.blocks * H * (H + C + 60)
    return A_STEP + max(1.0, passes) * T * (A_CALL + AN_OPERATION * operations)


def _pick(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    p = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=p / p.sum()))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _whole(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``, both included, log-uniform."""
    return min(high, int(_log_uniform(rng, low, high + 1)))


def _rounded(value: float) -> float:
    """Two significant digits."""
    return float(f"{value:.1e}")
