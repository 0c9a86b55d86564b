"""The kinds of questions to a class: what is asked, which answers count, how they add up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from core.errors import UnrolledError, quoted

Kind = Literal["choice", "number", "curve"]
KINDS: dict[Kind, str] = {
    "choice": "One of several answers",
    "number": "A number",
    "curve": "A curve: how much of the gradient arrives at each time step",
}
MOST_CHOICES, LONGEST = 8, 200
POINTS = 33
"""A sketched curve is sent as so many values, evenly spaced over the time steps, the first step first."""

MOST_CURVES = 60
"""More in one picture nobody can tell apart, and a hall would have to load them all."""

LOWEST, HIGHEST = -8.0, 4.0
"""Their bounds, in powers of ten of the gradient at the last step."""


def question(kind: Kind, words: str, choices: Sequence[str] = ()) -> dict[str, Any]:
    """The body of a question. Raises UnrolledError where it cannot be asked."""
    words, offered = " ".join(words.split()), [" ".join(choice.split()) for choice in choices if choice.strip()]
    if not words or len(words) > LONGEST:
        raise UnrolledError(f"A question has 1 to {LONGEST} characters; this one has {len(words)}.")
    if kind == "choice" and not 2 <= len(offered) <= MOST_CHOICES:
        raise UnrolledError(f"Give 2 to {MOST_CHOICES} answers to choose from, one a line; there are {len(offered)}.")
    if any(len(choice) > LONGEST for choice in offered) or len(set(offered)) < len(offered):
        raise UnrolledError(f"Answers to choose from differ, and have at most {LONGEST} characters each.")
    return {"kind": kind, "words": words, "choices": offered if kind == "choice" else []}


def checked(body: dict[str, Any], value: Any) -> Any:
    """An answer to the question ``body`` as it is stored. Raises UnrolledError where it is none."""
    if body["kind"] == "choice":
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(body["choices"]):
            return value
        raise UnrolledError(
            f"The answer (={quoted(value)}) must be one of the {len(body['choices'])} that are offered."
        )
    if body["kind"] == "number":
        if _is_number(value):
            return float(value)
        raise UnrolledError(f"The answer (={quoted(value)}) must be a number.")
    if isinstance(value, list) and len(value) == POINTS and all(map(_is_number, value)):
        return [min(HIGHEST, max(LOWEST, float(point))) for point in value]
    raise UnrolledError("The answer must be a curve over all time steps: draw from one side to the other.")


def tally(body: dict[str, Any], answers: Sequence[Any]) -> dict[str, Any]:
    """The answers together: ``counts`` by choice, all ``values`` and their ``median``, or all ``curves`` and theirs."""
    if body["kind"] == "choice":
        return {"counts": [sum(answer == place for answer in answers) for place in range(len(body["choices"]))]}
    if body["kind"] == "number":
        return {"values": sorted(answers), "median": float(np.median(answers)) if answers else None}
    median = [round(float(value), 3) for value in np.median(np.array(answers), axis=0)] if answers else []
    some = answers[:: max(1, math.ceil(len(answers) / MOST_CURVES))]
    return {"curves": [[round(value, 2) for value in answer] for answer in some], "median": median}


def arriving(flow: Any) -> list[float | None]:
    """The true curve for ``flow`` (T+1,), ‖∂L/∂state_t‖ of every time step: log₁₀ of its share of the last step's at
    POINTS places, linear between time steps; None where nothing arrives or no number stands."""
    values = np.asarray(flow, float)
    last = values[-1] if values.size else math.nan
    with np.errstate(all="ignore"):
        exponents = np.log10(values / last)
    exponents[~np.isfinite(exponents)] = math.nan
    places = np.linspace(0, len(values) - 1, POINTS)
    low = np.floor(places).astype(int)
    high = np.minimum(low + 1, len(values) - 1)
    there = places - low
    points = np.where(there == 0, exponents[low], (1 - there) * exponents[low] + there * exponents[high])
    return [round(float(point), 3) if math.isfinite(point) else None for point in points]


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e12
    )
