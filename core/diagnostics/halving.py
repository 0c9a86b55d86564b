"""How many sequences there is time and room for: the one rule of all questions that take fewer when they are dear."""

from __future__ import annotations


def halved(most: int, *costs: tuple[float, float]) -> int:
    """``most``, halved as often as it must be, down to 1. ``costs``: (what one sequence costs, what all may), in any
    unit each."""
    n = most
    while n > 1 and any(n * each > budget for each, budget in costs):
        n //= 2
    return n
