"""Cells of a column as numbers: decimal points or commas, thousands, percent signs, and the many ways to say "none"."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

GAPS = frozenset({
    "", "-", "–", "—", "−", ".", "..", "...", ":", "/", "x", "X", "*", "na", "NA", "n/a", "N/A", "#N/A", "#NV", "nan",
    "NaN", "NAN", "null", "NULL", "None", "none", "?", "k.A.",
})  # fmt: skip
"""What stands in a cell that has no number."""

_SPACES = re.compile(r"[\s'’\u00a0\u202f\u2009]+")
_NUMBER = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)(e[+-]?\d+)?%?", re.IGNORECASE)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_SURELY_COMMA = re.compile(
    r"[+-]?(\d{1,3}(\.\d{3})+,\d+|\d*,(\d{1,2}|\d{4,})|0,\d+|\d{4,},\d+|\d{1,3}(\.\d{3}){2,})(e.*)?"
)
_SURELY_POINT = re.compile(
    r"[+-]?(\d{1,3}(,\d{3})+\.\d+|\d*\.(\d{1,2}|\d{4,})|0\.\d+|\d{4,}\.\d+|\d{1,3}(,\d{3}){2,})(e.*)?"
)
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}%?")
"""What may be a thousand and more, or a number of one to three digits and three decimals."""
MOSTLY = 0.5
"""A column holds numbers where more than this share of its cells that say something are numbers."""


@dataclass(frozen=True)
class Numbers:
    """columns  places of the columns that hold numbers
    values   (rows, columns) float64; NaN where there is a gap, or no number
    bad      (rows, columns) bool, where a cell says something that is no number
    comma    whether decimals are commas
    doubt    the first cell with a comma or a point that may divide thousands or decimals, where no other cell tells
    """

    columns: tuple[int, ...]
    values: NDArray[np.float64]
    bad: NDArray[np.bool_]
    comma: bool
    doubt: str

    def first_bad(self, place: int) -> int | None:
        """The first row of a column whose cell is no number."""
        rows = np.flatnonzero(self.bad[:, self.columns.index(place)])
        return int(rows[0]) if rows.size else None


def is_number(cell: str) -> bool:
    """Whether a cell looks like a number, in any way of writing."""
    return bool(_NUMBER.fullmatch(_bare(cell)))


def numbers_of(frame: pd.DataFrame) -> Numbers:
    """The columns of ``frame`` (texts) that hold numbers; one way of writing decimals for all of them."""
    looks = {place: np.array([is_number(cell) for cell in frame[place]]) for place in frame}
    gaps = {place: np.array([cell in GAPS for cell in frame[place]]) for place in frame}
    columns = tuple(
        place for place in frame if looks[place].any() and looks[place].sum() > MOSTLY * (~gaps[place]).sum()
    )
    cells = [_bare(cell) for place in columns for cell in frame[place][looks[place]]]
    commas, points = _sure(cells)
    comma = commas > points
    doubt = "" if commas or points else next((cell for cell in cells if _EITHER.fullmatch(cell)), "")
    values = np.full((len(frame), len(columns)), np.nan)
    bad = np.zeros(values.shape, bool)
    for k, place in enumerate(columns):
        plain = [_plain(cell, comma) for cell in frame[place]]
        values[:, k] = [np.nan if text is None else float(text) for text in plain]
        bad[:, k] = ~np.isfinite(values[:, k]) & ~gaps[place]
    values = np.where(np.isfinite(values), values, np.nan)
    return Numbers(tuple(int(place) for place in columns), values, bad, comma, doubt)


def _bare(cell: str) -> str:
    return _SPACES.sub("", cell).replace("−", "-")


def _sure(cells: list[str]) -> tuple[int, int]:
    """How many cells leave no doubt that their decimals are commas, and points; "1,234" is none of them."""
    commas = sum(
        bool(_SURELY_COMMA.fullmatch(cell.rstrip("%"))) for cell in cells if "," in cell or cell.count(".") > 1
    )
    points = sum(
        bool(_SURELY_POINT.fullmatch(cell.rstrip("%"))) for cell in cells if "." in cell or cell.count(",") > 1
    )
    return commas, points


def _plain(cell: str, comma: bool) -> str | None:
    """As Python writes it; None where it is no number."""
    bare = _bare(cell).rstrip("%")
    plain = bare.replace(".", "").replace(",", ".") if comma else bare.replace(",", "")
    return plain if _PLAIN.fullmatch(plain) else None
