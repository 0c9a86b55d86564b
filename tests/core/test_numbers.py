"""Numbers as people read them."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.numbers import exact, fixed, percent, plural, portion, sig, times


def read(text: str) -> float:
    """The slow twin: what a text of ours says."""
    for written, meant in {"\u00a0×\u00a010": "e", "−": "-", ",": ""}.items():
        text = text.replace(written, meant)
    text = text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(f"1e{text[2:]}" if text.startswith("10-") else text)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300), st.integers(1, 8))
def test_what_is_written_is_the_number_in_one_form(value: float, digits: int) -> None:
    if abs(value) < 1e-300:
        return
    text = sig(value, digits)
    assert read(text) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))
    assert "e" not in text and "-" not in text and " " not in text
    assert ("10" in text and "×" in text) == (abs(value) < 1e-3 or abs(value) >= 10 ** max(5, digits))


@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (3.14, "3.1"), (47.2, "47"), (-0.0123, "−0.012"), (3.2e-5, "3.2 × 10⁻⁵"), (3.1e7, "3.1 × 10⁷"),
     (math.nan, "not a number"), (math.inf, "∞"), (-math.inf, "−∞"), (1234, "1,200")],
)  # fmt: skip
def test_sig(value: float, text: str) -> None:
    assert sig(value) == text.replace(" × ", "\u00a0×\u00a0")


def test_settings_keep_their_digits() -> None:
    written = {0.005: "0.005", 2.5: "2.5", 1000: "1,000", 1e-5: "10⁻⁵", 2.5e-6: "2.5 × 10⁻⁶", 0: "0", -1.95: "−1.95"}
    assert {value: exact(value).replace("\u00a0", " ") for value in written} == written


@given(st.floats(-1.5, 1.5), st.sampled_from([percent, fixed, portion]))
def test_nothing_and_all_are_said_of_nothing_and_all_alone(value: float, write: Callable[[float], str]) -> None:
    """But for rounding: a millionth off 1."""
    value = abs(value) if write is portion else value
    text = write(value)
    said = read(text.removesuffix("\u00a0%")) / (100 if text.endswith("%") else 1)
    assert (said == 0) == (value == 0)
    assert abs(said) != 1 or abs(abs(value) - 1) <= 2e-6


@pytest.mark.parametrize("share, text", [
    (0.34, "34 %"), (0.004, "0.4 %"), (1, "100 %"), (0, "0 %"), (-0.3, "−30 %"), (0.996, "99.6 %"),
    (0.99995, "99.995 %"), (1.002, "100.2 %"), (1 - 1e-7, "100 %"), (0.985, "98 %"),
])  # fmt: skip
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text.replace(" ", "\u00a0")


@pytest.mark.parametrize("share, text", [(1.2e-11, "10⁻¹¹"), (0.5, "50\u00a0%"), (35.2, "35 times"), (0.0, "0")])
def test_portion(share: float, text: str) -> None:
    assert portion(share) == text


def test_small_words() -> None:
    assert plural(1, "step") == "1 step" and plural(1200, "step") == "1,200 steps"
    written = {0.66: "0.66", 0.998: "0.998", 1: "1.00", 0.9997: "0.9997", 1.004: "1.004", 0: "0.00"}
    assert {value: fixed(value) for value in written} == written
    assert times(6.83) == "6.8" and times(1.7e8) == "10⁸" and times(math.inf) == "∞"
    assert fixed(-0.3) == "−0.30" and fixed(-0.001) == "−0.001" and fixed(math.nan) == "not a number"
