"""Errors that a visitor reads: argument, value, rule, way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.numbers import exact

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError


QUOTED = 60
"""Characters of somebody's input that a sentence repeats."""


class UnrolledError(Exception):
    """An error whose text is meant for the visitor."""


class ConfigError(UnrolledError, ValueError):
    """Settings that cannot be used; ``problems`` holds one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)  # as it was called, which is how it passes from one process to another
        self.problems = problems

    def __str__(self) -> str:
        return " ".join(self.problems)


class BudgetError(ConfigError):
    """A config that asks for more work than this server allows."""


def sentences(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One clear sentence for each problem pydantic found."""
    return [_sentence(problem, model) for problem in error.errors(include_url=False)]


def _sentence(problem: Any, model: type[BaseModel]) -> str:
    # In a union pydantic puts the member's tag behind the union's name: ('task', 'adding', 'length').
    where = [str(part) for part in problem["loc"]]
    if where and where[0] in ("task", "cell") and len(where) > 1:
        where = [where[0], *where[2:]]
    key, value, context = quoted(".".join(where)), quoted(problem["input"]), problem.get("ctx", {})
    kind = problem["type"]
    if kind == "value_error":
        return str(context["error"])
    if kind == "union_tag_invalid":
        key, value = f"{key}.name", quoted(context["tag"])
        return f"`{key}` (={value}) is not known. Choose one of: {context['expected_tags'].replace(chr(39), '')}."
    if kind == "extra_forbidden":
        part = problem["loc"]
        owner = f"{part[0]} {part[1]}" if len(part) > 2 else model.model_config.get("title", "a run")
        return f"`{key}` (={value}) is not a setting of {owner}. Leave it out."
    if kind == "literal_error":
        return f"`{key}` (={value}) is not known. Choose {context['expected'].replace(chr(39), '')}."
    bounds = {
        "greater_than_equal": ("ge", "at least"),
        "greater_than": ("gt", "more than"),
        "less_than_equal": ("le", "at most"),
        "less_than": ("lt", "less than"),
    }
    if kind in bounds:
        name, words = bounds[kind]
        way = "Raise" if name in ("ge", "gt") else "Lower"
        return f"`{key}` (={value}) must be {words} {_plain(context[name])}. {way} `{key}`."
    if kind in ("int_parsing", "int_type", "int_from_float", "int_parsing_size"):
        return f"`{key}` (={value}) must be a whole number."
    if kind in ("float_parsing", "float_type", "finite_number"):
        return f"`{key}` (={value}) must be a number."
    return f"`{key}` (={value}): {problem['msg'][0].lower()}{problem['msg'][1:]}."


def quoted(value: object) -> str:
    """``value`` as a sentence quotes it: short, on one line, and with no mark that would end a `name` around it."""
    text = " ".join(str(value).replace("`", "'").split())
    return text if len(text) <= QUOTED else f"{text[: QUOTED - 1]}…"


def _plain(bound: float) -> str:
    """A bound as people write it: 2,147,483,647 and 0.5, not 2.14748 × 10⁹."""
    return f"{int(bound):,}" if bound == int(bound) else exact(bound)
