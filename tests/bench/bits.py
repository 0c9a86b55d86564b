"""The bits of ten runs, to hold one version of the engine against another on the same machine.

``python tests/bench/bits.py`` prints a JSON object a config: its digest, and hashes over all its frames and over its
last weights. Run it in two checkouts and compare what is printed: same config, same machine, same bits.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from core.config import RunConfig
from core.frames import Frame
from core.training import train

CONFIGS: dict[str, dict[str, Any]] = {
    "rnn-windows": {"cell.name": "rnn", "truncation": "windows", "truncation_length": 9},
    "rnn-relu-identity": {
        "cell.name": "rnn", "cell.init": "identity", "cell.activation": "relu", "task.name": "adding",
        "task.length": 20, "task.asked": "every", "optimizer": "momentum", "clip": "value", "clip_threshold": 0.01,
    },
    "lstm-chrono": {"cell.name": "lstm", "cell.init": "chrono"},
    "lstm-coupled-reset": {"cell.name": "lstm", "cell.variant": "coupled", "truncation": "reset",
                           "truncation_length": 12},
    "lstm-without-forget-gate": {"cell.name": "lstm", "cell.variant": "no-forget-gate", "task.name": "copy",
                                 "task.length": 20, "truncation": "sliding", "truncation_length": 8},
    "lstm-forget-bias": {"cell.name": "lstm", "cell.forget_bias": 1, "task.name": "review", "trained": "readout"},
    "peephole": {"cell.name": "peephole", "optimizer": "rmsprop", "lr": 0.003, "clip": "backprop",
                 "clip_threshold": 0.1},
    "peephole-gers-linear": {"cell.name": "peephole", "cell.peephole_gradient": "gers",
                             "cell.variant": "no-output-activation", "optimizer": "sgd", "lr": 0.1, "clip": "none"},
    "gru-stream": {"cell.name": "gru", "task.name": "two-lag", "truncation": "stream", "truncation_length": 10,
                   "truncation_stride": 5},
    "gru-before": {"cell.name": "gru", "cell.reset": "before", "cell.init": "orthogonal", "task.places": 3},
}  # fmt: skip
SMALL = {"cell.hidden_size": 12, "batch_size": 16, "steps": 40, "seed": 7}


def bits(settings: dict[str, Any]) -> dict[str, str]:
    """Digest and hashes of the run that ``settings`` describe."""
    config = RunConfig.from_flat(SMALL | settings)
    whole, last = hashlib.sha256(), hashlib.sha256()
    for frame in train(config):
        for array in _arrays(frame):
            whole.update(np.ascontiguousarray(array).tobytes())
        weights = frame.weights
    for name in sorted(weights or {}):
        last.update(np.ascontiguousarray((weights or {})[name]).tobytes())
    return {"digest": config.digest(), "frames": whole.hexdigest()[:32], "weights": last.hexdigest()[:32]}


def _arrays(frame: Frame) -> list[np.ndarray]:
    """Everything a frame holds, in a fixed order."""
    scalars = (frame.step, frame.loss, frame.score, frame.error, frame.grad_norm, frame.grad_norm_clipped)
    more = (frame.clip_angle, frame.update_size, frame.param_norm, *frame.param_norms.values())
    parts = [
        np.array([*scalars, *more]),
        frame.grad_h,
        frame.grad_c,
        frame.flow,
        frame.flow_last,
        *frame.history.values(),
    ]
    if frame.planes is not None:
        parts += [*frame.planes.gates.values(), frame.planes.h, frame.planes.c]
    return [np.asarray(part) for part in parts if part is not None]


if __name__ == "__main__":
    for name, settings in CONFIGS.items():
        print(json.dumps({name: bits(settings)}))
