"""A lesson's file: YAML, read without running anything, and what is wrong with it said with file, line and reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core.data_files import DataFileError, named
from core.errors import UnrolledError, quoted
from core.lessons.expressions import check, check_places
from core.lessons.measured import Measured
from core.lessons.model import Choice, Lesson, Step

Place = tuple[str | int, ...]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LARGEST = 200_000
"""Bytes of a lesson: a hundred times what one needs."""


def read_lesson(path: Path) -> Lesson:
    """The lesson in the YAML file at ``path``. Raises DataFileError with a sentence per problem: file, line, reason."""
    node = _composed(path)
    try:
        lesson = Lesson.model_validate(_LOADER("").construct_document(node))
    except yaml.MarkedYAMLError as error:
        raise _no_yaml(path, error) from None
    except ValidationError as error:
        problems = [_sentence(path, node, problem) for problem in error.errors(include_url=False)]
        raise DataFileError(list(dict.fromkeys(problems))) from None
    wrong = [f"`{_at(path, node, place)}`: {told}" for place, told in _unusable(lesson)]
    if wrong:
        raise DataFileError(wrong)
    return lesson


def _composed(path: Path) -> yaml.Node:
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST:
            raise DataFileError([f"`{named(path)}` has {len(content):,} bytes; a lesson has at most {_LARGEST:,}."])
        node = yaml.compose(content.decode("utf-8"), _LOADER)
    except OSError as error:
        raise DataFileError([f"`{named(path)}` cannot be read: {error.strerror}. Name a file that can."]) from None
    except yaml.MarkedYAMLError as error:
        raise _no_yaml(path, error) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataFileError([f"`{named(path)}` is not YAML: {error}. Save it as text in UTF-8."]) from None
    if node is None:
        raise DataFileError([f"`{named(path)}` is empty. Begin with `title:`."])
    return node


def _no_yaml(path: Path, error: yaml.MarkedYAMLError) -> DataFileError:
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    return DataFileError([f"`{named(path)}:{line}`: this is not YAML: {error.problem}. Correct it there."])


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


def _sentence(path: Path, node: yaml.Node, problem: Any) -> str:
    place: Place = tuple(problem["loc"])
    kind, said, known = problem["type"], problem["msg"], _known(node, place)
    where = f"`{_at(path, node, place)}`"
    name = ".".join(str(part) for part in known)
    if kind == "missing":
        return f"{where}: `{place[-1]}` is missing{f' in `{name}`' if name else ''}. Add it."
    if kind == "extra_forbidden":
        return f"{where}: `{quoted(str(place[-1]))}` is no part of a lesson there. Leave it out."
    if kind == "value_error":
        return f"{where}: {problem['ctx']['error']}"
    return f"{where}: `{name}` (={quoted(str(problem['input']))}): {said[0].lower()}{said[1:]}. Correct it there."


def _at(path: Path, node: yaml.Node, place: Place) -> str:
    """``folder/file.yaml:line`` of a place in the file, or of what it stands in."""
    for part in place:
        inner = _inside(node, part)
        node = node if inner is None else inner
    return f"{named(path)}:{node.start_mark.line + 1}"


def _known(node: yaml.Node, place: Place) -> Sequence[str | int]:
    """Those parts of a place that the file itself has: pydantic adds the kind of a question."""
    known: list[str | int] = []
    for part in place:
        inner = _inside(node, part)
        if inner is not None:
            known.append(part + 1 if isinstance(part, int) else part)
            node = inner
    return known


def _inside(node: yaml.Node, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None
