"""Every sentence about a sweep, read back and held against made-up results of all kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from math import inf

import numpy as np
from plotly.graph_objects import Figure

from app.figures.sweep.overview import overview
from app.figures.sweep.sheet import sheet
from app.figures.theme import DARK, Style
from app.text.sweep.caption import caption
from core.comparison import ALPHA
from core.config import RunConfig
from core.numbers import exact, p_words, percent
from core.reading.outcome import Outcome
from core.sweep import QUANTITIES, Measured, Result, Results, cost_words, decision, sweep

BASE = RunConfig.preset("temporal-order-rnn")
AXES = (
    ["lr=log:0.001:0.1:4"],
    ["cell.name=rnn,gru,lstm"],
    ["lr=log:0.001:0.1:3", "cell.hidden_size=4,8"],
    ["cell.init=default,orthogonal", "optimizer=sgd,adam", "batch_size=2,4,8"],
    ["steps=10,20"],
)


def made(seed: int) -> Results:
    """Results of some sweep at some moment: before, while it trains, held, through; solved by all, some or none."""
    rng = np.random.default_rng(seed)
    axes, draws = AXES[seed % len(AXES)], 0
    if seed % 7 == 6:
        axes, draws = ["lr=1e-3..1e-1:log", "cell.hidden_size=4..40"], 5
    wanted = sweep(BASE, axes, seeds=int(rng.choice([1, 2, 3, 5, 5])), draws=draws)
    stage = str(rng.choice(["before", "begun", "through", "through"]))
    solves = rng.choice([[0.0], [0.4], [0.0, 1.0]][seed % 3], size=len(wanted.points))
    rows = tuple(
        tuple(_result(run, stage, float(share), rng) for run in runs) for runs, share in zip(wanted.runs, solves)
    )
    return Results(wanted, rows)


def _result(config: RunConfig, stage: str, share: float, rng: np.random.Generator) -> Result:
    states = {"before": ["missing"], "through": ["through"],
              "begun": ["missing", "waiting", "running", "paused", "ended", "through", "through"]}[stage]  # fmt: skip
    state = str(rng.choice(states))
    if state != "through":
        return Result(config, state, "" if state == "missing" else "abcdef123456", -1 if state == "missing" else 3)
    solved = int(rng.integers(1, 9)) if rng.random() < share else None
    broke = 7 if solved is None and rng.random() < 0.2 else None
    score = 1.0 if solved is not None else 0.0 if broke else float(rng.uniform(0.2, 0.8))
    outcome = Outcome(config.steps, solved, score, broke, solved is not None)
    factor = None if rng.random() < 0.3 else float(rng.uniform(0.6, 1.1))
    reach = None if rng.random() < 0.1 else int(rng.integers(1, config.task.length))
    return Result(config, "through", "abcdef123456", config.steps, Measured(outcome, reach, factor), 0.01)


RESULTS = [made(seed) for seed in range(60)]


def outcomes(results: Results) -> list[list[Outcome]]:
    return [[run.measured.outcome for run in row if run.measured] for row in results.rows]


def middle(values: list[float | None], never: float) -> float:
    """The median by sorting, an empty one not a number; worked out anew."""
    filled = [never if value is None else value for value in values]
    known = sorted(value for value in filled if value == value)
    if not known:
        return float("nan")
    upper, lower = known[len(known) // 2], known[(len(known) - 1) // 2]
    return (upper + lower) / 2


def order(each: list[Outcome]) -> tuple[float, float, float]:
    solved = [o.solved for o in each]
    return (-sum(s is not None for s in solved) / len(each), middle(solved, inf), -middle([o.score for o in each], inf))


def test_the_caption_says_what_came_of_the_runs() -> None:
    seen: set[str] = set()
    for results in RESULTS:
        words, known = caption(results), outcomes(results)
        seen |= set(_headline(words.headline, results, known)) | set(_subline(words.subline, results, known))
        told = {figure.label: figure.value.replace("\u00a0", " ") for figure in words.figures}
        through = sum(map(len, known))
        assert told["runs through"] == f"{through} of {len(results.runs)}"
        if through:
            assert told["solve the task"] == f"{sum(o.solved is not None for e in known for o in e)} of {through}"
        if results.verdict:
            assert told["pairs told apart"].endswith(f" of {len(results.rows) * (len(results.rows) - 1) // 2}")
    assert {"none", "solved", "nobody", "to go", "test", "apart"} <= seen


def _headline(text: str, results: Results, known: list[list[Outcome]]) -> Iterator[str]:
    runs, through = len(results.runs), sum(map(len, known))
    solved = sum(o.solved is not None for each in known for o in each)
    if not through:
        assert text.endswith(f"{runs} run{'s' * (runs > 1)}: none of them is through yet.")
        yield "none"
        return
    first = min(order(each) for each in known if each)
    if nobody := re.search(r"The highest (median )?score is (.*), at (.*)\.$", text):
        place = results.sweep.labels.index(nobody[3])
        assert solved == 0 and order(known[place]) == first and bool(nobody[1]) == (len(known[place]) > 1)
        assert nobody[2] == percent(middle([o.score for o in known[place]], inf))
        assert text.startswith("No run") == (through == runs)
        yield "nobody"
        return
    count = re.match(r"(\d+) of (?:the )?(\d+) runs?", text)
    assert (int(count[1]), int(count[2])) == (solved, through) if count else solved == through == 1
    place = results.sweep.labels.index(re.search(r"First comes (.*): ", text)[1])  # pyright: ignore
    assert order(known[place]) == first
    own = [o.solved for o in known[place]]
    at = re.search(r"at (a median of )?step ([\d,.]+)\.$", text)
    assert (at is None) == (middle(own, inf) == inf)
    assert at is None or (at[2] == exact(middle(own, inf)) and bool(at[1]) == (len(own) > 1))
    seeds = re.search(r": (\d+) of (\d+) seeds", text)
    assert seeds is None or (int(seeds[1]), int(seeds[2])) == (sum(s is not None for s in own), len(own))
    yield "solved"


def _subline(text: str, results: Results, known: list[list[Outcome]]) -> Iterator[str]:
    states = [run.state for run in results.runs]
    for pattern, count in (
        (r"(\d+) runs? to go", sum(state in ("waiting", "running") for state in states)),
        (r"(\d+) runs? held", states.count("paused")),
        (r"(\d+) runs? ended early", states.count("ended")),
        (r"(\d+) runs? stopped being numbers", sum(o.broke is not None for each in known for o in each)),
        (r"(\d+) runs? not trained yet", states.count("missing") if set(states) != {"missing"} else 0),
    ):
        found = re.search(pattern, text)
        assert (int(found[1]) if found else 0) == count, pattern
    yield "to go" if "to go" in text else ""
    assert decision(results) in text
    yield from _tests(decision(results), results)


def _tests(text: str, results: Results) -> Iterator[str]:
    """The sentence on the tests; what they find is tested in tests/core/comparison."""
    if not results.sweep.tested:
        assert text.startswith("No test:") and results.sweep.axes[0].key == "steps"
        return
    if not results.through:
        assert text == "The tests come when all runs are through."
        return
    tests, pairs = results.verdict, list(combinations(range(len(results.rows)), 2))
    assert tests is not None and len(tests.pairs) == len(pairs)
    clear = [pair.adjusted for pair in tests.pairs if pair.adjusted < ALPHA]
    if told := re.match(r"(\d+) of (\d+) pairs? of points", text):
        assert (int(told[1]), int(told[2])) == (len(clear), len(pairs)) and p_words(max(clear)) in text
        yield "apart"
    else:
        assert not clear
    if whole := re.match(r"Taken together the points (are not all the same|are not distinguishable)", text):
        assert ("all the same" in whole[1]) == (tests.overall < ALPHA) and p_words(tests.overall) in text
    assert ("cannot tell two of" in text) == (tests.least >= ALPHA and not clear)
    yield "test"


def test_table_and_picture_say_the_same_numbers() -> None:
    for number, results in enumerate(RESULTS):
        shown = sheet(results, Style()).sheet
        assert shown is not None and len(shown.rows) == len(results.rows)
        placed = [results.sweep.labels.index(row[0].text) for row in shown.rows]
        done = [order(each) for place in placed if (each := outcomes(results)[place])]
        assert done == sorted(done)  # the best first
        for row, place in zip(shown.rows, placed):
            for cell, quantity in zip(row[1:5], QUANTITIES.values()):
                values = [quantity.of(run.measured) for run in results.rows[place] if run.measured]
                value = middle(values, quantity.never)
                assert cell.text == ("never" if value == inf else "–" if value != value else quantity.words(value))
            assert len(row[5].links) == sum(bool(run.run) for run in results.rows[place])
        for name, quantity in QUANTITIES.items():
            style = Style(DARK, narrow=True) if number % 2 else Style()
            view = overview(results, name, style)
            Figure(view.figure.to_dict())  # valid
            drawn = sum(
                value == value for trace in view.figure.data if trace.type == "heatmap" for value in trace.z.ravel()
            )
            dots = sum(len(trace.x) for trace in view.figure.data if trace.type == "scatter" and trace.customdata)
            if drawn or any(trace.type == "heatmap" for trace in view.figure.data):
                middles = [
                    middle([quantity.of(r.measured) for r in row if r.measured], quantity.never) for row in results.rows
                ]
                assert drawn == sum(np.isfinite(value) for value in middles)
            else:
                known = [quantity.of(run.measured) for run in results.runs if run.measured]
                each = sum(value is not None and np.isfinite(value) for value in known)
                assert dots == each * (len(results.sweep.axes) if results.sweep.draws else 1)
            assert len(view.table()) == len(results.runs)
            middles = [quantity.middle(row) for row in results.rows]
            written = {quantity.said(value) for value in middles if np.isfinite(value) and value > 0}
            ends = {text for scale in view.scales for _, text in scale.ticks}
            assert quantity.name == "score" or not ends or len(written) < 2 or ends <= written


def test_the_cost_says_what_is_left() -> None:
    for results in RESULTS:
        left = sum(run.measured is None for run in results.runs)
        if left:
            told = re.search(r"To train: (\d+)", cost_words(results, 2))
            assert told and int(told[1]) == left
