"""The lessons that come along: every number is that of a recorded run, and the runs are those of this engine."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app.lessons.question import _steps
from core.config import RunConfig
from core.data import held_out
from core.errors import UnrolledError
from core.lessons.command import shortcomings
from core.lessons.expressions import filled, value
from core.lessons.file import expressions_of
from core.lessons.grading import HANDLES, at_handles, curve, graded, right_option
from core.lessons.measured import Measured
from core.lessons.model import Choice, Curve, Number, Question
from core.lessons.shelf import configs, lessons, measured, recorded
from core.store.folder import SHIPPED, recorded_id

NAMES = [*lessons()]
TYPED = re.compile(r"(?<![\w.$^_{(/−-])\d+(?:\.\d+)?(?![\w}])")
"""A number that is typed and not worked out."""
MEANT = {
    "unrolling": {"6", "4", "10", "1,000", "1", "0", "000"},
    "vanishing": {"1", "10", "20", "1.1", "0.0003", "2", "3", "¼"},
    "initialisation": {"1", "3", "100", "0.95"},
    "truncation": {"1", "3", "5", "8", "10", "20", "40", "64"},
    "clipping": {"5", "0.05", "0"},
    "activations": {"0", "1", "0.01"},
    "fading": {"1"},
    "carousel": {"0", "1", "20", "0.9", "0.98"},
    "peepholes": {"1"},
    "gru": {"1"},
    "language": {"0", "1", "0.3", "1.2", "53", "3.97"},
}
"""What may stand in a lesson's words as a figure: settings, bounds that are asked about, sums that the lesson does
itself. What a run measured may not."""


MISCONCEPTIONS = (
    "every time step has its own weights",
    "the LSTM wins because it is bigger",
    "clipping cures vanishing",
    "a longer window is always better",
    "σ_max > 1 means explosion",
    "the default LSTM has no vanishing gradient",
    "a gradient that arrives is a network that learns",
    "truncation forgets",
)


def test_every_recorded_run_is_there_once_and_no_other() -> None:
    """A change of the engine, of a preset or of a lesson asks for `make lessons`."""
    wanted = {f"{recorded_id(config.digest())}.sqlite" for config in configs()}
    assert {path.name for path in SHIPPED.glob("*.sqlite")} == wanted


def test_recorded_runs_are_small_and_whole() -> None:
    for config in configs():
        run = recorded(config)
        assert run is not None and run.config == config and run.digest == config.digest()
        steps = run.scalars()["step"]
        assert steps[0] == 0 and (np.diff(steps) == 1).all() and steps[-1] == run.last_step
        assert run.last_step == config.steps or not np.isfinite(run.scalars()["loss"][-1]), config.label
        assert run.path.stat().st_size < 1_200_000
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 20_000_000


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_lesson_comes_from_its_runs(name: str) -> None:
    assert shortcomings(lessons()[name]) == []


def reference(measured: Measured, config: RunConfig) -> dict[str, float]:
    """What a lesson quotes most, worked out here from the run's frames by other means."""
    run = measured._run
    assert run is not None
    first, last = run.frame(0), run.frame(config.steps)
    assert first is not None and last is not None
    window = held_out(config).asked[: config.task.length]  # of an endless task all that is held out is one sequence
    asked = int(np.flatnonzero(window.any(axis=1))[-1]) + 1
    score = [value for value in run.scalars()["score"] if np.isfinite(value)]
    return {
        "score": last.score,
        "best_score": max(score),
        "first_share": float(first.flow_last[1] / first.flow_last[asked]),
        "loss": float(run.scalars()["loss"][1]),
    }


@pytest.mark.parametrize("name", NAMES)
def test_measurements_agree_with_the_frames(name: str) -> None:
    for run, numbers in measured(lessons()[name]).items():
        config = lessons()[name].runs[run].config
        told = reference(numbers, config)
        assert numbers.score() == told["score"] and numbers.best_score() == told["best_score"]
        assert numbers.first_share(0) == pytest.approx(told["first_share"], rel=1e-6)  # profiles are float32
        assert numbers.loss(1) == told["loss"]
        solved = numbers.solved_at()
        assert (numbers.score(solved) >= config.task.solved) if np.isfinite(solved) else told["best_score"] < 1


@pytest.mark.parametrize("name", NAMES)
def test_what_was_measured_is_never_typed(name: str) -> None:
    for place, text, plain in expressions_of(lessons()[name]):
        if plain:
            continue
        words = re.sub(r"\[\[.*?\]\]|\$.*?\$|\(\w+ \d{4}\)", "", text, flags=re.DOTALL)
        typed = set(TYPED.findall(words)) - MEANT.get(name, set())
        assert not typed, f"{name}, {place}: {typed} typed in {text!r}"


def answers(question: Question, runs) -> list[tuple[tuple[float, ...], bool]]:
    """Answers of all kinds, and whether each is right."""
    if isinstance(question, Choice):
        right = right_option(question, runs)
        return [((float(at),), at == right) for at in range(len(question.options))]
    if isinstance(question, Number):
        truth, within = float(value(question.truth, runs)), question.within
        ends = (truth, question.least, question.most)
        off = [abs(np.log(end / truth)) if question.log else abs(end - truth) for end in ends]
        return [((end,), bool(far <= (np.log(within) if question.log else within))) for end, far in zip(ends, off)]
    true = at_handles(curve(question, runs))
    flat, deep = np.zeros(HANDLES), np.full(HANDLES, float(-question.decades))
    return [(tuple(each), bool(np.abs(each - true).mean() <= question.within)) for each in (true, flat, deep)]


@pytest.mark.parametrize("name", NAMES)
def test_right_and_wrong_answers_are_told_apart_with_a_reason(name: str) -> None:
    runs = measured(lessons()[name])
    for step in lessons()[name].steps:
        if step.question is None:
            continue
        told = [(graded(step.question, answer, runs), right) for answer, right in answers(step.question, runs)]
        assert all(verdict.right == right and verdict.because for verdict, right in told), step.title
        assert {verdict.right for verdict, _ in told} == {True, False}, f"{step.title}: any answer would do"
        if isinstance(step.question, Choice):
            assert any(verdict.belief for verdict, right in told if not right), (
                f"{step.title}: what had one to believe?"
            )
            assert not told[right_option(step.question, runs)][0].belief


def test_the_misconceptions_are_met_by_name() -> None:
    beliefs = " ".join(
        option.belief or ""
        for lesson in lessons().values()
        for step in lesson.steps
        if isinstance(step.question, Choice)
        for option in step.question.options
    )
    said = beliefs + " ".join(text for lesson in lessons().values() for _, text, _ in expressions_of(lesson))
    said = " ".join(said.split())
    for belief in MISCONCEPTIONS:
        assert belief in said, belief


def test_ten_questions_follow_on_the_first_lessons() -> None:
    first = [*lessons().values()][:4]
    assert sum(len(lesson.after) for lesson in first) >= 10
    for lesson in lessons().values():
        runs = measured(lesson)
        assert all(filled(each.answer, runs) for each in (*lesson.after, *lesson.sheet.exercises))


def test_a_run_that_is_not_recorded_is_a_sentence() -> None:
    config = next(iter(lessons().values())).runs["rnn"].config
    with pytest.raises(UnrolledError, match="make lessons"):
        Measured(config, None).score()


def test_a_slider_has_a_place_near_the_truth() -> None:

    for lesson in lessons().values():
        runs = measured(lesson)
        for step in lesson.steps:
            if isinstance(step.question, Number):
                assert any(graded(step.question, (place,), runs).right for place in _steps(step.question)), step.title
            if isinstance(step.question, Curve):
                assert np.ndim(value(step.question.truth, runs)) == 1
