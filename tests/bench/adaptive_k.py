"""How often the K that is estimated from the decay keeps the bias below δ, over the declared random networks.

    python tests/bench/adaptive_k.py [--runs 200] [--trained 60]

Each run of ``core.forecasts.distribution`` is looked at untrained and after some training steps, with full
backpropagation: the estimate of ``core.reading.adaptive`` beside the bias that was measured at that K, of windows and
of sliding truncation, where there is one loss and where there are many.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator

import numpy as np

from core.diagnostics.truncation_bias import sequences_for, truncation_bias
from core.errors import UnrolledError
from core.forecasts.distribution import drawn
from core.reading.adaptive import adaptive_k, fitted_from
from core.training.replay import moment_of

DELTAS = (0.03, 0.1, 0.3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--trained", type=int, default=60, help="training steps after which they are looked at again")
    asked = parser.parse_args()
    held, given, looked_at = Counter[tuple[str, ...]](), Counter[tuple[str, ...]](), Counter[str]()
    for index in range(asked.runs):
        for losses, kind, weights, good in seen(index, asked.trained, looked_at):
            given[losses, kind, weights] += 1
            held[losses, kind, weights] += good
    for losses in ("one loss", "many losses"):
        print(f"{losses}: {looked_at[losses]} times asked for a K")
        for key in sorted(key for key in given if key[0] == losses):
            share = held[key] / given[key]
            print(f"  {key[1]:8} {key[2]:22} bias below δ in {held[key]:4} of {given[key]:4} = {share:6.1%}")


def seen(index: int, trained: int, looked_at: Counter[str]) -> Iterator[tuple[str, str, str, bool]]:
    """(losses, truncation, whose gradient, whether the bias at the estimated K < T is below δ) of every estimate."""
    config = drawn(index).replace(truncation="full", trained="all")
    for step in (0, trained):
        try:
            moment = moment_of(config.replace(steps=max(trained, 1)), step)
        except UnrolledError:  # it broke before
            return
        arrays = truncation_bias(moment.of_first(sequences_for(moment)))
        losses = "one loss" if len(np.flatnonzero(moment.batch.asked.any(axis=1))) == 1 else "many losses"
        for delta in DELTAS:
            looked_at[losses] += 1
            K = adaptive_k(arrays["phi"], delta, fitted_from(config.task.length)).k
            if K is None or config.task.length <= K:
                continue
            for kind in ("windows", "sliding"):
                place = int(np.searchsorted(arrays[f"{kind}.K"], K))
                for prefix, weights in (("cell_", "the cell's weights"), ("", "everything trained")):
                    bias = float(arrays[f"{kind}.{prefix}relative_bias"][place])
                    if np.isfinite(bias):
                        yield losses, kind, weights, bias < delta


if __name__ == "__main__":
    main()
