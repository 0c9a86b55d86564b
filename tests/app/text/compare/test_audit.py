"""Every claim of a comparison's caption, read back from its words, follows from what the runs came to."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from app.figures.compare.progress import progress
from app.figures.compare.sheet import sheet
from app.figures.compare.side import Entry, Side, looks
from app.figures.theme import Style
from app.text.compare.caption import at_its_end, caption
from app.text.compare.seeds import able_words
from core.comparison import ALPHA, Verdict, common_scorings, labels, verdict
from core.config import RunConfig
from core.frames import SCALARS
from core.numbers import percent
from core.reading.horizon import horizon_of
from core.reading.outcome import outcome_of

STEPS, LINE = 60, RunConfig().task.solved
MEMBERS = [RunConfig.preset("temporal-order-lstm", steps=STEPS, **changes)
           for changes in ({}, {"cell.name": "rnn"}, {"cell.name": "gru"}, {"clip": "none"},
                           {"truncation": "windows", "truncation_length": 20}, {"cell.init": "default"})]  # fmt: skip


def entry(rng: np.random.Generator, config: RunConfig, at: int | None, kind: str, solves: float) -> Entry:
    """A run that has any course: never solves, does and holds, falls below again, breaks, ends early, or goes on; it
    reaches the line with the chance ``solves``."""
    state = {"going": "running", "paused": "paused"}.get(kind, "over")
    n = int(rng.integers(1, STEPS)) if kind in ("going", "paused", "early", "broke") else STEPS + 1
    scored = common_scorings([config])
    score = np.full(n, rng.uniform(0, LINE - 0.01))
    if rng.random() < solves:
        score[rng.integers(0, n) :] = rng.uniform(LINE, 1)
        if rng.random() < 0.15:
            score[rng.integers(0, n) :] = rng.uniform(0, LINE - 0.01)
    taken: dict[str, Any] = {name: np.ones(n) for name in SCALARS} | {"step": np.arange(n), "score": score}
    if kind == "broke":
        taken["loss"][-1] = np.nan
    there = state == "over" or at is None or n > at
    step = n - 1 if at is None else min(at, n - 1)
    flow = rng.uniform(0.8, 1) ** np.arange(config.task.length, -1, -1.0)
    return Entry(
        config.seed, state, taken, step if there else -1, flow if there else None, horizon_of(flow) if there else None,
        outcome_of(taken, config, at, scored) if there else None, outcome_of(taken, config, None, scored), 0.001,
    )  # fmt: skip


def drawn(seed: int) -> tuple[list[Side], Verdict | None]:
    rng = np.random.default_rng(seed)
    configs = MEMBERS[: rng.integers(2, len(MEMBERS) + 1)]
    seeds, at = int(rng.integers(1, 21)), None if rng.random() < 0.6 else int(rng.integers(0, STEPS + 1))
    kinds = ["over"] * 20 + ["broke"] + (["early", "going", "paused"] * 3 if rng.random() < 0.4 else [])
    chances = rng.choice([0.0, 0.5, 1.0], len(configs))
    sides = [
        Side(label, config, look, k == 0,
             tuple(entry(rng, config.replace(seed=s), at, rng.choice(kinds), chances[k]) for s in range(seeds)), 10)
        for k, (label, look, config) in enumerate(zip(labels(configs), looks(configs, Style()), configs))
    ]  # fmt: skip
    ended = all(at_its_end(run, side.config) for side in sides for run in side.runs)
    return sides, verdict([[each.order for each in side.outcomes] for side in sides]) if ended else None


def names_in(text: str) -> set[str]:
    """The members that a list of names speaks of: the longest names first, since one may begin with another."""
    found = set()
    for name in sorted(labels(MEMBERS[: names_in.count]), key=len, reverse=True):
        if name in text:
            found.add(name)
            text = text.replace(name, "·")
    assert re.fullmatch(r"(·|, |; | and |[Aa]ll \d|[Bb]oth)+", text), text
    return found or set(labels(MEMBERS[: names_in.count]))


names_in.count = 0


def count_of(words: str, seeds: int) -> int:
    if words == "none":
        return 0
    if words in ("its one seed", "both seeds", f"all {seeds} seeds"):
        assert {"its one seed": 1, "both seeds": 2}.get(words, seeds) == seeds
        return seeds
    solved, _, of = words.partition(" of ")
    assert int(of) == seeds and 0 < int(solved) < seeds
    return int(solved)


def test_what_the_caption_claims_is_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over 300 drawn comparisons, one to twenty seeds of two to six members each; of every sixth the pictures too."""
    monkeypatch.setattr(import_module("core.comparison.verdict"), "SHUFFLES", 499)  # a name that its function has too
    said: set[str] = set()
    for number in range(150):
        sides, found = drawn(number)
        names_in.count = len(sides)
        if any(side.outcomes for side in sides):
            words = caption(sides, found, sides[0].config, left=40)
            _headline(words.headline, sides)
            said |= _subline(words.subline, sides, found)
            _figures(words.figures, sides)
            if number % 6 == 0:
                _pictures(sides, found)
    assert {"verdict", "better", "broke", "lost"} <= said


def _headline(text: str, sides: list[Side]) -> None:
    by = re.match(r"By training step (\d+) (.*)", text)
    tried = {side.label: side for side in sides if side.outcomes}
    if by:
        assert int(by[1]) == max(outcome.step for side in tried.values() for outcome in side.outcomes)
    else:
        assert all(at_its_end(run, side.config) for side in tried.values() for run in side.runs)
    rest = by[2] if by else text
    solved = {label: sum(o.solved is not None for o in side.outcomes) for label, side in tried.items()}
    nobody = re.fullmatch(r"([Nn]obody|.*?) (solves|has solved|(?:do|does|have|has) not solved?) the task\.(.*)", rest)
    if nobody and " with " not in nobody[1]:
        assert not any(solved.values())
        assert names_in(nobody[1]) == set(tried) if nobody[1].lower() != "nobody" else len(tried) == len(sides)
        medians = {label: np.median([o.score for o in side.outcomes]) for label, side in tried.items()}
        if best := re.fullmatch(r" The best (?:median )?score is (.*?): (.*)\.", nobody[3]):
            assert best[1] == percent(max(medians.values()))
            assert names_in(best[2]) == {label for label, score in medians.items() if percent(score) == best[1]}
        return
    claims = re.fullmatch(r"(.*?) (?:solves?|ha(?:s|ve) solved) the task with (.*)\.", rest)
    assert claims, text
    seen: set[str] = set()
    shares = []
    how = r"(.*?) with (its one seed|both seeds|all \d+ seeds|\d+ of \d+|none)(?:[,;] |$)"
    for part in re.findall(how, f"{claims[1]} with {claims[2]}"):
        who = names_in(part[0])
        for label in who:
            seeds = len(tried[label].outcomes)
            assert solved[label] == count_of(part[1], seeds), text
            shares.append(solved[label] / seeds)
        seen |= who
    assert seen == set(tried) and shares == sorted(shares, reverse=True)


def _subline(text: str, sides: list[Side], found: Verdict | None) -> set[str]:
    said: set[str] = set()
    if late := re.search(r"(\d+) runs? (?:is|are) not that far yet", text):
        assert int(late[1]) == sum(run.outcome is None for side in sides for run in side.begun)
    for what, name in (("Solved it, and lost it again", "lost"), ("Not a number any more", "broke")):
        counts = {s.label: sum(getattr(o, name) is not None for o in s.outcomes) for s in sides}
        listed = re.search(rf"{what}: (.*?)\.(?: |$)", text)
        assert bool(listed) == any(counts.values())
        if listed:
            said.add(name)
            for side in sides:
                claim = f"{side.label} with {counts[side.label]} of {len(side.outcomes)}"
                assert (claim in listed[1]) == (counts[side.label] > 0)
    going = sum(run.state in ("waiting", "running", "paused") for side in sides for run in side.runs)
    left = r"(\d+) runs? to go, about 40 s if nothing else trains here(?:, (\d+) of them paused)?"
    if to_go := re.search(left, text):
        paused = sum(run.state == "paused" for side in sides for run in side.runs)
        assert int(to_go[1]) == going and int(to_go[2] or 0) == paused
    decided = any(words in text for words in ("istinguishable", "told apart", "better than"))
    assert bool(to_go) == bool(going) and (found is not None) == decided
    return said | (_verdict(text, sides, found) if found else set())


def _verdict(text: str, sides: list[Side], found: Verdict) -> set[str]:
    """Better means clearly lower ranks, the tests are the ones that are named, and p is theirs."""
    said = {"verdict"}
    clear = {(pair.better, pair.first + pair.second - pair.better) for pair in found.pairs if pair.differ}
    claimed: set[tuple[str, str]] = set()
    for part in text.split(". "):
        if better := re.fullmatch(r"(.*) (is|are) better than (.*?)(?:: solved sooner, or a higher score)?", part):
            assert (better[2] == "is") == (len(names_in(better[1])) == 1)
            claimed |= {(a, b) for a in names_in(better[1]) for b in names_in(better[3])}
            said.add("better")
    assert claimed == {(sides[a].label, sides[b].label) for a, b in clear}
    if rest := re.search(r"The other (?:pair|(\d+) pairs): not distinguishable", text):
        assert int(rest[1] or 1) == len(found.pairs) - len(clear)
    assert ("Taken together they are not all the same" in text) == (
        not clear and found.overall is not None and found.overall < ALPHA)  # fmt: skip
    if "cannot tell two apart" in text:
        assert found.least >= ALPHA and not clear
    return said


def _figures(figures: Any, sides: list[Side]) -> None:
    for side, figure in zip(sides, figures, strict=True):
        solved = [o.solved for o in side.outcomes if o.solved is not None]
        if solved:
            assert figure.value == f"{np.median(solved):,.0f}"
            assert figure.label == f"steps to solve, {side.label} ({len(solved)}\u00a0of\u00a0{len(side.outcomes)})"
        elif side.outcomes:
            assert figure.value == percent(float(np.median([o.score for o in side.outcomes])))
        else:
            assert figure.label == f"{side.label}: not that far yet"


def _pictures(sides: list[Side], found: Verdict | None) -> None:
    """Marks and table of the runs, and the sheet, say the same."""
    runs = [run for side in sides for run in side.runs]
    view = progress(sides, 0, sides[0].config, Style())
    marks = {trace.marker.symbol: len(trace.x) for trace in view.figure.data if trace.mode == "markers"}
    for symbol, name in (("diamond", "solved"), ("diamond-open", "lost"), ("x", "broke")):
        assert marks.get(symbol, 0) == sum(getattr(run.whole, name) is not None for run in runs)
    counts = re.match(r"(\d+) runs?: ", view.hint)
    assert counts and int(counts[1]) == len(runs)
    rows = sheet(sides, found, sides[0].config, Style()).sheet
    assert rows is not None
    for side, row in zip(sides, rows.rows, strict=True):
        if side.outcomes:
            solved = sum(outcome.solved is not None for outcome in side.outcomes)
            assert f"{solved} of {len(side.outcomes)} solved" in row[3].note
    if found is not None:
        for place, row in enumerate(rows.rows[1:], 1):
            pair = found.pair(0, place)
            assert row[-1].text == ("not distinguishable" if not pair.differ else
                                    "better" if found.ranks[place] < found.ranks[0] else "worse")  # fmt: skip


@pytest.mark.parametrize("members", range(2, 7))
@pytest.mark.parametrize("seeds", range(1, 11))
def test_what_so_few_seeds_can_show_is_what_the_tests_could_say(members: int, seeds: int) -> None:
    """Tried with the clearest outcome there is: each member before the next."""
    clear = verdict([[(float(100 * m + s), 0.0) for s in range(seeds)] for m in range(members)])
    words = able_words(members, seeds)
    told_apart = any(pair.differ for pair in clear.pairs)
    assert ("can tell two apart" in words) == told_apart
    rejected = clear.overall is not None and clear.overall < ALPHA
    assert ("only that not all are the same" in words) == (rejected and not told_apart)
