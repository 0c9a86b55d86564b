"""Sentences read back: rules that know a sentence, the numbers in it, and what a number so written may stand for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.audit.truth import Truth

POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
POWER = r"10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+"
PLAIN = r"[−-]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?"
NUMBER = rf"(?:{PLAIN} × {POWER}|[−-]?{POWER}|{PLAIN}|[−-]?∞|not a number)"
SHARE = rf"{NUMBER}(?: %| times)?"
PLACE = re.compile(r"\{(\w+)(%?)(?::([^}]+))?\}")


class Untrue(AssertionError):
    """A text says what does not hold."""


def claim(holds: object, *what: object) -> None:
    """Raise Untrue unless ``holds``."""
    if not holds:
        raise Untrue(" ".join(map(str, what)))


def span(text: str) -> tuple[float, float]:
    """The numbers that are written so: '3.1' is 3.05 to 3.15, '10⁻³' is within half a decade, '40 %' is 0.395 to 0.405.

    Two digits may be all that a number shows, so '1,200' is 1,150 to 1,250.
    """
    text = text.strip()
    for ending, factor in ((" %", 0.01), (" times", 1.0)):
        if text.endswith(ending):
            low, high = span(text.removesuffix(ending))
            return low * factor, high * factor
    if "∞" in text:
        return (-math.inf, -math.inf) if text[0] in "-−" else (math.inf, math.inf)
    if text == "not a number":
        return math.nan, math.nan
    digits, _, power = text.partition(" × 10")
    if not power and re.fullmatch(rf"[−-]?{POWER}", text):
        exponent, sign = int(text.lstrip("−-")[2:].translate(POWERS)), -1 if text[0] in "−-" else 1
        ends = sorted((sign * 10 ** (exponent - 0.5), sign * 10 ** (exponent + 0.5)))
        return ends[0], ends[1]
    scale = 10.0 ** int(power.translate(POWERS)) if power else 1.0
    digits = digits.translate(POWERS).replace(",", "")
    mantissa, _, exponent = digits.partition("e")
    scale *= 10.0 ** int(exponent or 0)
    _, _, decimals = mantissa.partition(".")
    half = 0.5 * 10.0 ** -len(decimals)
    if not decimals:
        whole = mantissa.lstrip("-")
        half *= 10 ** min(len(whole) - len(whole.rstrip("0")), max(0, len(whole) - 2)) if int(whole) else 1
    value = float(mantissa)
    return (value - half) * scale, (value + half) * scale


def near(text: str, true: float) -> bool:
    """Whether ``true`` may be written so."""
    low, high = span(text)
    if math.isnan(low) or math.isnan(true):
        return math.isnan(low) and math.isnan(true)
    slack = 1e-6 * max(abs(low), abs(high)) if math.isfinite(low) and math.isfinite(high) else 0.0
    return low - slack <= true <= high + slack


@dataclass(frozen=True)
class Said:
    """What a sentence has in its places."""

    places: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.places[name]

    def whole(self, name: str) -> int:
        """A whole number, every digit of which is meant."""
        return int(self[name].replace(",", ""))

    def near(self, name: str, true: float) -> None:
        """Raise Untrue unless ``true`` may be written so."""
        claim(near(self[name], float(true)), f"{name} is written {self[name]}, but it is {float(true)!r}")

    def exactly(self, name: str, true: int) -> None:
        """Raise Untrue unless it is this whole number."""
        claim(self.whole(name) == true, f"{name} is written {self[name]}, but it is {true}")


Facts = Mapping[str, Any]
"""What sentences say that others may contradict: one value by name."""
Check = Callable[[Truth, Said], Facts | None]


@dataclass(frozen=True)
class Rule:
    """A sentence, and what has to hold for it."""

    sentence: re.Pattern[str]
    check: Check
    template: str


class Rules:
    """The sentences that some texts are made of."""

    def __init__(self, *others: Rules) -> None:
        self.known: list[Rule] = [rule for each in others for rule in each.known]

    def __call__(self, *templates: str) -> Callable[[Check], Check]:
        """Register a check of one or more sentences, as a decorator.

        ``{name}`` in a template is a number, ``{name%}`` a share, ``{name:expression}`` any text so made.
        """

        def keep(check: Check) -> Check:
            self.known += [Rule(re.compile(expression(template)), check, template) for template in templates]
            return check

        return keep

    def read(self, text: str, truth: Truth) -> Iterable[tuple[str, Facts]]:
        """(sentence, what it says that can be contradicted) of every sentence; Untrue where one does not hold or is not
        known."""
        rest = sure(text, truth)
        while rest:
            found = [(match, rule) for rule in self.known if (match := rule.sentence.match(rest))]
            claim(found, f"No rule of the audit knows: {rest!r}")
            match, rule = max(found, key=lambda each: each[0].end())
            try:
                yield match[0], rule.check(truth, Said(match.groupdict())) or {}
            except (Untrue, LookupError, ValueError) as error:
                raise Untrue(f"{match[0]!r}: {error!r}") from None
            rest = rest[match.end() :].lstrip()


class Labels(Rules):
    """Texts that are read whole: a label may be one of several things, and has to be one that is there."""

    def read(self, text: str, truth: Truth) -> Iterable[tuple[str, Facts]]:
        """As of Rules, of the one label that ``text`` is."""
        label, found = sure(text, truth), []
        for rule in self.known:
            if match := rule.sentence.fullmatch(label) or rule.sentence.fullmatch(f"{label}."):
                try:
                    rule.check(truth, Said(match.groupdict()))
                    yield label, {}
                    return
                except (Untrue, LookupError, ValueError) as error:
                    found.append(repr(error))
        raise Untrue(f"{label!r}: {'; '.join(found) or 'no rule of the audit knows it'}")


def plain(text: str) -> str:
    """``text`` with ordinary spaces."""
    return text.replace("\u00a0", " ").strip()


SURE = {"task may need": "task needs", "they may need": "they need", "it may be needed": "it is needed",
        "as far as may be needed": "far enough", "back may be needed": "back needed", "may be needed: ": "needed: ",
        "first that may matter": "first that matters"}  # fmt: skip


def sure(text: str, truth: Truth) -> str:
    """``text`` as it is written of a task that is known to need what lies so far back; whether it is has to be said."""
    text = plain(text)
    known, guarded = truth.config.task.needs_lag, any(may in text for may in SURE)
    claim(not (known and guarded), f"{truth.config.task.name} is known to need it: {text!r}")
    for may, does in SURE.items():
        claim(known or does not in text.replace(may, ""), f"nobody knows whether {does!r} holds: {text!r}")
        text = text.replace(may, does)
    return text


def expression(template: str) -> str:
    """The regular expression of a template, up to the end or a space."""
    parts, at = [], 0
    for place in PLACE.finditer(template):
        name, share, own = place.groups()
        parts.append(re.escape(template[at : place.start()]))
        parts.append(f"(?P<{name}>{own or (SHARE if share else NUMBER)})")
        at = place.end()
    return "".join(parts) + re.escape(template[at:]) + r"(?=\s|$)"
