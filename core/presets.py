"""Named configs, grouped by what they show, each with a promise that a test keeps."""

from __future__ import annotations

from dataclasses import dataclass

from core.config import RunConfig


@dataclass(frozen=True)
class Preset:
    """A config with the sentence that says what it shows."""

    config: RunConfig
    title: str
    group: str
    promise: str


def _preset(title: str, group: str, promise: str, **flat: object) -> Preset:
    config = RunConfig.from_flat({key.replace("__", "."): value for key, value in flat.items()})
    return Preset(config, title, group, promise)


PRESETS: dict[str, Preset] = {
  "temporal-order-lstm": _preset("LSTM", "Temporal order", "", task__name="temporal-order", cell__name="lstm", cell__hidden_size=8, cell__init="chrono"),
}
