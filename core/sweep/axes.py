"""The settings that a sweep varies, read from texts.

``cell.hidden_size=8,16,32``       these values
``lr=log:1e-3:1e-1:5``             so many values from one end to the other, evenly in the logarithm; or ``linear:…``
``lr=1e-3..1e-1:log``              anything between, drawn at random; evenly, where ``:log`` is left out
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import exp, log

import numpy as np

from core.config import RunConfig
from core.errors import ConfigError, quoted
from core.settings import Setting, settings_of

MOST_AXES, MOST_VALUES, MOST_TEXT = 3, 40, 300
DIGITS = 4
"""Significant digits of a value that is worked out, so that it can be read and typed."""
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SPACED = re.compile(rf"(log|linear):({_NUMBER}):({_NUMBER}):(\d{{1,4}})")
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(:log)?")
FORMS = "values, 8,16,32; log:0.001:0.1:5 or linear:8:64:4 for evenly spaced ones; or, for random draws, 0.001..0.1:log"


@dataclass(frozen=True)
class Axis:
    """A setting that is varied.

    text    as it was written, without the key
    values  what a grid goes through, as RunConfig takes them; empty where only ``low`` … ``high`` is known
    log     whether values are evenly apart in the logarithm, or drawn so
    whole   whether what is drawn is a whole number
    setting what is known of it
    """

    key: str
    text: str
    values: tuple[str, ...]
    low: float
    high: float
    log: bool
    whole: bool
    setting: Setting

    def drawn(self, rng: np.random.Generator) -> str:
        """A value at random."""
        if self.values:
            return self.values[int(rng.integers(len(self.values)))]
        if self.log:
            return _plainly(exp(rng.uniform(log(self.low), log(self.high))), self.whole)
        if self.whole:
            return str(rng.integers(round(self.low), round(self.high), endpoint=True))
        return _plainly(rng.uniform(self.low, self.high), False)


def axes_of(base: RunConfig, texts: Iterable[str]) -> tuple[Axis, ...]:
    """One axis a text, those that name a task or a cell in front: what others may be hangs on them.

    Raises ConfigError, a sentence for each that cannot be used.
    """
    split = [_split(text) for text in texts]
    problems = _problems([key for key, _ in split])
    axes: list[Axis] = []
    for key, text in sorted(split, key=lambda pair: not pair[0].endswith(".name")):
        try:
            axes.append(_axis(key, text, _variants(base, axes)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return tuple(axes)


def _split(text: str) -> tuple[str, str]:
    key, equals, values = text.strip().partition("=")
    if not equals or not key.strip() or not values.strip() or len(text) > MOST_TEXT:
        raise ConfigError([f"`axis` (={quoted(text)}) must be <setting>=<values>: {FORMS}."])
    return key.strip(), values.strip()


def _problems(keys: Sequence[str]) -> list[str]:
    problems = [f"`{quoted(key)}` is varied twice. Leave one out." for key in {*keys} if keys.count(key) > 1]
    if "seed" in keys:
        problems.append("`seed` is varied by the number of seeds. Leave it out, and say how many.")
    if not 1 <= len(keys) <= MOST_AXES:
        problems.append(f"A sweep varies one to {MOST_AXES} settings; these are {len(keys)}.")
    return problems


def _variants(base: RunConfig, axes: Sequence[Axis]) -> list[RunConfig]:
    """``base`` with each cell and task that is swept over: they have other settings."""
    variants = [base]
    for axis in axes:
        if axis.key.endswith(".name"):
            variants = [each.replace(**{axis.key: value}) for each in variants for value in axis.values]
    return variants


def _axis(key: str, text: str, variants: Sequence[RunConfig]) -> Axis:
    known = {name: setting for variant in variants for name, setting in settings_of(variant).items()}
    setting = known.get(key)
    if setting is None:
        raise ConfigError([f"`{quoted(key)}` is no setting of these runs. {_near(key, known)}."])
    if setting.kind == "data":
        raise ConfigError([f"`{key}` names data of one's own, which a sweep does not vary. Leave it out."])
    numeric, whole = setting.kind in ("integer", "number"), setting.kind == "integer"
    if spaced := _SPACED.fullmatch(text):
        low, high, count = float(spaced[2]), float(spaced[3]), int(spaced[4])
        is_log = spaced[1] == "log"
        _check_range(key, text, low, high, is_log, numeric)
        if not 2 <= count <= MOST_VALUES:
            raise ConfigError([f"`{key}` (={quoted(text)}) must be 2 to {MOST_VALUES} values. Change the last number."])
        numbers = np.geomspace(low, high, count) if is_log else np.linspace(low, high, count)
        return _listed(key, text, [_plainly(value, whole) for value in numbers], is_log, setting)
    if between := _RANGE.fullmatch(text):
        low, high, is_log = float(between[1]), float(between[2]), between[3] is not None
        _check_range(key, text, low, high, is_log, numeric)
        return Axis(key, text, (), low, high, is_log, whole, setting)
    return _listed(key, text, [part.strip() for part in text.split(",")], setting.log_scale, setting)


def _near(key: str, known: Mapping[str, Setting]) -> str:
    """Settings that may be meant: by their keys, or by their titles."""
    titles = {setting.title.lower(): name for name, setting in known.items()}
    word = key.split(".")[-1]
    close = [titles[title] for title in get_close_matches(word.replace("_", " "), titles, n=2, cutoff=0.7)]
    close += get_close_matches(key, known, n=2) or get_close_matches(word, known, n=2)
    return f"Near it: {', '.join(dict.fromkeys(close))}" if close else "`python -m core presets --json` shows all"


def _check_range(key: str, text: str, low: float, high: float, is_log: bool, numeric: bool) -> None:
    if not numeric:
        raise ConfigError([f"`{key}` (={quoted(text)}) has no numbers. Name its values, with commas between."])
    if not low < high:
        raise ConfigError([f"`{key}` (={quoted(text)}) must go from the smaller end to the larger. Swap them."])
    if is_log and low <= 0:
        raise ConfigError([f"`{key}` (={quoted(text)}) must begin above 0 to be even in the logarithm. Leave out log."])


def _listed(key: str, text: str, values: Sequence[str], is_log: bool, setting: Setting) -> Axis:
    found = tuple(dict.fromkeys(values))
    if len(found) > MOST_VALUES:
        raise ConfigError([f"`{key}` has {len(found)} values; at most {MOST_VALUES} can be told apart. Take fewer."])
    numbers = [float(value) for value in found if re.fullmatch(_NUMBER, value)]
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 0.0)
    return Axis(key, text, found, low, high, is_log and low > 0, setting.kind == "integer", setting)


def _plainly(value: float, whole: bool) -> str:
    return str(round(value)) if whole else repr(float(f"{value:.{DIGITS - 1}e}"))
