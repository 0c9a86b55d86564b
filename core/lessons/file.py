"""A lesson's file, and where in it something is worked out from the runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core import yaml_files
from core.errors import UnrolledError
from core.lessons.expressions import check, check_places
from core.lessons.measured import Measured
from core.lessons.model import Choice, Lesson, Step
from core.yaml_files import Place


def read_lesson(path: Path) -> Lesson:
    """The lesson in the YAML file at ``path``. Raises DataFileError with a sentence per problem: file, line, reason."""
    return yaml_files.read(path, Lesson, "lesson", _unusable)


def _unusable(lesson: Lesson) -> Iterator[tuple[Place, str]]:
    """Where an expression of the lesson asks for what there is not, and what."""
    runs = {name: Measured(spec.config, None) for name, spec in lesson.runs.items()}
    for place, text, plain in expressions_of(lesson):
        try:
            check(text, runs) if plain else check_places(text, runs)
        except UnrolledError as error:
            yield place, str(error)


def expressions_of(lesson: Lesson) -> Iterator[tuple[Place, str, bool]]:
    """(place in the file, text, whether the text is itself an expression) of all that is worked out from the runs."""
    for number, step in enumerate(lesson.steps):
        for place, text, plain in _of_step(step):
            yield ("steps", number, *place), text, plain
    sheet = lesson.sheet
    for name, texts in (("ask", sheet.ask), ("numbers", sheet.numbers)):
        yield from ((("sheet", name, at), text, False) for at, text in enumerate(texts))
    for start, exercises in ((("sheet", "exercises"), sheet.exercises), (("after",), lesson.after)):
        for at, exercise in enumerate(exercises):
            yield (*start, at, "ask"), exercise.ask, False
            yield (*start, at, "answer"), exercise.answer, False


def _of_step(step: Step) -> Iterator[tuple[Place, str, bool]]:
    yield ("text",), step.text, False
    if step.show.look:
        yield ("show", "look"), step.show.look, False
    question, reveal = step.question, step.reveal
    if question is None or reveal is None:
        return
    yield ("question", "ask"), question.ask, False
    if isinstance(question, Choice):
        for at, option in enumerate(question.options):
            yield ("question", "options", at, "when"), option.when, True
            yield ("question", "options", at, "text"), option.text, False
            yield ("question", "options", at, "because"), option.because, False
    else:
        yield ("question", "truth"), question.truth, True
        for name in ("right", "too_low", "too_high"):
            yield ("question", name), getattr(question, name), False
    for name in ("look", "text"):
        if getattr(reveal, name):
            yield ("reveal", name), getattr(reveal, name), False
