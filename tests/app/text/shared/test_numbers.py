"""Numbers as prose writes them."""

import math

import pytest

from app.text.shared.numbers import factor, percent, plural, portion, sig, times


@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (3.14, "3.1"), (47.2, "47"), (0.0123, "0.012"), (3.2e-5, "3.2e-05"), (3.1e7, "3.1e+07"),
     (math.nan, "not a number"), (math.inf, "∞"), (-math.inf, "−∞"), (1234, "1,200")],
)  # fmt: skip
def test_sig(value: float, text: str) -> None:
    assert sig(value) == text


@pytest.mark.parametrize("share, text", [(0.34, "34 %"), (0.004, "0.4 %"), (1, "100 %"), (0, "0 %"), (0.999, "100 %")])
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text.replace(" ", "\u00a0")


@pytest.mark.parametrize("share, text", [(1.2e-11, "10⁻¹¹"), (0.5, "50\u00a0%"), (35.2, "35 times"), (0.0, "0")])
def test_portion(share: float, text: str) -> None:
    assert portion(share) == text


def test_plural_and_factor() -> None:
    assert plural(1, "step") == "1 step" and plural(1200, "step") == "1,200 steps"
    assert factor(0.66) == "0.66" and factor(0.998) == "0.998" and factor(1) == "1.00"


def test_times() -> None:
    assert times(6.83) == "6.8" and times(1.7e8) == "10⁸" and times(math.inf) == "∞"
