"""Figures and tables as compact JSON: heatmaps as one character a value, everything else as plotly writes it."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
from pandas import NA, DataFrame
from plotly.io.json import to_json_plotly

from app.figures.base import Key, Scale, Sheet, View
from core.frames import number
from core.numbers import sig

FIRST = "#"
LEVELS = 65
"""A heatmap value becomes one of LEVELS characters from ``#`` on, backslash left out, evenly over zmin … zmax; an odd
number, so that the middle of a diverging scale is exact. Nothing to draw is a space. Text of one byte a value
compresses far better than base64 of bytes, which tears neighbours apart."""
_SENTENCE = re.compile(r"(?<=[a-z0-9⁰¹²³⁴⁵⁶⁷⁸⁹°%)”…′|][.?!]) (?=[^a-z])")
LINES = 220
"""Characters of the two lines that stand under a headline."""
DIGITS = 4
"""Significant digits of what tables and hovering say."""

_ALPHABET = np.array([code for code in range(ord(FIRST), 127) if chr(code) != "\\"][:LEVELS], np.uint8)


def packed(figure: go.Figure) -> dict[str, Any]:
    """``figure`` for the board's JavaScript: ``{"data", "layout"}``, heatmap ``z`` as characters, no template."""
    body = figure.to_plotly_json()
    body["layout"].pop("template", None)
    drawn: Any = figure.data
    for source, trace in zip(drawn, body["data"]):
        for axis in "xy":
            if f"%{{{axis}}}" in str(trace.get("hovertemplate")) and np.asarray(source[axis]).dtype.kind == "f":
                trace[axis] = rounded(source[axis])
        # A strip, a single row, keeps its float32: it should not show the steps of LEVELS.
        if trace["type"] == "heatmap" and len(source.z) > 1:
            del trace["z"]
            z = np.asarray(source.z, np.float64)
            trace["packed"] = {"rows": z.shape[0], "text": characters(z, trace["zmin"], trace["zmax"])}
    return body


def characters(z: np.ndarray, low: float, high: float) -> str:
    """``z`` row by row, one character a value; clipped to low … high, a space where it is NaN."""
    flat = z.ravel()
    known = ~np.isnan(flat)
    level = np.clip((np.where(known, flat, low) - low) / (high - low), 0, 1) * (LEVELS - 1)
    codes = _ALPHABET[np.rint(level).astype(int)]
    return np.where(known, codes, np.uint8(ord(" "))).tobytes().decode("ascii")


def rounded(values: Any) -> np.ndarray:
    """``values`` (n,) with the digits that a table has, float32: Plotly says all that it is given."""
    values = np.asarray(values, np.float64)
    with np.errstate(all="ignore"):
        unit = 10.0 ** (np.floor(np.log10(np.abs(values))) - (DIGITS - 1))
        found = np.round(values / unit) * unit
    return np.where(np.isfinite(found), found, values).astype(np.float32)


def view(shown: View, *, table: bool) -> dict[str, Any]:
    """A View as the board gets it; the rows only where its table is open."""
    return {
        "title": shown.title,
        **_words(shown.hint),
        "toy": shown.toy,
        "whole": shown.whole,
        "alt": shown.alt,
        "figure": packed(shown.figure),
        "keys": [_key(key) for key in shown.keys],
        "scales": [_scale(scale) for scale in shown.scales],
        "knobs": [vars(knob) for knob in shown.knobs],
        **({"player": shown.player} if shown.player else {}),
        **({"sheet": _sheet(shown.sheet)} if shown.sheet else {}),
        **({"table": _table(shown.table())} if table else {}),
    }


def _words(hint: str) -> dict[str, str]:
    """The first sentence beside the title; the others are opened by whoever wants to read on."""
    first, *more = _SENTENCE.split(hint, maxsplit=1)
    return {"hint": first} | ({"more": more[0]} if more else {})


def subline(text: str) -> dict[str, str]:
    """As many of its sentences as fit into LINES, one at least; the others are opened by whoever wants to read on."""
    sentences = _SENTENCE.split(text)
    ends = [len(" ".join(sentences[: k + 1])) for k in range(len(sentences))]
    shown = max(1, sum(end <= LINES for end in ends))
    first, more = " ".join(sentences[:shown]), " ".join(sentences[shown:])
    return {"subline": first} | ({"more": more} if more else {})


def _sheet(sheet: Sheet) -> dict[str, Any]:
    cells = [[{name: value for name, value in vars(cell).items() if value} for cell in row] for row in sheet.rows]
    return {"columns": sheet.columns, "rows": cells}


def _key(key: Key) -> dict[str, Any]:
    return {name: value for name, value in vars(key).items() if value not in ("", None)}


def _scale(scale: Scale) -> dict[str, Any]:
    return {"label": scale.label, "stops": scale.stops, "ticks": scale.ticks}


def _table(table: DataFrame) -> dict[str, Any]:
    columns = [[_cell(value) for value in values.tolist()] for _, values in table.items()]
    return {"columns": list(table.columns), "rows": list(zip(*columns))}


def _cell(value: Any) -> Any:
    """What the page writes: DIGITS digits, null for what is no number, nothing where there was nothing to measure."""
    if value is NA:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, float):
        return value
    return None if number(value) is None else sig(value, DIGITS)


def compressed(reply: dict[str, Any]) -> bytes:
    """``reply`` as gzipped JSON. Level 6: of the levels, the last that still pays at ten replies a second."""
    return gzip.compress(str(to_json_plotly(reply)).encode(), 6, mtime=0)


def plain(body: bytes) -> Any:
    """What ``compressed`` was given."""
    return json.loads(gzip.decompress(body))
