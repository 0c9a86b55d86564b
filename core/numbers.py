"""Numbers as people read them, in one way everywhere: plain from 0.001 up to 100,000, beyond as 3.2 × 10⁻⁵.

What is not quite 0, 1 or all is never written so: 0.4 %, 99.6 %, 0.9992, with as many digits as that takes. A millionth
off 1 is rounding, though: profiles are kept as float32.

Spaces within a number do not break a line, and a minus is a minus (−), not a hyphen. Plotly's own texts look the same
(``exponentformat`` of app.figures.theme).
"""

from __future__ import annotations

import math

ROUNDING = 1e-6
"""How far off 1 a number may be and be called 1."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def sig(value: float, digits: int = 2) -> str:
    """``value`` with ``digits`` significant digits: 0.0032, 47, 1,200, 1.2 × 10⁻⁵, 3.1 × 10⁷."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    size = abs(value)
    if size == 0:
        return "0"
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    exponent = int(power)
    if size >= 10 ** max(digits, 5) or size < 1e-3:
        return _minus(f"{mantissa}\u00a0×\u00a0{raised(exponent)}")
    return _minus(f"{round(value, digits - 1 - exponent):,.{max(0, digits - 1 - exponent)}f}")


def exact(value: float) -> str:
    """A setting with the digits that it has, six at most: 0.005, 2.5, 1,000, 10⁻⁵, 2.5 × 10⁻⁶."""
    digits = next((n for n in range(1, 6) if float(f"{value:.{n - 1}e}") == value), 6)
    return sig(value, digits).removeprefix("1\u00a0×\u00a0")


def plain(value: float) -> str:
    """A number among many that are read against each other: three digits, 1.20, 0.0340, 1.20 × 10⁻⁵."""
    return sig(value, 3)


def fixed(value: float, digits: int = 2) -> str:
    """``value`` with so many digits behind the point, 0.98, −0.30; with more where these would make it a 0 or a ±1 that
    it is not: 0.004, 0.9992."""
    if not math.isfinite(value):
        return sig(value)
    if value != 0 and round(value, digits) == 0:
        return sig(value, 1)
    off = abs(abs(value) - 1)
    if off > ROUNDING and abs(round(value, digits)) == 1:
        digits = max(digits, -math.floor(math.log10(off)))
    return _minus(f"{round(value, digits) + 0.0:,.{digits}f}")


def p_words(p: float) -> str:
    """A p value as one writes it: 0.03, 1, below 0.001."""
    if p < 0.001:
        return "below 0.001"
    return fixed(p, 3 if p < 0.1 else 2).rstrip("0") if p < 1 else "1"


def percent(share: float, digits: int = 0) -> str:
    """A share as a percentage: 34 %, 0.4 %, 3.2 × 10⁻⁵ %, 99.6 %, 100 %; ``digits`` behind the point."""
    if not math.isfinite(share):
        return sig(share)
    value = 100 * share
    if value != 0 and abs(value) < 1:
        return f"{sig(value, 1 if abs(value) >= 1e-3 else 2)}\u00a0%"
    off = abs(abs(share) - 1)
    if off > ROUNDING and abs(round(value, digits)) == 100:
        digits = max(digits, -math.floor(math.log10(100 * off)))
    return f"{_minus(f'{round(value, digits):,.{digits}f}') if abs(value) < 1e5 else sig(value)}\u00a0%"


def portion(share: float) -> str:
    """A share in the plainest form: 34 %, 0.4 %, 10⁻¹¹, 35 times."""
    if not math.isfinite(share) or share == 0:
        return sig(share)
    if share >= 2:
        return f"{sig(share)} times"
    return percent(share) if share >= 1e-4 else power_of_ten(share)


def power_of_ten(value: float) -> str:
    """The nearest power of ten, 10⁻¹¹; ``value`` is positive."""
    return raised(round(math.log10(value)))


def raised(power: int) -> str:
    """10 to the ``power``: 10⁻¹¹."""
    return "10" + str(power).translate(_RAISED)


def plural(count: int, noun: str) -> str:
    """'1 step', '3 steps', '1,200 steps'."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def times(ratio: float) -> str:
    """How many times as large: 6.8, 510, 10⁸."""
    return power_of_ten(ratio) if 1e5 <= ratio < math.inf else sig(ratio)


def duration(seconds: float) -> str:
    """Seconds in words: 4 s, 2 min, 3 h."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _minus(text: str) -> str:
    return text.replace("-", "−")
