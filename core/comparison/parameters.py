"""How many numbers a config trains, and the hidden size at which another cell trains about as many. No torch."""

from __future__ import annotations

from core.config import RunConfig
from core.settings import settings_of


def parameters(config: RunConfig, hidden_size: int | None = None) -> int:
    """Trained parameters of ``config``, or of the same with another hidden size.

    The cell's, and the readout's (O × H and O); where the readout alone is trained, that alone.
    """
    H = hidden_size or config.cell.hidden_size
    readout = config.task.output_size * (H + 1)
    if config.trained == "readout":
        return readout
    return config.cell.parameters(config.task.input_size, H) + readout


def nearest_size(config: RunConfig, wanted: int) -> int:
    """The hidden size at which ``config`` trains most nearly ``wanted`` parameters; the smaller of two as near."""
    largest = int(settings_of(config)["cell.hidden_size"].maximum or 1)
    return min(range(1, largest + 1), key=lambda size: (abs(parameters(config, size) - wanted), size))
