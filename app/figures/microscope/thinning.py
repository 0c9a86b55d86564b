"""Long sequences are shown at some of their steps."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

MOST = 400


def kept(count: int, also: Iterable[int] = ()) -> np.ndarray:
    """Indices of the steps to show, of 0 … ``count`` − 1: all of up to ``MOST``, else that many spread evenly, the
    first and the last among them, and a few that matter ``also``."""
    if count <= MOST:
        return np.arange(count)
    evenly = np.rint(np.linspace(0, count - 1, MOST)).astype(int)
    return np.unique(np.concatenate([evenly, np.array(list(also)[:MOST], int)]))
