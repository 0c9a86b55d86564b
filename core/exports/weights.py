"""The weights as safetensors, under the names that torch.nn gives them."""

from __future__ import annotations

import json
import re

import numpy as np
from safetensors.numpy import save

from core.errors import UnrolledError
from core.exports.base import Export, Moment
from core.frames import Floats

LAYER, READOUT = "rnn.", "readout."
"""What the names begin with: those of a module with an ``rnn`` (nn.LSTM, say) and a ``readout`` (nn.Linear)."""


def named_as_torch(weights: dict[str, Floats]) -> dict[str, Floats]:
    """``weight_ih`` becomes ``rnn.weight_ih_l0``; the readout's names are torch's already."""
    return {_name(name): np.ascontiguousarray(values) for name, values in weights.items()}


def _name(name: str) -> str:
    if name.startswith(READOUT):
        return name
    return LAYER + (name if re.search(r"_l\d+", name) else f"{name}_l0")


def weights(moment: Moment) -> bytes:
    """Those kept at the moment or last before it; what they are stands in the file's metadata."""
    run, kept = moment.run, moment.run.weight_steps
    kept = kept[kept <= moment.frame.step]
    found = run.weights(int(kept[-1])) if kept.size else None
    if found is None:
        raise UnrolledError(f"The run `{run.id}` has kept no weights yet. Ask again in a moment.")
    config = run.config
    about = {
        "step": str(int(kept[-1])),
        "config": json.dumps(config.to_flat()),
        "inputs": json.dumps(list(config.task.channels)),
        "order": "time first; gates in torch's order: " + (" ".join(config.cell.gate_names) or "none"),
        "link": moment.link,
    }
    return save(named_as_torch(found), about)


WEIGHTS = Export(
    "weights", "Weights", "safetensors with torch.nn's names: rnn.weight_ih_l0 … and readout.weight.", ".safetensors",
    "application/octet-stream", weights,
)  # fmt: skip
