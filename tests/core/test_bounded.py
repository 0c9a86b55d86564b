"""A bounded memory holds what was used last, however many ask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from core.bounded import Bounded

moves = st.lists(st.tuples(st.sampled_from(["get", "keep", "forget"]), st.integers(0, 6), st.integers(1, 9)))


@given(st.integers(1, 20), moves)
def test_the_least_recently_used_goes_first_and_the_bound_holds(most: int, moves: list[tuple[str, int, int]]) -> None:
    kept: Bounded[int, str] = Bounded(most)
    order: list[tuple[int, int]] = []  # the same by hand: (key, size), the least recently used first
    for move, key, size in moves:
        there = next((pair for pair in order if pair[0] == key), None)
        if there:
            order.remove(there)
        if move == "get":
            assert kept.get(key) == (f"value {key}" if there else None)
            order += [there] if there else []
        elif move == "keep":
            assert kept.keep(key, f"value {key}", size) == f"value {key}"
            order.append(there or (key, size))
            while sum(size for _, size in order) > most:
                order.pop(0)
        else:
            kept.forget(key)
        assert list(kept) == [key for key, _ in order]


def test_without_sizes_values_are_counted_and_the_first_one_stays() -> None:
    kept: Bounded[str, list[int]] = Bounded(2)
    first = kept.keep("a", [])
    assert kept.keep("a", []) is first
    kept.keep("b", [])
    assert kept.get("a") is first
    kept.keep("c", [])
    assert list(kept) == ["a", "c"] and kept.get("b") is None


def test_many_threads_get_the_same_value() -> None:
    kept: Bounded[int, object] = Bounded(100)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda k: kept.keep(k % 50, object()), range(4000)))
    assert len(set(map(id, found))) == len(list(kept)) == 50
    assert all(found[k] is kept.get(k % 50) for k in range(4000))
