"""Data files in YAML, read without running anything; what is wrong with one is said with file, line and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from core.data_files import DataFileError, named
from core.errors import quoted

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LARGEST = 200_000
"""Bytes of a file: a hundred times what one needs."""


def read(path: Path, model: type[Model], what: str, unusable: Callable[[Model], Iterable[tuple[Place, str]]]) -> Model:
    """What the YAML file at ``path`` holds, ``what`` in words ("lesson").

    ``unusable`` finds what the model alone cannot: places in the file, and a sentence each. Raises DataFileError with
    a sentence per problem: file, line, reason.
    """
    node = _composed(path, what)
    try:
        content = model.model_validate(_LOADER("").construct_document(node))
    except yaml.MarkedYAMLError as error:
        raise _no_yaml(path, error) from None
    except ValidationError as error:
        problems = [_sentence(path, node, what, problem) for problem in error.errors(include_url=False)]
        raise DataFileError(list(dict.fromkeys(problems))) from None
    wrong = [f"`{_at(path, node, place)}`: {told}" for place, told in unusable(content)]
    if wrong:
        raise DataFileError(wrong)
    return content


def _composed(path: Path, what: str) -> yaml.Node:
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST:
            raise DataFileError([f"`{named(path)}` has {len(content):,} bytes; a {what} has at most {_LARGEST:,}."])
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


def _sentence(path: Path, node: yaml.Node, what: str, problem: Any) -> str:
    place: Place = tuple(problem["loc"])
    kind, said, known = problem["type"], problem["msg"], _known(node, place)
    where = f"`{_at(path, node, place)}`"
    name = ".".join(str(part) for part in known)
    if kind == "missing":
        return f"{where}: `{place[-1]}` is missing{f' in `{name}`' if name else ''}. Add it."
    if kind == "extra_forbidden":
        return f"{where}: `{quoted(str(place[-1]))}` is no part of a {what} there. Leave it out."
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
