"""What pages say of the end of a training: what was counted, what is certain, what became of this one; no more."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.figures.base import asked_step
from app.text.gradient_flow.caption import caption as gradient_flow
from app.text.shared.forecast import counted_words, forecast_words
from app.text.shared.situation import Phase, Situation
from app.text.truncation_lab.caption import caption as truncation_lab
from core.config import RunConfig
from core.forecasts.distribution import drawn
from core.forecasts.features import key_of, known
from core.forecasts.forecast import Forecast, forecast
from core.forecasts.optimum import best_within
from core.forecasts.stored import stored
from core.forecasts.table import looked_up
from core.frames import SCALARS
from core.presets import PRESETS
from core.reading.horizon import horizon_of

PROMISE = re.compile(
    r"\b(will|won't|shall|should|going to|expect\w*|predict\w*|likely|unlikely|can(not)? (be )?learn\w*|is learning|"
    r"enough to learn|stay near|finds? its way)\b",
    re.IGNORECASE,
)
"""Words that say how a training ends before it has."""
COUNTED = re.compile(r"Of ([\d,]+) networks like this that we trained, ([\d,]+|none) ended with the task solved\.")
ROOT = Path(__file__).parents[4]
ASKING = {"lessons", "front", "classroom", "entries.py"}
"""What asks its reader for a prediction, and holds that against what was measured."""
TAKEN = 300
MakeMoment = Callable[..., Situation]


@pytest.fixture
def moment_of(make_frame) -> MakeMoment:
    """``moment_of(config, step, beta, phase, scores)``: a moment of a run with ``scores`` at steps 0, 1, 2, …"""

    def make(
        config: RunConfig, step: int = 0, beta: float = 0.98, phase: Phase = "preview", scores=(0.1,)
    ) -> Situation:
        first, frame = (make_frame(config, k, beta=beta, score=scores[k]) for k in (0, step))
        series = {name: np.ones(len(scores)) for name in SCALARS}
        series |= {"step": np.arange(len(scores)), "score": np.array(scores)}
        start, found = (
            horizon_of(each.flow_last, asked=asked_step(config), cuts=config.cuts) for each in (first, frame)
        )
        return Situation(config, frame, found, start, series, phase)

    return make


def sublines(moment: Situation) -> list[str]:
    """What the two pages say under their headlines."""
    return [gradient_flow(moment).subline, truncation_lab(moment, None, 5, 0.1).subline]


def told(text: str) -> tuple[int, int]:
    """The frequency that a text speaks of."""
    found = COUNTED.search(text)
    assert found is not None, text
    n, solved = found.groups()
    return int(n.replace(",", "")), 0 if solved == "none" else int(solved.replace(",", ""))


@pytest.mark.parametrize("n, solved, words", [
    (118, 23, "Of 118 networks like this that we trained, 23 ended with the task solved."),
    (40, 0, "Of 40 networks like this that we trained, none ended with the task solved."),
    (1200, 1200, "Of 1,200 networks like this that we trained, 1,200 ended with the task solved."),
])  # fmt: skip
def test_the_sentence(n: int, solved: int, words: str) -> None:
    assert counted_words(Forecast(n, solved, False, 1.0, (), ())) == words
    assert told(words) == (n, solved)


@pytest.mark.parametrize("index", range(TAKEN))
def test_every_caption_says_what_the_table_counts(moment_of: MakeMoment, index: int) -> None:
    """Random configs with a gradient that fades, is kept or grows, cut where theirs is; before, during, after."""
    config = drawn(index).replace(steps=3)
    beta = (0.5, 0.8, 0.95, 0.99, 1.0, 1.1)[index % 6]
    before = moment_of(config, 0, beta)
    count = looked_up(stored().counts, key_of(known(config, before.start)))[1]
    bound = best_within(config).score
    for text in sublines(before):
        if "Out of reach" in text:
            assert config.truncation == "reset" and bound < config.task.solved and not COUNTED.search(text)
        else:
            assert told(text) == (count.n, count.solved) and "None of them had fewer than 100 training steps." in text
        assert "This one" not in text
    assert ("Out of reach" in sublines(before)[0]) == ("Out of reach" in sublines(before)[1])
    failed = moment_of(config, 3, beta, "over", (0.1, 0.1, 0.2, 0.2))
    solved = moment_of(config, 3, beta, "over", (0.1, 0.1, 1.0, 1.0))
    did, did_not = ("solved it", "did not solve it") if "Out of reach" in sublines(before)[0] else ("did", "did not")
    assert all(f"This one {did_not}." in text for text in sublines(failed))
    lost = moment_of(config, 3, beta, "over", (0.1, 0.1, 1.0, 0.2))
    assert all(f"This one {did}: it reached the solved line at step 2." in text for text in sublines(solved))
    assert all(f"This one {did_not}: the solved line, reached at step 2, was lost" in text for text in sublines(lost))
    during = moment_of(config, 1, beta, "running", (0.1, 0.1))
    assert not COUNTED.search(sublines(during)[0]) and "Out of reach" not in sublines(during)[0]
    for moment in (before, during, failed, solved, lost):
        for words in (gradient_flow(moment), truncation_lab(moment, None, 5, 0.1)):
            assert not PROMISE.search(f"{words.headline} {words.subline}"), words


@pytest.mark.parametrize("name", PRESETS)
def test_no_caption_contradicts_its_presets_promise(moment_of: MakeMoment, name: str) -> None:
    """Before training there is no verdict, and nothing is out of reach but what the preset says stays out of it."""
    preset, config = PRESETS[name], RunConfig.preset(name)
    for beta in (0.5, 0.98, 1.1):
        for text in sublines(moment_of(config, 0, beta)):
            assert "This one" not in text and not PROMISE.search(text)
            if forecast(config, moment_of(config, 0, beta).start).certain:
                assert "Out of reach" in text and not re.search(
                    r"\bsolve|\blearns\b|[Rr]epeats|\bfinds\b", preset.promise
                )
            elif config.task.name in stored().choices["task.name"]:
                told(text)
            else:
                assert f"none of the {stored().runs:,} networks that were had it." in text and not COUNTED.search(text)


def test_what_is_certain_gives_its_numbers(moment_of: MakeMoment) -> None:
    config = RunConfig.from_flat({"task.length": 50, "truncation": "reset", "truncation_length": 20})
    assert forecast_words(moment_of(config)) == (
        "Out of reach of any network: every window starts from a state of zero, and the best answers from what lies "
        "within score 25\u00a0%, where 95\u00a0% count as solved."
    )


def test_of_a_task_that_was_not_counted_only_the_end_is_told(moment_of: MakeMoment) -> None:
    latch = RunConfig.from_flat({"task.name": "latch", "steps": 3})
    none = f"How often this task is solved was not counted: none of the {stored().runs:,} networks that were had it."
    assert forecast_words(moment_of(latch)) == none
    for scores, end in (
        ((0.1, 0.1, 1.0, 1.0), "This one solved it: it reached the solved line at step 2."),
        ((0.1, 0.1, 1.0, 0.1), "This one did not solve it: the solved line, reached at step 2, was lost again."),
        ((0.1, 0.1, 0.1, 0.1), "This one did not solve it."),
    ):
        assert forecast_words(moment_of(latch, 3, 0.9, "over", scores)) == f"{none} {end}"


def test_a_network_unlike_all_of_them_is_called_one(moment_of: MakeMoment) -> None:
    words = forecast_words(moment_of(RunConfig.from_flat({"task.length": 200, "cell.hidden_size": 128})))
    assert words.endswith(" None of them had sequences of more than 100 steps or more than 64 units.")


def test_a_run_that_was_stopped_is_no_failure(moment_of: MakeMoment) -> None:
    assert forecast_words(moment_of(RunConfig(), 1, 0.9, "over", (0.1, 0.1))).endswith(
        "This one ended early, at step 1."
    )


def test_no_text_of_the_front_end_promises() -> None:
    """Every piece of text in the code, comments and docstrings left out."""
    names = {"expected"}  # of an array in an answer
    promises = []
    for path in sorted(path for path in (ROOT / "app").rglob("*.py") if not ASKING & {*path.parts}):
        tree = ast.parse(path.read_text("utf-8"))
        unread = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in unread]
        found = [text for text in texts if isinstance(text, str) and text not in names and PROMISE.search(text)]
        promises += [(path.name, text) for text in found]
    assert not promises
