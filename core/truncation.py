"""Where truncation cuts the carry. No torch: the web process draws these lines too."""

from __future__ import annotations

from core.errors import ConfigError


def windows(T: int, K: int) -> list[int]:
    """State indices b, ascending, where the carry from h[b+1] to h[b] is zero: windows of K counted back from the end.

    A loss at the last step sees exactly K steps; the state itself is carried on, and h[b] keeps its local gradient
    alone. No cut where K ≥ T. Raises ConfigError for K < 1.
    """
    if K < 1:
        raise ConfigError([f"`truncation_length` (={K}) must be at least 1. Raise `truncation_length`."])
    return sorted(range(T - K, 0, -K))
