"""Data files: TOML beside the code that reads it, validated into a model; what is wrong says in which file and where.

Presets are such files. The model says what a file holds; its validators say what pydantic cannot know.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import UnrolledError, quoted

Model = TypeVar("Model", bound=BaseModel)


class DataFileError(UnrolledError):
    """A data file that cannot be used; ``problems`` holds one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return " ".join(self.problems)


def read(path: Path, model: type[Model]) -> Model:
    """What the TOML file at ``path`` holds. Raises DataFileError with a sentence per problem: file, place, rule."""
    file = named(path)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DataFileError([f"`{file}` cannot be read: {error.strerror}. Install Unrolled again."]) from None
    except ValueError as error:  # TOML's errors and those of UTF-8
        raise DataFileError([f"`{file}` is not TOML: {error}. Correct it there."]) from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise DataFileError([_sentence(file, problem) for problem in error.errors(include_url=False)]) from None


def named(path: Path) -> str:
    """A data file as sentences name it: its folder and its name."""
    return f"{path.parent.name}/{path.name}"


def flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as one dictionary with dotted keys: ``{"cell": {"name": "lstm"}}`` → ``{"cell.name": "lstm"}``."""
    settings: dict[str, Any] = {}
    for key, value in content.items():
        settings |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return settings


def _sentence(file: str, problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    where = f"`{quoted(place)}` in `{file}`" if place else f"`{file}`"
    kind, said = problem["type"], problem["msg"]
    if kind == "missing":
        return f"{where} is missing. Add it."
    if kind == "extra_forbidden":
        return f"{where} (={quoted(problem['input'])}) is not known there. Leave it out."
    if kind == "value_error":
        return f"{where}: {problem['ctx']['error']}"
    return f"{where} (={quoted(problem['input'])}): {said[0].lower()}{said[1:]}. Correct it there."
