"""What becomes of freed memory."""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""mallopt's names for what follows, from glibc's malloc.h."""

ALL = 2**31 - 1
"""Bytes, as many as mallopt can be told."""

LACKING = suppress(AttributeError, OSError, TypeError)
"""Only glibc has these calls; elsewhere nothing happens."""


def keep_freed_memory() -> None:
    """Let the next training step have the memory of the last one, until ``give_back_freed_memory``.

    glibc gives large arrays back as soon as they are freed and asks for them again, page by page, each of which the
    kernel fills with zeros. Measured: half the time of a GRU's step at T=200, a quarter of an LSTM's at T=2000, H=128
    (.75 s against .55). A training needs its peak at every step, so nothing is held that it could do without.
    """
    with LACKING:
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 0)  # all from the heap, of which …
        libc.mallopt(M_TRIM_THRESHOLD, ALL)  # … nothing is returned


def give_back_freed_memory() -> None:
    """Return to the system what is free, when a training or an answer is done."""
    with LACKING:
        ctypes.CDLL(None).malloc_trim(0)
