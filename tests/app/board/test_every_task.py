"""Every page speaks of every task: all pictures and captions, with all their questions answered."""

from __future__ import annotations

import pytest

from app.board.errors import Inapplicable, Untrained
from app.board.known import Answered
from app.board.parsing import parse
from app.board.sources import RunSource
from app.board.views import PAGES, Shown
from app.board.views.base import questions
from core import TASKS, RunConfig, train
from core.lab.answers import Answer
from core.questions.over_training import Earlier
from core.training.replay import moment_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_questions")]
SHORT = {"copy": {"task.symbols_to_copy": 2}, "anbn": {"task.trained_to": 3}, "anbncn": {"task.trained_to": 3},
         "timed-spikes": {"task.longest": 9}, "coarse-fine": {"task.recent": 4}}  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_every_page_speaks_of_every_task(lab, task: str) -> None:
    speaks(lab, {"task.name": task} | SHORT.get(task, {}))


@pytest.mark.parametrize(("cell", "task"), [("rnn", "adding"), ("peephole", "two-lag"), ("gru", "temporal-order")])
def test_every_page_speaks_of_several_layers(lab, cell: str, task: str) -> None:
    settings = {"task.name": task, "cell.name": cell, "cell.layers": 3}
    speaks(lab, settings)
    words = speaks(lab, settings, layer="1")
    assert all("It is of layer 1 of 3, the lowest." in words[name] for name in ("gates", "paths", "slow", "spectrum"))
    assert "layer 1" in words["layers"]


def speaks(lab, settings: dict, **knobs: str) -> dict[str, str]:
    """{picture: its hint}."""
    sizes = {"cell.name": "peephole", "cell.hidden_size": 3, "batch_size": 6, "steps": 1, "task.length": 14}
    config = RunConfig.from_flat(sizes | settings)
    lab.add("run-one", config, list(train(config)))
    words = {}
    source, moment, answers = RunSource("run-one", lab), moment_of(config, 1), {}
    snapshot = source.snapshot()
    for page in PAGES.values():
        query = parse({"page": page.name, "knobs": ";".join(f"{k}:{v}" for k, v in knobs.items())}, PAGES)
        for needs in (page.needs, *(spec.needs for spec in page.views.values())):
            for question in questions(needs, query, config):
                if question not in answers:
                    answers[question] = Answer(1, *question.answer(moment, Earlier()))
        shown = Shown(source, snapshot, answered=Answered(answers), query=query, frame=snapshot.last)
        assert page.caption(shown).headline.endswith(".")
        for name, spec in page.views.items():
            if name in page.left_out(config):
                continue
            try:
                view = spec.build(shown)
            except (Untrained, Inapplicable):  # a sweep that nobody has trained, a forecast of what is no series
                continue
            assert view is not None and view.hint and view.alt and view.table() is not None, (page.name, name)
            assert "nan" not in f"{view.hint} {view.alt}".lower().split(), (page.name, name)
            words[name] = view.hint
    return words
