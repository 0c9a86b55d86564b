"""Answers about one moment of a run, and the questions they belong to. NumPy only: the web process reads them."""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from core.config import ENGINE_VERSION, RunConfig
from core.errors import UnrolledError, quoted
from core.store.codec import pack

KINDS = {
    "truncation": True, "sequences": True, "clip": True, "cost": False,
    "slow": True, "theory": True, "exponents": True, "check": True, "spectra": True,
    "gates": True, "paths": True, "probe": True, "probes": True, "credit": True, "landing": True,
    "fading": True, "capacity": True, "evidence": True,
}  # fmt: skip
"""The kinds of questions; whether the answer changes with the training step.

A question is a kind, or a kind and an argument: ``probe:3`` asks a ``probe`` about ``3``.
"""
ARGUMENT = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
"""Anyone's input: whoever answers checks what it means."""

KEPT_BYTES = 32_000_000
_META, _STEP = "meta", "step"


Facts = tuple[dict[str, NDArray[Any]], dict[str, Any]]
"""Arrays by name, and what else there is to say, as JSON has it."""


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


@dataclass(frozen=True)
class Asked:
    """A question about the run ``source`` at ``step``, or about the untrained network of ``config``.

    ``kind`` comes with its argument, where it has one.
    """

    kind: str
    source: str
    step: int
    config: RunConfig | None = None

    @property
    def key(self) -> str:
        """Equal for all who ask the same of the same engine; begins with the source."""
        return f"{self.source}/{self.step}/{self.kind}/{ENGINE_VERSION}"

    @property
    def body(self) -> str:
        """The question as JSON."""
        config = None if self.config is None else self.config.model_dump(mode="json")
        return json.dumps({"source": self.source, "step": self.step, "config": config})

    @classmethod
    def of(cls, kind: str, body: str) -> Asked:
        """What ``body`` said."""
        told = json.loads(body)
        config = told["config"]
        return cls(kind, told["source"], told["step"], None if config is None else RunConfig.checked(config))


def split(kind: str) -> tuple[str, str | None]:
    """("probe", "3") of "probe:3"; the argument is None where there is none. Raises UnrolledError for a kind that
    nobody can answer, and for an argument that is no short line of text."""
    name, colon, argument = kind.partition(":")
    if name not in KINDS:
        raise UnrolledError(f"`kind` (={quoted(name)}) is not known. Choose one of: {', '.join(KINDS)}.")
    if colon and not ARGUMENT.fullmatch(argument):
        raise UnrolledError(
            f"The argument of `{name}` (={quoted(argument)}) must be one line of 1 to 200 characters. Shorten it."
        )
    return name, argument if colon else None


class Kept:
    """A bounded memory of answers by key; the least recently used goes first. For several threads."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most, self._size = most_bytes, 0
        self._answers: OrderedDict[str, tuple[Answer, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Answer | None:
        """The answer, if it is kept."""
        with self._lock:
            if key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return self._answers[key][0]

    def put(self, key: str, answer: Answer, size: int) -> None:
        """Keep an answer of ``size`` bytes."""
        with self._lock:
            if key not in self._answers:
                self._answers[key] = answer, size
                self._size += size
            while self._size > self._most:
                self._size -= self._answers.popitem(last=False)[1][1]
