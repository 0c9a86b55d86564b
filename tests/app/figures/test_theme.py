"""The scales of the project, as a printer without colour and a visitor of either theme see them."""

import pytest

from app.figures.theme import DARK, FLOW, LIGHT


def lightness(color: str) -> float:
    """CIE L* of #rrggbb, 0 … 100."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    Y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 116 * Y ** (1 / 3) - 16 if Y > 0.008856 else 903.3 * Y


def test_what_has_grown_and_what_has_faded_as_much_are_two_greys() -> None:
    shades = [lightness(color) for _, color in FLOW]
    middle = len(shades) // 2
    assert shades[: middle + 1] == sorted(shades[: middle + 1]) and shades[middle:] == sorted(shades[middle:])[::-1]
    for faded, grown in zip(shades[:middle][::-1], shades[middle + 1 :]):
        assert grown - faded > 10


@pytest.mark.parametrize("scale", ["flow", "gate", "state"])
def test_a_scale_means_the_same_in_both_themes(scale: str) -> None:
    assert getattr(LIGHT, scale) == getattr(DARK, scale)
