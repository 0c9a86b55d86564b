"""How many numbers a config trains, and the hidden size at which another cell trains about as many. No torch."""

from __future__ import annotations

from core.config import RunConfig
from core.settings import settings_of


def parameters(config: RunConfig, hidden_size: int | None = None) -> int:
    """Trained parameters of ``config``, or of the same with another hidden size.

    Weights as torch.nn has them: for every block of H units W (H × C), U (H × H) and two biases; peepholes; the readout
    (O × H and O). Where the readout alone is trained, it alone.
    """
    H, C = hidden_size or config.cell.hidden_size, config.task.input_size
    readout = config.task.output_size * (H + 1)
    if config.trained == "readout":
        return readout
    blocks = len(config.cell.gates) or 1
    peepholes = (blocks - 1) * H if config.cell.name == "peephole" else 0
    return blocks * H * (C + H + 2) + peepholes + readout


def nearest_size(config: RunConfig, wanted: int) -> int:
    """The hidden size at which ``config`` trains most nearly ``wanted`` parameters; the smaller of two as near."""
    largest = int(settings_of(config)["cell.hidden_size"].maximum or 1)
    return min(range(1, largest + 1), key=lambda size: (abs(parameters(config, size) - wanted), size))
