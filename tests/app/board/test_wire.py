"""What is packed can be read back as the board's script reads it."""

from base64 import b64decode

import numpy as np
from pandas import DataFrame

from app.board import wire
from app.figures.base import View, figure, with_gaps
from app.figures.shared.over_training import over_training
from app.figures.theme import Style
from core.config import RunConfig


def unpacked(text: str, low: float, high: float) -> np.ndarray:
    codes = np.array([ord(character) for character in text], float)
    levels = codes - ord(wire.FIRST) - (codes > ord("\\"))
    return np.where(codes < ord(wire.FIRST), np.nan, low + (high - low) / (wire.LEVELS - 1) * levels)


def test_characters_round_trip_to_half_a_level() -> None:
    z = np.linspace(-6, 6, 1001)
    np.testing.assert_allclose(unpacked(wire.characters(z, -6, 6), -6, 6), z, atol=6 / (wire.LEVELS - 1) + 1e-9)


def test_ends_middle_gaps_and_overflow() -> None:
    z = np.array([-6, 0, 6, np.nan, -99, 99, np.inf])
    np.testing.assert_array_equal(unpacked(wire.characters(z, -6, 6), -6, 6), [-6, 0, 6, np.nan, -6, 6, 6])


def test_no_character_needs_an_escape() -> None:
    text = wire.characters(np.linspace(0, 1, 500), 0, 1)
    assert len(set(text)) == wire.LEVELS and not set(text) & set('\\"')


def test_only_large_heatmaps_are_packed_and_the_template_goes_once() -> None:
    config = RunConfig.from_flat({"task.length": 50, "steps": 100})
    flow = np.ones((30, 51), np.float32)
    body = wire.packed(over_training(np.arange(30), flow, 29, config, Style()).figure)
    heat = body["data"][0]
    assert "z" not in heat and heat["packed"]["rows"] * 50 == len(heat["packed"]["text"])
    assert "template" not in body["layout"]


def test_numbers_that_are_none_stay_valid_json() -> None:
    assert wire.plain(wire.compressed({"a": [float("nan"), 1.0]})) == {"a": [None, 1.0]}


def test_a_table_s_rows_go_where_it_is_open() -> None:
    """And are not even made elsewhere."""
    made = DataFrame({
        "step": [1, 123456], "loss": [0.123456, np.nan], "norm": np.float32([0.1, np.inf]), "clipped": [True, False],
        "other": with_gaps([np.nan, 7], [True, False]), "remark": ["", "cut"],
    })  # fmt: skip
    calls: list[int] = []
    view = View("name", "title", "hint", "alt", figure(Style(), [], {}, height=100), lambda: calls.append(1) or made)
    assert "table" not in wire.view(view, table=False) and not calls
    assert wire.plain(wire.compressed(wire.view(view, table=True)))["table"] == {
        "columns": ["step", "loss", "norm", "clipped", "other", "remark"],
        "rows": [["1", "0.1235", "0.1000", "yes", None, ""], ["123,456", None, None, "", "", "cut"]],
    }


def test_what_hovering_says_has_the_digits_of_a_table_and_other_curves_keep_theirs() -> None:
    y = np.float32([0.0123456, 3.21234e-9, np.nan, 0, -123456])
    said = {"type": "scatter", "x": [0.5] * 5, "y": y, "hovertemplate": "loss %{y}"}
    drawn = wire.packed(figure(Style(), [said, said | {"hovertemplate": "%{text}"}], {}, height=100))["data"]
    np.testing.assert_allclose(drawn[0]["y"], [0.01235, 3.212e-9, np.nan, 0, -123500], rtol=1e-6)
    np.testing.assert_array_equal(np.frombuffer(b64decode(drawn[1]["y"]["bdata"]), np.float32), y)


def test_a_subline_keeps_whole_sentences_of_two_lines_and_the_first_always() -> None:
    short, long = "A gradient of 2 × 10⁻⁵. ", f"It {'goes ' * 50}on. "
    assert wire.subline((short + short + long + short).strip()) == {
        "subline": (short + short).strip(), "more": (long + short).strip()
    }  # fmt: skip
    assert wire.subline(long.strip()) == {"subline": long.strip()} and wire.subline("") == {"subline": ""}
