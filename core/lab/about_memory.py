"""Questions of the page "Memory": what a state still knows of its past, and what the network would say now.

All are asked of the network on screen and, as a baseline, of the same network untrained (its own weights at step 0).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import UnrolledError, quoted

if TYPE_CHECKING:
    from torch import Tensor

    from core.config import RunConfig
    from core.lab.answers import Facts
    from core.moment import Moment

Arrays = dict[str, np.ndarray]

MOST_SEQUENCES, LEAST_SEQUENCES = 1024, 32
MOST_NUMBERS = 1 << 22
"""States of all sequences and steps, in numbers: so many sequences are taken that there are about as many."""
MOST_LAGS, MOST_STATES, MOST_STEPS = 45, 100, 80
"""Lags of a curve; steps at the end of the sequence whose states a lag is read from; steps the answer is read at."""
WIDE, FEW_STEPS = 128, 24
LEAST_ROWS, ROWS_A_NUMBER = 1500, 4
"""States that a lag is fitted to: so many, and so many for each number that is read of one."""
SHUFFLED = (40, 100)
"""Steps of the shuffled inputs, at least and at most: as many as the task's within these bounds."""
_SEQUENCES, _SHUFFLED = 4, 5
"""Random streams of their own, beside those of core.data."""
PARTS = ("h", "state")


# -- how fast inputs fade, and where the answer is --------------------------------------------------------------------


def fading(moment: Moment, argument: str) -> Facts:
    """What a linear readout gets of earlier inputs, and of the answer. ``argument``: what it reads, "h" or "state"
    (h and c side by side).

    Arrays: lag (K,), guessed (K,); now.* and start.* of ``decoded`` (K,), ``r2`` (K,), ``channels`` (K, C) as in
    ``Fading``; step (S,), and now.answer and start.answer (S,) as in ``Answerable``. Meta: sequences, states (judged
    for each lag), symbols, chance (of the answer), last (the steps whose states a lag is read from).
    """
    part = _part(argument)
    now = _faded(moment, part)
    start = now if moment.step == 0 else _untrained(_faded, moment.config, part)
    arrays, meta = now
    shared = ("lag", "guessed", "step")
    both = {f"{who}.{name}": values for who, (found, _) in (("now", now), ("start", start))
            for name, values in found.items() if name not in shared}  # fmt: skip
    return {name: arrays[name] for name in shared} | both, meta


def _faded(moment: Moment, part: str) -> Facts:
    from core.reading.answerable import answerable
    from core.reading.fading import fading_at, symbols

    config = moment.config
    batch = config.task.sample(np.random.default_rng([_SEQUENCES]), sequences_for(config))
    T = config.task.length
    window = _spread(T - max(1, T // 10), T, batch.x.shape[1], config)  # indices of inputs
    steps = _steps(T, config.cell.hidden_size)
    kept = states(moment, batch.x, sorted({*(window + 1), *steps}), part, config.resets)
    lags = lags_up_to(int(window[0]))
    found = fading_at(np.stack([kept[t + 1] for t in window]), batch.x, window, lags)
    answer = answerable(np.stack([kept[step] for step in steps]), batch.target[-1])
    arrays = {
        "lag": found.lags, "guessed": found.guessed, "decoded": found.decoded, "r2": found.r2,
        "channels": found.channels, "step": np.array(steps), "answer": answer.share,
    }  # fmt: skip
    return arrays, {
        "sequences": batch.x.shape[1],
        "states": round(1 / found.noise),
        "symbols": symbols(batch.x),
        "chance": answer.chance,
        "last": T - int(window[0]),
    }


def sequences_for(config: RunConfig) -> int:
    """So many sequences are run for a curve."""
    wanted = MOST_NUMBERS // (config.task.length * config.cell.hidden_size)
    return min(max(wanted, LEAST_SEQUENCES), MOST_SEQUENCES)


def _spread(first: int, stop: int, sequences: int, config: RunConfig) -> np.ndarray:
    """Inputs from ``first`` to ``stop`` − 1, evenly thinned, whose states are enough to fit a readout to."""
    rows = max(LEAST_ROWS, ROWS_A_NUMBER * 2 * config.cell.hidden_size)
    count = min(max(2, -(-2 * rows // sequences)), MOST_STATES)
    return np.unique(np.linspace(first, stop - 1, min(count, stop - first)).astype(int))


def lags_up_to(most: int) -> list[int]:
    """0 … ``most``, MOST_LAGS of them at most: every one at first, then ever fewer."""
    if most < MOST_LAGS:
        return list(range(most + 1))
    return np.unique(np.concatenate([np.arange(20), np.geomspace(20, most, MOST_LAGS - 20)]).astype(int)).tolist()


def _steps(T: int, H: int) -> list[int]:
    """Steps 1 … T, evenly thinned where there are many; each costs as much as H³."""
    return np.unique(np.linspace(1, T, min(T, MOST_STEPS if H <= WIDE else FEW_STEPS)).astype(int)).tolist()


# -- memory capacity --------------------------------------------------------------------------------------------------


def capacity(moment: Moment, argument: str) -> Facts:
    """Memory capacity by lag on the task's own inputs in a random order, which makes them independent in time.

    ``argument`` as for ``fading``. The channels are made uncorrelated and of variance one first, so the capacities of
    all lags add up to the number of units at most. What chance alone gives is taken off. Arrays: lag, now, start (K,);
    meta: bound, channels (that are left), sequences, steps.
    """
    part = _part(argument)
    now, meta = _capacity(moment, part)
    start = now if moment.step == 0 else _untrained(_capacity, moment.config, part)[0]
    return {"lag": now["lag"], "now": now["capacity"], "start": start["capacity"]}, meta


def _capacity(moment: Moment, part: str) -> Facts:
    from core.reading.fading import fading_at

    config = moment.config
    T = min(max(config.task.length, SHUFFLED[0]), SHUFFLED[1])
    x = shuffled(config, T)
    white = whitened(x)
    first = T - T // 4
    times = _spread(first, T, x.shape[1], config)
    kept = states(moment, x, (times + 1).tolist(), part, ())
    read = np.stack([kept[t + 1] for t in times])
    found = fading_at(read, white, times, range(first + 1))  # a sum leaves none out
    return {"lag": found.lags, "capacity": found.capacity - found.noise * white.shape[-1]}, {
        "bound": read.shape[-1],
        "channels": white.shape[-1],
        "sequences": x.shape[1],
        "steps": T,
    }


def shuffled(config: RunConfig, T: int) -> np.ndarray:
    """(T, N, C) inputs of the task, each drawn anew from all places of some sequences."""
    rng = np.random.default_rng([_SHUFFLED])
    pool = config.task.sample(rng, 64).x.reshape(-1, config.task.input_size)
    wanted = MOST_NUMBERS // (T * config.cell.hidden_size)
    return pool[rng.integers(0, len(pool), (T, min(max(wanted, LEAST_SEQUENCES), MOST_SEQUENCES // 2)))]


def whitened(x: np.ndarray) -> np.ndarray:
    """(T, N, D) uncorrelated channels of variance one that span what x (T, N, C) can vary in."""
    rows = x.reshape(-1, x.shape[-1]).astype(np.float64)
    rows -= rows.mean(axis=0)
    spread, axes = np.linalg.eigh(rows.T @ rows / len(rows))
    kept = spread > 1e-9 * max(float(spread[-1]), np.finfo(float).tiny)
    return (rows @ (axes[:, kept] / np.sqrt(spread[kept]))).reshape(*x.shape[:-1], -1)


# -- what the network would say now -----------------------------------------------------------------------------------


def evidence(moment: Moment, argument: str) -> Facts:
    """What the network's own readout makes of the state after every input of one sequence.

    ``argument``: "probe.<k>", one of the held-out sequences that the gates are drawn of, or "words.<place>.<place>…",
    words of the review task. Two classes: log odds of the second against the first, in nats. More classes: log odds of
    the right one against all others. Numbers: the answer itself. Arrays: now and start (T,), right (T,) the class or
    the number asked for, NaN where nothing is; x (T, C).
    """
    from core.training.replay import moment_of

    x, right, resets = _sequence(moment.config, argument)
    start = moment if moment.step == 0 else moment_of(moment.config, 0)
    now, before = (_said(each, x, right, resets) for each in (moment, start))
    return {"now": now, "start": before, "right": right, "x": x[:, 0].astype(np.float32)}, {}


def _sequence(config: RunConfig, argument: str) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """(inputs (T, 1, C), what is right at each step (T,), the states that are reset)."""
    from dataclasses import replace

    from core.data import probes
    from core.tasks.review import MOST_READ, WORDS

    kind, _, numbers = argument.partition(".")
    found = (
        [int(part) for part in numbers.split(".")] if re.fullmatch(r"\d{1,4}(\.\d{1,4})*", numbers, re.ASCII) else []
    )
    if kind == "words" and config.task.name == "review" and 0 < len(found) <= MOST_READ and max(found) < len(WORDS):
        x = np.eye(len(WORDS), dtype=np.float32)[found][:, None]
        return x, np.full(len(found), np.nan), replace(config.truncated, T=len(found)).resets
    batch = probes(config)
    if kind == "probe" and len(found) == 1 and found[0] < batch.x.shape[1]:
        k = found[0]
        asked, target = batch.asked[:, k], batch.target[:, k].astype(np.float64)
        right = np.full(len(asked), target[asked][-1]) if asked.sum() == 1 else np.where(asked, target, np.nan)
        return batch.x[:, k : k + 1], right, config.resets
    raise UnrolledError(
        f"The sequence asked about (={quoted(argument)}) must be probe.0 to probe.{batch.x.shape[1] - 1}, or words of "
        "the review task. Choose one of the page's."
    )


def _said(moment: Moment, x: np.ndarray, right: np.ndarray, resets: Collection[int]) -> np.ndarray:
    import torch

    from core.backprop.evaluation import predictions

    answer = predictions(moment.cell, moment.params, moment.readout, torch.from_numpy(x), resets=resets)
    answer = answer[:, 0].double().numpy()  # (T, O)
    if answer.shape[1] == 1:
        return answer[:, 0]
    if answer.shape[1] == 2:
        return answer[:, 1] - answer[:, 0]
    known = np.isfinite(right)
    chosen = np.where(known, right, 0).astype(int)[:, None]
    own = np.take_along_axis(answer, chosen, axis=1)[:, 0]
    np.put_along_axis(answer, chosen, -np.inf, axis=1)
    return np.where(known, own - np.logaddexp.reduce(answer, axis=1), np.nan)


# -- shared -----------------------------------------------------------------------------------------------------------


def states(moment: Moment, x: np.ndarray, steps: Sequence[int], part: str, resets: Collection[int]) -> dict[int, Any]:
    """{step: (N, H)} of the states after ``steps`` inputs, (N, 2H) with ``part`` "state" and a cell that has c.

    A few steps at a time, so that of long sequences no more is held than is wanted.
    """
    import torch

    T, N, _ = x.shape
    size = max(1, MOST_NUMBERS // (N * moment.config.cell.hidden_size))
    kept: dict[int, Any] = {}
    state: tuple[Tensor, ...] | None = None
    with torch.no_grad():
        for first in range(0, T, size):
            stop = min(first + size, T)
            inside = [b - first for b in resets if first <= b < stop]
            way = moment.cell.forward(moment.params, torch.from_numpy(x[first:stop]), state, resets=inside)
            held = [way.h] if way.c is None else [way.h, way.c]
            wanted = held if part == "state" else held[:1]
            for step in steps:
                if first < step <= stop:
                    kept[step] = torch.cat([values[step - first] for values in wanted], dim=1).numpy()
            state = tuple(values[-1].clone() for values in held)
    return kept


def _part(argument: str) -> str:
    if argument not in PARTS:
        raise UnrolledError(f"What is read (={quoted(argument)}) must be one of: {', '.join(PARTS)}.")
    return argument


def _untrained(of: Callable[[Moment, str], Facts], config: Any, part: str) -> Facts:
    """The answer of ``of`` for the network before any training, which no training step changes."""
    return _once(of, config, part)


@lru_cache(maxsize=8)
def _once(of: Callable[[Moment, str], Facts], config: RunConfig, part: str) -> Facts:
    from core.training.replay import moment_of

    return of(moment_of(config, 0), part)
