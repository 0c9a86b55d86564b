"""Numbers as prose writes them."""

from __future__ import annotations

import math


def sig(value: float, digits: int = 2) -> str:
    """``value`` with ``digits`` significant digits, readable: 0.0032, 47, 1.2e-05, 3.1e+07."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 10 ** max(digits, 5) or size < 1e-3:
        return f"{value:.{digits - 1}e}"
    exponent = math.floor(math.log10(size))
    rounded = round(value, digits - 1 - exponent)
    return f"{rounded:,.{max(0, digits - 1 - exponent)}f}"


def percent(share: float) -> str:
    """A share as a percentage: 34 %, 0.4 %, 3.2e-05 %, 100 %. The space is one that does not break a line."""
    if not math.isfinite(share):
        return sig(share)
    value = 100 * share
    if value != 0 and abs(value) < 1:
        return f"{sig(value, 1 if abs(value) >= 1e-3 else 2)}\u00a0%"
    return f"{value:,.0f}\u00a0%" if abs(value) < 1e5 else f"{sig(value)}\u00a0%"


def portion(share: float) -> str:
    """A share in the plainest form: 34 %, 0.4 %, 10⁻¹¹, 35 times."""
    if not math.isfinite(share) or share == 0:
        return sig(share)
    if share >= 2:
        return f"{sig(share)} times"
    return percent(share) if share >= 1e-4 else power_of_ten(share)


def power_of_ten(value: float) -> str:
    """The nearest power of ten, 10⁻¹¹; ``value`` is positive."""
    power = str(round(math.log10(value)))
    return "10" + power.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def plural(count: int, noun: str) -> str:
    """'1 step', '3 steps', '1,200 steps'."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def factor(value: float) -> str:
    """A factor per step with two decimals, three where two would round a change to 1.00."""
    return f"{value:.3f}" if value != 1 and round(value, 2) == 1 else f"{value:.2f}"


def times(ratio: float) -> str:
    """How many times as large: 6.8, 510, 10⁸."""
    return power_of_ten(ratio) if 1e5 <= ratio < math.inf else sig(ratio)
