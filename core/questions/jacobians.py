"""The bound of questions that need the Jacobians of every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import UnrolledError

if TYPE_CHECKING:
    from core.moment import Moment

MOST_UNITS = 128
"""Jacobians of a wider cell take too long, and their pictures would say no more."""
MOST_NUMBERS = 1 << 23
"""In all Jacobians of one sequence, 64 MB."""


def must_be_small(moment: Moment) -> None:
    """Raise UnrolledError where the Jacobians of one sequence are more than can be worked out while one waits."""
    H, T = moment.config.cell.hidden_size, len(moment.batch.x)
    if H > MOST_UNITS:
        raise UnrolledError(
            f"`cell.hidden_size` (={H}) makes Jacobians too large to be worked out while you wait; this picture needs "
            f"{MOST_UNITS} units at most. Lower `cell.hidden_size`."
        )
    longest = MOST_NUMBERS // (H * len(moment.cell.state_parts)) ** 2
    if longest < T:
        raise UnrolledError(
            f"`task.length` (={T}) makes more Jacobians of this size than can be worked out while you wait; this "
            f"picture takes {longest:,} at most. Lower `task.length` or `cell.hidden_size`."
        )
