"""What a number of seeds each can show, said before anything is trained and again with the verdict."""

from __future__ import annotations

from core.comparison import ALPHA, MOST_SEEDS, least_of_a_pair, least_of_all, most_told_apart, seeds_needed
from core.numbers import p_words


def able_words(members: int, seeds: int) -> str:
    """What so many seeds of each of at least two members can show, whatever comes of them."""
    if least_of_a_pair(members, seeds) >= ALPHA:
        return few_words(members, seeds)
    return f"{seeds} seeds each can tell two apart whose runs hardly overlap."


def few_words(members: int, seeds: int) -> str:
    """Why so few seeds cannot tell two apart, and how many could; for a number of seeds that cannot."""
    each = "One seed each" if seeds == 1 else f"{seeds} seeds each"
    smallest = least_of_a_pair(members, seeds)
    best = f" (p {p_words(smallest)} at best)" if smallest < 1 else ""
    whole = ", only that not all are the same" if members > 2 and least_of_all(members, seeds) < ALPHA else ""
    never = f"{each} cannot tell two apart, not even always solved from never{best}{whole}."
    return f"{never} {_way_out(members)}"


def _way_out(members: int) -> str:
    needed = seeds_needed(members)
    if needed is not None and needed <= MOST_SEEDS:
        return f"{needed} could."
    return f"With {MOST_SEEDS} seeds compare {most_told_apart(MOST_SEEDS, MOST_SEEDS * members)} at most."


def enough(members: int, seeds: int, runs: int) -> int | None:
    """How many seeds could tell two apart where ``seeds`` cannot; None where they can, or where that many are more than
    a comparison, or a visitor with ``runs`` runs, may have."""
    needed = seeds_needed(members)
    if needed is None or not seeds < needed <= min(MOST_SEEDS, runs // members):
        return None
    return needed
