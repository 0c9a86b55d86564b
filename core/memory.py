"""What becomes of freed memory."""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""mallopt's names for what follows, from glibc's malloc.h."""

LARGEST_KEPT, MOST_KEPT = 32 << 20, 128 << 20
"""Bytes: arrays up to the first size are taken from what was freed before, of which up to the second is kept."""


def keep_freed_memory() -> None:
    """Let the next training step have the memory of the last one.

    glibc gives some tens of megabytes back after every step and asks for them again, page by page: measured, half the
    time of a GRU's step. Nothing happens where the C library has no mallopt.
    """
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
        mallopt(M_TRIM_THRESHOLD, MOST_KEPT)
