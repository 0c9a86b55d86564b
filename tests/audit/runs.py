"""Random small runs, really trained."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.errors import UnrolledError
from core.frames import Frame
from core.training.loop import train

CELLS = ("rnn", "lstm", "peephole", "gru")
TASKS = (
    "temporal-order", "adding", "copy", "review", "two-lag", "multiplication", "latch", "embedded-reber", "anbn", "anbncn",
    "timed-spikes",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A run with all its frames; the twin that the Clipping lab trains beside it, where there is one."""

    config: RunConfig
    frames: tuple[Frame, ...]
    twin: Run | None = None


def config_of(seed: int) -> RunConfig:
    """Any task, cell, variant, start, truncation, clipping and optimiser; every fourth run is pushed over the edge."""
    rng = np.random.default_rng([77, seed])
    while True:
        try:
            return RunConfig.from_flat(_flat(rng) | {"seed": seed})
        except UnrolledError:  # a combination that there is not
            continue


def _flat(rng: np.random.Generator) -> dict[str, Any]:
    T, wild = int(rng.integers(10, 25)), rng.random() < 0.3
    kind = str(rng.choice(["full", "full", "windows", "sliding", "stream", "reset"]))
    K = int(rng.integers(1, T + 3))
    clip = str(rng.choice(["none", "norm", "value", "backprop"], p=[0.7, 0.1, 0.1, 0.1] if wild else [0.25] * 4))
    optimizer = str(rng.choice(["sgd", "momentum"] if wild else ["adam", "sgd", "momentum", "rmsprop"]))
    rate = 10 ** rng.uniform(0, 1) if wild else 10 ** rng.uniform(-3, -0.5)
    return {
        **_task(rng, T),
        **_cell(rng),
        "optimizer": optimizer, "lr": float(f"{rate:.2g}"), "batch_size": int(rng.choice([1, 2, 8])),
        "steps": int(rng.integers(2, 16)), "truncation": kind, "truncation_length": K,
        "truncation_stride": int(rng.integers(1, K + 1)) if kind == "stream" and rng.random() < 0.5 else None,
        "clip": clip, "clip_threshold": float(f"{10 ** rng.uniform(-2, 1):.2g}"),
        "lr_schedule": str(rng.choice(["constant", "constant", "warm-up", "cosine"])),
        "trained": "readout" if rng.random() < 0.08 else "all",
        "cell.layers": int(rng.choice([1, 1, 1, 1, 2, 3])),
    }  # fmt: skip


def _task(rng: np.random.Generator, T: int) -> dict[str, Any]:
    name = str(rng.choice(TASKS))
    flat: dict[str, Any] = {"task.name": name, "task.length": T}
    if name == "copy":
        return flat | {"task.symbols_to_copy": int(rng.integers(1, 4)), "task.alphabet": int(rng.integers(2, 9)),
                       "task.asked": str(rng.choice(["every", "recall"]))}  # fmt: skip
    if name == "language":
        tokens, text = rng.choice(["words", "characters"]), str(rng.choice(["story", "names", "reber"]))
        return flat | {"task.text": text, "task.tokens": str(tokens) if text == "story" else "characters"}
    if name == "continual-reber":
        return flat
    if name == "two-lag":
        long = int(rng.integers(1, T))
        return flat | {"task.long": long, "task.short": int(rng.integers(0, long))}
    flat["task.asked"] = str(rng.choice(["last", "every"]))
    return flat | ({"task.places": int(rng.choice([2, 3]))} if name == "temporal-order" else {})


def _cell(rng: np.random.Generator) -> dict[str, Any]:
    name = str(rng.choice(CELLS))
    flat: dict[str, Any] = {"cell.name": name, "cell.hidden_size": int(rng.integers(1, 7)),
                            "cell.normalisation": str(rng.choice(["none", "none", "none", "layer", "batch"])),
                            "cell.init": str(rng.choice(["default", "xavier", "orthogonal", "identity", "chrono"]))}  # fmt: skip
    if name == "rnn":
        flat["cell.activation"] = str(rng.choice(get_args(ANATOMIES[name].model_fields["activation"].annotation)))
    if name == "gru":
        flat["cell.reset"] = str(rng.choice(["after", "before"]))
    if name in ("lstm", "peephole"):
        flat["cell.variant"] = str(rng.choice(["standard", "no-forget-gate", "coupled", "no-output-activation"]))
        if rng.random() < 0.4:
            flat["cell.forget_bias"] = float(rng.choice([-4, -1, 1, 4, 20]))
    return flat


def trained(config: RunConfig) -> Run:
    """The run, every training step of it recorded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Run(config, tuple(train(config)))
