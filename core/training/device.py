"""Where a network lives: the processor, or a CUDA device where torch sees one."""

from __future__ import annotations

import os

import torch

from core.errors import ConfigError


def device_of(name: str) -> torch.device:
    """The device called ``name`` ("cpu", "cuda", "cuda:1", …). Raises ConfigError where torch does not have it."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError([f"`device` (={name}) is not known. Use cpu, cuda, or cuda:1 for the second one."]) from None
    if device.type not in ("cpu", "cuda"):
        raise ConfigError([f"`device` (={name}) is not served. Use cpu or cuda."])
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    if not count:
        raise ConfigError([f"`device` (={name}) is not here: torch sees no CUDA device. Use cpu."])
    if (device.index or 0) >= count:
        raise ConfigError([f"`device` (={name}) is not here: torch sees {count}. Use cuda:{count - 1} or lower."])
    return device


def device_of_host() -> torch.device:
    """The one that the host's runs train on: UNROLLED_DEVICE, or the processor."""
    return device_of(os.environ.get("UNROLLED_DEVICE") or "cpu")
