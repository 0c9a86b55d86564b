"""The classical language models that a network is judged beside: chances of a symbol after the n − 1 before it.

Counted in the training part and smoothed as Witten and Bell (1991) do: what was seen after a context counts as often as
it was seen, and as many times more as different symbols followed it, the model of the context one shorter is believed;
the shortest believes all symbols equally.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def cross_entropies(training: Places, held_out: Places, symbols: int, most: int = 3) -> list[float]:
    """Nats a symbol of ``held_out`` [1:], each in its context, under the models of 1 … ``most`` symbols that
    ``training`` was counted for; places in a vocabulary of ``symbols``."""
    chances = np.full(len(held_out) - 1, 1 / symbols)
    found = []
    for n in range(1, most + 1):
        contexts, after = _grams(training, n, symbols)
        pairs, pair_counts = np.unique(contexts * symbols + after, return_counts=True)
        known, index = np.unique(pairs // symbols, return_inverse=True)
        seen, kinds = np.bincount(index, weights=pair_counts), np.bincount(index)
        own, next_ones = _grams(held_out, n, symbols)
        skipped = len(chances) - len(own)  # the first ones have a shorter past, and keep the shorter model
        at, there = _find(known, own)
        pair_at, pair_there = _find(pairs, own * symbols + next_ones)
        counted = np.where(pair_there, pair_counts[pair_at], 0)
        whole, followers = seen[at], kinds[at]
        better = (counted + followers * chances[skipped:]) / (whole + followers)
        chances[skipped:] = np.where(there, better, chances[skipped:])
        found.append(float(-np.mean(np.log(chances))))
    return found


def _grams(text: Places, n: int, symbols: int) -> tuple[Places, Places]:
    """Contexts of n − 1 symbols, each as one number, and the symbol after each; of a text's first symbol none."""
    first = max(1, n - 1)
    contexts = np.zeros(len(text) - first, np.int64)
    for back in range(n - 1, 0, -1):
        contexts = contexts * symbols + text[first - back : len(text) - back]
    return contexts, text[first:]


def _find(known: Places, wanted: Places) -> tuple[Places, NDArray[np.bool_]]:
    """Places of the ``wanted`` in the sorted ``known``, and whether they are there."""
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return at, known[at] == wanted
