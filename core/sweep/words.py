"""What a sweep costs and what its tests say, in sentences for page and command line."""

from __future__ import annotations

from core.comparison import ALPHA, seeds_needed
from core.numbers import duration, p_words, plural
from core.sweep.plan import Sweep
from core.sweep.results import Results


def size_words(sweep: Sweep) -> str:
    """'12 points with 3 seeds each, 36 runs'."""
    seeds = "one seed" if len(sweep.seeds) == 1 else f"{len(sweep.seeds)} seeds"
    return f"{plural(len(sweep.points), 'point')} with {seeds} each, {plural(len(sweep.in_turn), 'run')}"


def cost_words(results: Results, at_once: int) -> str:
    """What is left to train, and about how long that takes; for a sweep that is not through."""
    left = sum(not run.measured for run in results.runs)
    there = f", {len(results.runs) - left} of them there already" if left < len(results.runs) else ""
    turns = f", {at_once} at a time" if left > at_once else ""
    about = duration(results.seconds_left(at_once))
    return f"{size_words(results.sweep)}{there}. To train: {left}{turns}, about {about} if nothing else trains here."


def decision(results: Results) -> str:
    """What the tests over all points say, or why there is none; of one point nothing."""
    points, seeds = len(results.rows), len(results.sweep.seeds)
    if points < 2:
        return ""
    if not results.sweep.tested:
        return "No test: the points are different tasks, or trained for different numbers of steps."
    tests = results.verdict
    if tests is None:
        return "The tests come when all runs are through."
    clear = [pair.adjusted for pair in tests.pairs if pair.differ]
    corrected = ", corrected after Holm" if len(tests.pairs) > 1 else ""
    if clear:
        most = f"p {p_words(max(clear))}" + (" or less" if len(clear) > 1 else "")
        of = f"{len(clear)} of {plural(len(tests.pairs), 'pair')} of points"
        verb = "is" if len(clear) == 1 else "are"
        return f"{of} {verb} told apart: solved sooner, or a higher score. Exact Mann-Whitney test, {most}{corrected}."
    whole = ""
    if tests.overall is not None:
        same = "are not all the same" if tests.overall < ALPHA else "are not distinguishable"
        whole = f"Taken together the points {same} (permutation test over all, p {p_words(tests.overall)}). "
    if tests.least >= ALPHA:
        return f"{whole}{_few(points, seeds, tests.least)}"
    smallest = min(pair.adjusted for pair in tests.pairs)
    of = f"{p_words(smallest)} (exact Mann-Whitney test{corrected})"
    return f"{whole}No two points are told apart: the smallest p of a pair is {of}."


def _few(points: int, seeds: int, least: float) -> str:
    each = "One seed each" if seeds == 1 else f"{seeds} seeds each"
    needed = seeds_needed(points)
    way = f" {needed} could." if needed else ""
    best = f" (p {p_words(least)} at best)" if least < 1 else ""
    return f"{each} cannot tell two of {points} points apart, not even always solved from never{best}.{way}"
