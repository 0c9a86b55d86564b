"""The caption of a comparison: what its members came to, and whether so few seeds can tell them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from app.figures.compare.side import Entry, Side, count_words
from app.text.compare.seeds import few_words
from app.text.shared.situation import Caption, Figure
from core.comparison import ALPHA, Verdict
from core.config import RunConfig
from core.need import surely
from core.numbers import duration, exact, p_words, percent, plural
from core.reading.outcome import Outcome

GOING = ("waiting", "running", "paused")


def caption(sides: Sequence[Side], tests: Verdict | None, config: RunConfig, left: float | None = None) -> Caption:
    """The words for the members at the moment on screen.

    ``tests``: what the tests say at the end, None before; ``left``: about the seconds until those that wait or
    train are through, None where none do.
    """
    if not any(side.outcomes for side in sides):
        return Caption(_before(sides, config), _promise(sides), tuple(_reach(side, config) for side in sides))
    verdict = _no_verdict(sides, config, left) if tests is None else decision(sides, tests)
    parts = (_behind(sides), _lost(sides), _broke(sides), verdict)
    return Caption(_result(sides, config), " ".join(filter(None, parts)), tuple(_figure(side) for side in sides))


def joined(names: Sequence[str]) -> str:
    """'A', 'A and B', 'A, B and C'; with semicolons where a name has commas itself."""
    mark = "; " if any("," in name for name in names[:-1]) else ", "
    return names[0] if len(names) == 1 else f"{mark.join(names[:-1])} and {names[-1]}"


# -- before ------------------------------------------------------------------------------------------------------------


def _before(sides: Sequence[Side], config: RunConfig) -> str:
    lag, known = config.task.lag, [side for side in sides if _reaches(side)]
    if len(known) < len(sides):
        return "How far the untrained gradients reach is being measured."
    far = [side for side in sides if max(_reaches(side)) >= lag]
    need = f"the {plural(lag, 'step')} that the task {surely(config.task, 'needs')}"
    if len(sides) == 1:
        side = sides[0]
        return f"Untrained, the gradient of {side.label} {'reaches' if far else 'does not reach'} back {need}."
    if len(far) == len(sides):
        return f"Untrained, the gradient of {_all(len(sides))} reaches back {need}."
    if far:
        names = joined([side.label for side in far])
        short = joined([side.label for side in sides if side not in far])
        return f"Untrained, the gradient of {names} reaches back {need}; that of {short} does not."
    return f"Untrained, nobody's gradient reaches back {need}."


def _all(count: int) -> str:
    return "both" if count == 2 else f"all {count}"


def _promise(sides: Sequence[Side]) -> str:
    if len(sides) == 1:
        return ALONE
    return "With the same seed all of them see the same sequences in the same order."


ALONE = "Nobody is compared with it yet: choose whom above."


def _reaches(side: Side) -> list[float]:
    return side.numbers(lambda run: run.horizon and run.horizon.reach)


def _reach(side: Side, config: RunConfig) -> Figure:
    reaches, lag = _reaches(side), config.task.lag
    if not reaches:
        return Figure("…", f"steps reached, {side.label}")
    reach = round(float(np.median(reaches)))
    return Figure(f"{reach} of {lag}" if reach < lag else f"all {lag}", f"steps reached, {side.label}")


# -- what came of it ---------------------------------------------------------------------------------------------------


def _result(sides: Sequence[Side], config: RunConfig) -> str:
    """Who solves the task, and with how many seeds: at the end, or by the moment on screen."""
    tried = [side for side in sides if side.outcomes]
    ended = all(at_its_end(run, config) for side in tried for run in side.runs)
    by = "" if ended else f"By training step {max(each.step for side in tried for each in side.outcomes):,} "
    solved = _grouped(tried)
    if not any(count for count, _ in solved):
        nobody = "Nobody" if len(tried) == len(sides) > 1 else joined([side.label for side in tried])
        who = nobody if ended else nobody[0].lower() + nobody[1:] if nobody == "Nobody" else nobody
        return f"{by}{who} {_verb(nobody, tried, ended)} the task. {_scores(tried)}".rstrip()
    (first, names), *rest = ((count, names) for count, names in solved.items())
    who = _all(len(tried)) if not rest and len(tried) > 1 else joined(names)
    who = who if by else who[0].upper() + who[1:]
    verb = ("solve" if len(names) > 1 else "solves") if ended else ("have solved" if len(names) > 1 else "has solved")
    others = "".join(f"{'; ' if _many(names) else ', '}{joined(names)} with {_of(count)}" for count, names in rest)
    return f"{by}{who} {verb} the task with {_of(first)}{others}."


def at_its_end(run: Entry, config: RunConfig) -> bool:
    """Whether what is shown of a run is what it came to after all its steps, or where it broke."""
    return run.through(config.steps) and run.step == run.last


def _verb(nobody: str, tried: Sequence[Side], ended: bool) -> str:
    if nobody == "Nobody":
        return "solves" if ended else "has solved"
    many = len(tried) > 1
    return f"{'do' if many else 'does'} not solve" if ended else f"{'have' if many else 'has'} not solved"


Count = tuple[int, int]
"""With how many seeds a member solves the task, of how many that are there."""


def _grouped(sides: Sequence[Side]) -> dict[Count, list[str]]:
    """Names of the members by Count, those that solve it with the larger share first."""
    groups: dict[Count, list[str]] = {}
    for side in sorted(sides, key=lambda side: -_count(side)[0] / _count(side)[1]):
        groups.setdefault(_count(side), []).append(side.label)
    return groups


def _count(side: Side) -> Count:
    return sum(outcome.solved is not None for outcome in side.outcomes), len(side.outcomes)


def _of(count: Count) -> str:
    """'all 3 seeds', '2 of 3', 'none'."""
    solved, seeds = count
    if not solved:
        return "none"
    if solved < seeds:
        return f"{solved} of {seeds}"
    return "its one seed" if seeds == 1 else "both seeds" if seeds == 2 else f"all {seeds} seeds"


def _many(names: Sequence[str]) -> bool:
    return any("," in name for name in names)


def _scores(sides: Sequence[Side]) -> str:
    """The best of the members' median scores, and whose it is."""
    known = [side for side in sides if np.isfinite(_score(side))]
    if not known:
        return ""
    best = percent(max(map(_score, known)))
    names = joined([side.label for side in known if percent(_score(side)) == best])
    kind = "score" if all(len(side.outcomes) == 1 for side in known) else "median score"
    return f"The best {kind} is {best}: {names}."


def _score(side: Side) -> float:
    known = [outcome.score for outcome in side.outcomes if np.isfinite(outcome.score)]
    return float(np.median(known)) if known else float("nan")


# -- about the runs ----------------------------------------------------------------------------------------------------


def _behind(sides: Sequence[Side]) -> str:
    """A word on runs that train and are not in the pictures yet."""
    late = sum(run.flow is None for side in sides for run in side.begun)
    return f"{_runs(late)} not that far yet." if late else ""


def _runs(count: int) -> str:
    return f"{plural(count, 'run')} {'is' if count == 1 else 'are'}"


def _lost(sides: Sequence[Side]) -> str:
    """Who had solved the task, and no longer does."""
    return _counted("Solved it, and lost it again", sides, lambda outcome: outcome.lost is not None)


def _broke(sides: Sequence[Side]) -> str:
    return _counted("Not a number any more", sides, lambda outcome: outcome.broke is not None)


def _counted(what: str, sides: Sequence[Side], counts: Callable[[Outcome], bool]) -> str:
    """'Solved it, and lost it again: GRU with 1 of 3.'"""
    counted = [(side, sum(map(counts, side.outcomes))) for side in sides]
    parts = [f"{side.label} with {count} of {len(side.outcomes)}" for side, count in counted if count]
    return f"{what}: {joined(parts)}." if parts else ""


def _no_verdict(sides: Sequence[Side], config: RunConfig, left: float | None) -> str:
    """Why there is none."""
    if len(sides) == 1:
        return ALONE
    runs = [run for side in sides for run in side.runs]
    if going := sum(run.state in GOING for run in runs):
        return f"The verdict comes when all are through: {plural(going, 'run')} to go{_left(runs, left)}."
    if any(run.state == "missing" for run in runs):
        return "Press Train for those that are not trained yet: then there is a verdict."
    if early := sum(not run.through(config.steps) for run in runs):
        return f"{plural(early, 'run')} ended early, so there is no verdict. Train starts {_them(early)} anew."
    return "The verdict is that of the end: who tests at every moment finds a difference in one of them by chance."


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _left(runs: Iterable[Entry], left: float | None) -> str:
    paused = sum(run.state == "paused" for run in runs)
    about = "" if left is None else f", about {duration(left)} if nothing else trains here"
    return f"{about}, {paused} of them paused" if paused else about


# -- the verdict -------------------------------------------------------------------------------------------------------


def decision(sides: Sequence[Side], verdict: Verdict) -> str:
    """The verdict in sentences."""
    at = f"at {count_words(len(side.outcomes) for side in sides)}"
    if any(pair.differ for pair in verdict.pairs):
        return " ".join(filter(None, (_told_apart(sides, verdict), _rest(verdict, at))))
    why = _why(sides, verdict)
    if verdict.overall is not None and verdict.overall < ALPHA:
        p = p_words(verdict.overall)
        return (
            f"Taken together they are not all the same (permutation test over all, p {p}), but no two are told apart "
            f"{at}. {why}"
        )
    return f"Not distinguishable {at}. {why}"


def _told_apart(sides: Sequence[Side], verdict: Verdict) -> str:
    """'A and B are better than C: solved sooner, or a higher score. Exact Mann-Whitney test, p 0.048.'"""
    beaten: dict[tuple[int, ...], list[int]] = {}
    for place in verdict.order:
        worse = tuple(
            pair.first + pair.second - place for pair in verdict.pairs if pair.differ and pair.better == place
        )
        if worse:
            beaten.setdefault(tuple(sorted(worse)), []).append(place)
    parts = []
    for worse, better in beaten.items():
        names = joined([sides[place].label for place in better])
        verb = "is" if len(better) == 1 else "are"
        parts.append(f"{names} {verb} better than {joined([sides[place].label for place in worse])}")
    clear = [pair.adjusted for pair in verdict.pairs if pair.differ]
    p = f"p {p_words(max(clear))}" + (" or less" if len(clear) > 1 else "")
    corrected = ", corrected after Holm" if len(verdict.pairs) > 1 else ""
    return f"{'. '.join(parts)}: solved sooner, or a higher score. Exact Mann-Whitney test, {p}{corrected}."


def _rest(verdict: Verdict, at: str) -> str:
    ties = sum(not pair.differ for pair in verdict.pairs)
    if not ties:
        return ""
    return f"The other {'pair' if ties == 1 else f'{ties} pairs'}: not distinguishable {at}."


def _why(sides: Sequence[Side], verdict: Verdict) -> str:
    """What the test found, or that it could not have found anything."""
    if verdict.least < ALPHA:
        smallest = min(pair.adjusted for pair in verdict.pairs)
        return f"The smallest p of two is {p_words(smallest)}. A tie is a result."
    return few_words(len(sides), min(len(side.outcomes) for side in sides))


def _figure(side: Side) -> Figure:
    solved = [outcome.solved for outcome in side.outcomes if outcome.solved is not None]
    of = f"{len(solved)}\u00a0of\u00a0{len(side.outcomes)}"
    if solved:
        return Figure(exact(float(np.median(solved))), f"steps to solve, {side.label} ({of})")
    if not np.isfinite(_score(side)):
        why = "not trained yet" if side.untrained else "no score yet" if side.outcomes else "not that far yet"
        return Figure("–", f"{side.label}: {why}")
    kind = "score" if len(side.outcomes) == 1 else "median score"
    return Figure(percent(_score(side)), f"{kind}, {side.label} ({of} solved)")
