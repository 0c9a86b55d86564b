"""Dates of a table's rows: which column has them, whether one is missing, and the rows in the order of time."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import quoted
from core.numbers import plural
from core.own_data.errors import DataError

_LOOKS = (
    (re.compile(r"\d{4}-?M\d{1,2}"), "month"),
    (re.compile(r"\d{4}-?[QT][1-4]|\d{4}-?K[1-4]|Q[1-4][ /-]\d{4}"), "quarter"),
    (re.compile(r"\d{4}[-/]\d{1,2}"), "month"),
    (re.compile(r"(0?[1-9]|1[0-2])[./]\d{4}"), "month"),
    (re.compile(r"(1[5-9]|20|21)\d\d"), "year"),
    (re.compile(r"\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})( \d{1,2}:\d\d(:\d\d)?)?"), "day first"),
    (re.compile(r"\d{1,2}/\d{1,2}/\d{4}( \d{1,2}:\d\d(:\d\d)?)?"), "slashes"),
    (re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"), "iso"),
    (re.compile(r"[A-Za-zäöüéû]{3,9}\.?[ -]\d{2,4}|\d{1,2}[ -][A-Za-z]{3,9}\.?[ -]\d{2,4}"), "words"),
)
"""How dates are written, each as a whole cell."""
MOSTLY = 0.8
MOST_ADDED = 0.5
"""Where more than this share of the steps would be gaps, the dates are not evenly spaced at all."""


@dataclass(frozen=True)
class Dates:
    """column  place of the column that has them
    rows    how many rows have one, from the top; those below are no part of the series
    below   what stands in place of a date in the first row after them
    texts   (rows,) as written
    order   (rows,) years, quarters and months since year 0 began, or days since 1970 did, with fractions
    unit    "year", "quarter", "month" or "day"
    """

    column: int
    rows: int
    below: str
    texts: list[str]
    order: NDArray[np.float64]
    unit: str


def dates_of(frame: pd.DataFrame, lines: list[int]) -> Dates | None:
    """The first column that holds dates; None where none does. Raises DataError where a date among them is none."""
    for place in frame:
        cells = [str(cell) for cell in frame[place]]
        for look, way in _LOOKS:
            fits = np.array([bool(look.fullmatch(cell)) for cell in cells])
            if fits.mean() < MOSTLY or not fits[: max(1, len(fits) // 2)].any():
                continue
            rows = int(np.flatnonzero(fits)[-1]) + 1
            order, unit = _order(cells[:rows], way)
            if way == "year" and np.ptp(order) == 0:
                continue
            bad = np.flatnonzero(~np.isfinite(order))
            if bad.size and way == "words":  # names that only look like dates
                continue
            if bad.size:
                first = int(bad[0])
                raise DataError(
                    f"Line {lines[first]:,} (={quoted(cells[first])}) holds no date where the other lines have one. "
                    "Correct it there."
                )
            return Dates(int(str(place)), rows, cells[rows] if rows < len(cells) else "", cells[:rows], order, unit)
    return None


def _order(cells: list[str], way: str) -> tuple[NDArray[np.float64], str]:
    if way in ("month", "quarter", "year"):
        return np.array([_period(cell, way) for cell in cells]), way
    times = pd.Series(cells)
    if way == "iso":
        parsed = pd.to_datetime(times, errors="coerce", utc=True, format="ISO8601")
        if parsed.isna().any():
            parsed = pd.to_datetime(times, errors="coerce", utc=True, format="mixed")
    elif way == "slashes":  # 13/01/2019 can only be the thirteenth of January
        first = np.array([int(cell.split("/")[0]) if "/" in cell else 0 for cell in cells])
        second = np.array([int(cell.split("/")[1]) if cell.count("/") == 2 else 0 for cell in cells])
        day_first = bool(first.max() > 12 or (second.max() <= 12 and len(set(second)) < len(set(first))))
        parsed = pd.to_datetime(times, errors="coerce", utc=True, format="mixed", dayfirst=day_first)
    else:
        parsed = pd.to_datetime(times, errors="coerce", utc=True, format="mixed", dayfirst=True)
    days = parsed.to_numpy("datetime64[s]").astype(np.float64) / 86_400
    days[parsed.isna().to_numpy()] = np.nan
    return _as_months(days, parsed) or (days, "day")


def _as_months(days: NDArray[np.float64], parsed: pd.Series) -> tuple[NDArray[np.float64], str] | None:
    """In months where every date is of the same day of the month, or the last of its month, and they lie apart."""
    if not np.isfinite(days).all() or len(days) < 3 or np.median(np.abs(np.diff(days))) < 27:
        return None
    if parsed.dt.day.nunique() > 1 and not parsed.dt.is_month_end.all():
        return None
    return (parsed.dt.year * 12 + parsed.dt.month - 1).to_numpy(np.float64), "month"


def _period(cell: str, way: str) -> float:
    digits = [int(part) for part in re.findall(r"\d+", cell)]
    year = next((part for part in digits if part > 99), None)
    if year is None or (way != "year" and len(digits) != 2):
        return np.nan
    if way == "year":
        return float(year)
    within = digits[1] if digits[0] == year else digits[0]
    per_year = 12 if way == "month" else 4
    return year * per_year + within - 1.0 if 1 <= within <= per_year else np.nan


def in_order(
    values: NDArray[np.float64], dates: Dates, lines: list[int], most: int
) -> tuple[NDArray[np.float64], list[str], tuple[str, str], NDArray[np.int64]]:
    """``values`` (rows, columns) from the oldest to the newest with a row of NaN for every date that is missing, a
    sentence for each thing that was done, the first and the last date, and when each row's date begins, in seconds
    since 1970. Raises DataError for a date twice."""
    order, notes = dates.order, list[str]()
    _, first, counts = np.unique(order, return_index=True, return_counts=True)
    if (counts > 1).any():
        twice = int(np.flatnonzero(order == order[first[np.argmax(counts > 1)]])[1])
        raise DataError(
            f"Line {lines[twice]:,} has the date “{quoted(dates.texts[twice])}”, which an earlier line has as well. "
            "Keep the rows of one series, one for each date."
        )
    ranks = np.argsort(order)
    if (np.diff(order) < 0).any():
        notes.append("Rows are put in the order of their dates.")
    values, order = values[ranks], order[ranks]
    times = dates.texts[ranks[0]], dates.texts[ranks[-1]]
    step = float(np.median(np.diff(order))) if len(order) > 1 else 1.0
    places = np.round((order - order[0]) / step).astype(np.int64)
    steps = int(places[-1]) + 1
    added = steps - len(order)
    uneven = len(np.unique(places)) < len(places) or added > MOST_ADDED * steps or steps > most
    if uneven or not added:
        notes += ["The dates are not evenly spaced: a row is taken as a step."] if uneven else []
        return values, notes, times, _begins(order, dates.unit)
    if dates.unit == "day" and step == 1 and _weekdays_alone(order):
        notes.append("The dates are working days: a row is taken as a step.")
        return values, notes, times, _begins(order, dates.unit)
    whole = np.full((steps, values.shape[1]), np.nan)
    whole[places] = values
    notes.append(f"Missing among the dates: {plural(added, 'step')}, each a gap.")
    every = order[0] + step * np.arange(steps)
    every[places] = order
    return whole, notes, times, _begins(every, dates.unit)


def _begins(order: NDArray[np.float64], unit: str) -> NDArray[np.int64]:
    """When each date of ``order`` begins, in seconds since 1970 did."""
    if unit == "day":
        return np.round(order * 86_400).astype(np.int64)
    months = np.round(order * {"year": 12, "quarter": 3, "month": 1}[unit]).astype(np.int64) - 12 * 1970
    return months.astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)


def _weekdays_alone(days: NDArray[np.float64]) -> bool:
    return not np.isin((np.floor(days) + 3) % 7, (5, 6)).any()  # day 0 of 1970 was a Thursday
