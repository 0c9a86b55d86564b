"""Checkpoints: everything the rest of a run depends on, as safetensors bytes (no pickle)."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from core.errors import UnrolledError


def pack(digest: str, tensors: dict[str, Tensor]) -> bytes:
    """``tensors`` and the digest of the config they belong to."""
    return save({name: value.contiguous() for name, value in tensors.items()} | {f"digest:{digest}": torch.zeros(0)})


def unpack(digest: str, content: bytes) -> dict[str, Tensor]:
    """The tensors again. Raises UnrolledError where the bytes are damaged or of another config or engine."""
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise UnrolledError(f"The checkpoint is damaged ({error}). Start the run again from step 0.") from None
    if tensors.pop(f"digest:{digest}", None) is None:
        raise UnrolledError(
            "The checkpoint belongs to another config or another version of the engine. "
            "Start the run again from step 0."
        )
    return tensors
