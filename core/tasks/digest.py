"""The setting of a task that learns from what a visitor brings: which data, by the hash of its content."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from core import own_data
from core.errors import quoted


def _digest(value: str) -> str:
    if not own_data.DIGEST.fullmatch(value):
        raise ValueError(
            f"`task.data` (={quoted(value)}) must be a digest of 32 hexadecimal digits. Upload a file, or name it with "
            "`--data`, and leave `task.data` out."
        )
    return value


Digest = Annotated[str, AfterValidator(_digest)]
