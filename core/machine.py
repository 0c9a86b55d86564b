"""This machine in a few words, for what was measured on it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version


def machine() -> str:
    """'2 cores, Linux x86_64, torch 2.13.0'."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, torch {version('torch')}"
