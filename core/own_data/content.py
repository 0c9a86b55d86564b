"""What is kept of a visitor's file: the numbers of a table, or the characters of a text, and a name by their hash.

Kept as safetensors bytes, in which nothing can run as code.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

Kind = Literal["table", "text"]

DIGEST = re.compile(r"[0-9a-f]{32}")
"""What ``digest_of`` gives; whatever names data from outside is held against it."""


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of numbers, a row a time step.

    names   of the columns
    values  (rows, columns) float64, NaN where a cell has no number
    times   (first, last) row's date as it was written, or empty texts
    dates   (rows,) seconds since 1970 began at which each row's date begins; (0,) where rows have none
    """

    kind: ClassVar[Kind] = "table"

    names: tuple[str, ...]
    values: NDArray[np.float64]
    times: tuple[str, str] = ("", "")
    dates: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @cached_property
    def body(self) -> bytes:
        """The bytes it is kept as."""
        facts = json.dumps({"names": self.names, "times": self.times}).encode()
        arrays = {"facts": np.frombuffer(facts, np.uint8), "values": np.ascontiguousarray(self.values, np.float64)}
        return save(arrays | ({"dates": self.dates} if len(self.dates) else {}))

    @cached_property
    def digest(self) -> str:
        """By which it is known: the hash of its content."""
        return digest_of(self.body)


@dataclass(frozen=True, eq=False)
class Text:
    """Characters, with line ends as \\n."""

    kind: ClassVar[Kind] = "text"

    characters: str

    @cached_property
    def body(self) -> bytes:
        """The bytes it is kept as."""
        return save({"text": np.frombuffer(self.characters.encode(), np.uint8)})

    @cached_property
    def digest(self) -> str:
        """By which it is known: the hash of its content."""
        return digest_of(self.body)


Content = Table | Text


def digest_of(body: bytes) -> str:
    """The name of what is kept as ``body``: 128 bits in hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()[:32]


def unpacked(body: bytes, digest: str) -> Content:
    """What ``body`` holds. Raises ValueError where it is not what ``digest`` names, or damaged."""
    if digest_of(body) != digest:
        raise ValueError(f"the data is not that of the digest {digest}")
    try:
        arrays = load(body)
        if "text" in arrays:
            return Text(arrays["text"].tobytes().decode())
        facts, values = json.loads(arrays["facts"].tobytes()), arrays["values"].astype(np.float64)
        names, (first, last) = tuple(map(str, facts["names"])), map(str, facts["times"])
        dates = arrays.get("dates", np.zeros(0)).astype(np.int64)
    except (SafetensorError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"the data is damaged: {error}") from None
    if values.ndim != 2 or values.shape[1] != len(names) or dates.shape not in ((0,), values.shape[:1]):
        raise ValueError("the data is damaged: it is no table")
    return Table(names, values, (first, last), dates)
