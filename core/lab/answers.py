"""Answers about one moment of a run. NumPy only: the web process reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from core.errors import UnrolledError
from core.store.codec import pack

_META, _STEP = "meta", "step"


@dataclass(frozen=True)
class Answer:
    """What was worked out at training step ``step``: arrays by name, and plain facts about them."""

    step: int
    arrays: dict[str, NDArray[Any]]
    meta: dict[str, Any]

    def packed(self) -> bytes:
        """As safetensors bytes; the facts travel as JSON in an array of bytes."""
        facts = np.frombuffer(json.dumps(self.meta).encode(), np.uint8)
        return pack({_META: facts, _STEP: np.array(self.step)} | {f".{name}": a for name, a in self.arrays.items()})

    @classmethod
    def unpacked(cls, content: bytes) -> Answer:
        """What ``packed`` packed. Raises UnrolledError where the bytes are damaged."""
        try:
            parts = load(content)
            meta, step = json.loads(parts.pop(_META).tobytes()), int(parts.pop(_STEP).item())
        except (SafetensorError, ValueError, LookupError) as error:
            raise UnrolledError(f"A stored answer is damaged ({error}). Move the cursor to ask again.") from None
        return cls(step, {name.removeprefix("."): values for name, values in parts.items()}, meta)
