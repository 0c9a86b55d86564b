"""The caption of a comparison: what its members came to, and whether so few seeds can tell them apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.figures.compare.side import Side, moment_words
from app.text.shared.situation import Caption, Figure
from core.comparison import ALPHA, MOST_SEEDS, Verdict, seeds_needed
from core.config import RunConfig
from core.numbers import percent, plural


def caption(sides: Sequence[Side], found: Verdict | None, config: RunConfig) -> Caption:
    """The words for the members at the moment on screen; ``found`` is what the tests say of it, None before there is
    anything to test."""
    if not any(side.outcomes for side in sides):
        return Caption(_before(sides, config), _promise(sides), tuple(_reach(side, config) for side in sides))
    parts = (_where(sides), _no_verdict(sides, config) if found is None else decision(sides, found))
    return Caption(_result(sides), " ".join(filter(None, parts)), tuple(_figure(side) for side in sides))


def joined(names: Sequence[str]) -> str:
    """'A', 'A and B', 'A, B and C'; with semicolons where a name has commas itself."""
    mark = "; " if any("," in name for name in names[:-1]) else ", "
    return names[0] if len(names) == 1 else f"{mark.join(names[:-1])} and {names[-1]}"


def p_words(p: float) -> str:
    """A p value as one writes it: 0.03, 1, below 0.001."""
    if p >= 0.995:
        return "1"
    if p < 0.001:
        return "below 0.001"
    return f"{p:.3f}".rstrip("0") if p < 0.1 else f"{p:.2f}".rstrip("0")


# -- before ------------------------------------------------------------------------------------------------------------


def _before(sides: Sequence[Side], config: RunConfig) -> str:
    lag = config.task.lag
    far = [side for side in sides if any(reach >= lag for reach in _reaches(side))]
    need = f"the {plural(lag, 'step')} that the task needs"
    if len(sides) == 1:
        side = sides[0]
        return f"Untrained, the gradient of {side.label} reaches {'all of ' if far else 'not even '}{need}."
    if len(far) == len(sides):
        return f"Untrained, the gradient of all {len(sides)} reaches back {need}."
    if far:
        names = joined([side.label for side in far])
        short = joined([side.label for side in sides if side not in far])
        return f"Untrained, the gradient of {names} reaches back {need}; that of {short} does not."
    return f"Untrained, nobody's gradient reaches back {need}."


def _promise(sides: Sequence[Side]) -> str:
    if len(sides) == 1:
        return "Nobody is compared with it yet: choose whom above."
    return (
        "Train starts all of them, every seed with the same sequences in the same order. What they start with is here."
    )


def _reaches(side: Side) -> list[float]:
    return side.numbers(lambda run: run.found and run.found.reach)


def _reach(side: Side, config: RunConfig) -> Figure:
    reaches, lag = _reaches(side), config.task.lag
    if not reaches:
        return Figure("…", f"steps reached, {side.label}")
    reach = round(float(np.median(reaches)))
    return Figure(f"{reach} of {lag}" if reach < lag else f"all {lag}", f"steps reached, {side.label}")


# -- what came of it ---------------------------------------------------------------------------------------------------


def _result(sides: Sequence[Side]) -> str:
    """Who solves the task, and how often."""
    tried = [side for side in sides if side.outcomes]
    every = [side.label for side in tried if _solved(side) == len(side.outcomes)]
    none = [side.label for side in tried if not _solved(side)]
    some = [f"{side.label} with {_solved(side)} of {len(side.outcomes)}" for side in tried
            if 0 < _solved(side) < len(side.outcomes)]  # fmt: skip
    going = any(run.state != "over" for side in tried for run in side.runs)
    if len(none) == len(tried):
        return f"{'So far nobody has solved' if going else 'Nobody solves'} the task. {_scores(tried)}"
    if len(every) == len(tried):
        whole = "All" if len(tried) > 2 else "Both" if len(tried) == 2 else every[0]
        return (
            f"{whole} {'have solved' if going else 'solve' if len(tried) > 1 else 'solves'} the task with every seed."
        )
    verb = "has solved" if going else "solves"
    parts = [f"{joined(every)} with every seed"] if every else []
    parts += some
    parts += [f"{joined(none)} with none"] if none else []
    first, *rest = parts
    who, _, how = first.partition(" with ")
    plain = verb if (len(every) < 2 or not every) else verb.replace("has", "have").replace("solves", "solve")
    return f"{who} {plain} the task with {how}" + "".join(f", {part}" for part in rest) + "."


def _solved(side: Side) -> int:
    return sum(outcome.solved is not None for outcome in side.outcomes)


def _scores(sides: Sequence[Side]) -> str:
    best = max(sides, key=_score)
    return f"The best score is {percent(_score(best))}, {best.label}." if np.isfinite(_score(best)) else ""


def _score(side: Side) -> float:
    known = [outcome.score for outcome in side.outcomes if np.isfinite(outcome.score)]
    return float(np.median(known)) if known else float("-inf")


def _where(sides: Sequence[Side]) -> str:
    """At which training step all of this is, where that is not the end."""
    runs = [run for side in sides for run in side.runs if run.state != "missing"]
    going = any(run.state != "over" for run in runs)
    if not going and all(run.step == run.last for run in runs):
        return ""
    if not any(run.step > 0 for run in runs):
        return "Training has begun; what is here is untrained."
    return f"Everything here is {moment_words(sides)}{', which all that have begun have reached' if going else ''}."


def _no_verdict(sides: Sequence[Side], config: RunConfig) -> str:
    """Why there is none."""
    if len(sides) == 1:
        return "Nobody is compared with it yet: choose whom above."
    runs = [run for side in sides for run in side.runs]
    going, missing = (sum(run.state in states for run in runs) for states in
                      (("waiting", "running", "paused"), ("missing",)))  # fmt: skip
    early = sum(run.state == "over" and not run.through(config.steps) for run in runs)
    if going:
        return f"The verdict comes when all are through: {plural(going, 'run')} to go."
    if missing:
        return "Press Train for those that are not trained yet: then there is a verdict."
    again = "it" if early == 1 else "them"
    return f"{plural(early, 'run')} ended early, so there is no verdict. Train starts {again} anew."


def decision(sides: Sequence[Side], found: Verdict) -> str:
    """The verdict in sentences."""
    n = min(len(side.outcomes) for side in sides)
    at = f"at {plural(n, 'seed')}"
    clear = [pair for pair in found.pairs if pair.differ]
    if clear:
        return f"{_told_apart(sides, found)} {_rest(found, at)}"
    together = ""
    if found.overall is not None and found.overall < ALPHA:
        together = (
            f"Taken together they are not all the same (permutation test over all, p {p_words(found.overall)}), but "
        )
        return f"{together}no two are told apart: not distinguishable {at}. {_why(sides, found, n)}"
    return f"Not distinguishable {at}. {_why(sides, found, n)}"


def _told_apart(sides: Sequence[Side], found: Verdict) -> str:
    """'A and B are better than C (exact Mann-Whitney test, p .048 after Holm).'"""
    beaten: dict[tuple[int, ...], list[int]] = {}
    for place in found.order:
        worse = tuple(pair.first + pair.second - place for pair in found.pairs if pair.differ and pair.better == place)
        if worse:
            beaten.setdefault(tuple(sorted(worse)), []).append(place)
    parts = []
    for worse, better in beaten.items():
        names = joined([sides[place].label for place in better])
        verb = "is" if len(better) == 1 else "are"
        parts.append(f"{names} {verb} better than {joined([sides[place].label for place in worse])}")
    largest = max(pair.adjusted for pair in found.pairs if pair.differ)
    return f"{'; '.join(parts)} (exact Mann-Whitney test, p {p_words(largest)} or less, corrected after Holm)."


def _rest(found: Verdict, at: str) -> str:
    ties = sum(not pair.differ for pair in found.pairs)
    return f"The other {plural(ties, 'pair')}: not distinguishable {at}." if ties else ""


def _why(sides: Sequence[Side], found: Verdict, n: int) -> str:
    """What the test found, or that it could not have found anything."""
    smallest = min(pair.adjusted for pair in found.pairs)
    pairs = len(found.pairs)
    test = "The exact Mann-Whitney test" + (f", corrected for {pairs} pairs," if pairs > 1 else "")
    if found.least < ALPHA:
        return f"{test} finds no p below {p_words(smallest)}. A tie is a result."
    needed = seeds_needed(pairs)
    way = (
        f"with {needed} it can" if needed and needed <= MOST_SEEDS else f"compare fewer: {MOST_SEEDS} seeds do for four"
    )
    return f"{test} cannot go below p {p_words(found.least)} with {plural(n, 'run')} each, whatever they do; {way}."


def _figure(side: Side) -> Figure:
    solved = [outcome.solved for outcome in side.outcomes if outcome.solved is not None]
    if solved:
        of = f"{len(solved)}\u00a0of\u00a0{len(side.runs)}"
        return Figure(f"{np.median(solved):,.0f}", f"steps to solve, {side.label} ({of})")
    if not np.isfinite(_score(side)):
        return Figure("–", f"{side.label}: not trained yet" if side.untrained else f"{side.label}: no score yet")
    return Figure(percent(_score(side)), f"score, {side.label} (0\u00a0of\u00a0{len(side.runs)} solved)")
