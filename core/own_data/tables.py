"""A table of numbers out of the characters of a CSV, as spreadsheets and statistics offices export them.

Found, not asked for: the delimiter, lines above and below the table, the header, decimal commas, dates and gaps. Cells
are read by pandas as plain texts; a formula is a text too.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from io import StringIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import quoted
from core.numbers import plural
from core.own_data.cells import GAPS, Numbers, is_number, numbers_of
from core.own_data.content import Table
from core.own_data.dates import dates_of, in_order
from core.own_data.errors import DataError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
FEWEST_ROWS, MOST_ROWS, MOST_COLUMNS, MOST_SERIES = 80, 100_000, 200, 20
"""Bounds on what is read; of a table's columns of numbers the first ``MOST_SERIES`` are kept."""
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+|\d+")
_LOOKED_AT = 200
"""Lines by which the delimiter is found."""


def table_of(characters: str) -> tuple[Table, tuple[str, ...]]:
    """The table, and a sentence for each thing that was found or left out. Raises DataError."""
    lines = characters.rstrip("\n").split("\n")
    if len(lines) > 2 * MOST_ROWS:
        raise DataError(_too_many_rows(len(lines)))
    delimiter = _delimiter(lines)
    block = _block(characters, delimiter)
    notes = [f"Columns are divided by {DELIMITERS[delimiter]}."] if block.width > 1 else []
    notes += _left_out(block)
    frame = block.frame()
    dates = dates_of(frame, block.lines)
    if dates is not None:
        frame, kept = frame.drop(columns=dates.column), dates.rows
        if kept < len(frame):
            notes.append(f"Left out below the dates, from line {block.lines[kept]:,} on: “{quoted(dates.below)}”.")
            frame = frame.iloc[:kept]
    found = _numbers(frame, block)
    names, values = [block.name(place) for place in found.columns], found.values
    notes += ["Decimal commas are read as such."] if found.comma else []
    notes += [_either(found.doubt)] if found.doubt else []
    times, begins = ("", ""), np.zeros(0, np.int64)
    if dates is not None:
        values, said, times, begins = in_order(values, dates, block.lines, MOST_ROWS)
        notes += said
    if not FEWEST_ROWS <= len(values) <= MOST_ROWS:
        raise DataError(_too_few_rows(len(values)) if len(values) < FEWEST_ROWS else _too_many_rows(len(values)))
    moving, unique, said = _moving(names, values)
    return Table(unique, np.ascontiguousarray(values[:, moving]), times, begins), (*notes, *said)


def _too_many_rows(rows: int) -> str:
    return f"The table (={rows:,} rows) must have at most {MOST_ROWS:,}. Keep a part of them."


def _too_few_rows(rows: int) -> str:
    return f"The table (={rows:,} rows of numbers) must have at least {FEWEST_ROWS}. Choose a longer series."


@dataclass(frozen=True)
class Block:
    """The part of a file that is a table.

    header  names, or None where its first row holds numbers
    rows    of cells, each as many as ``width``
    lines   (rows,) the line of the file that each begins on
    above, below  how many lines stand over and under it
    """

    header: list[str] | None
    rows: list[list[str]]
    lines: list[int]
    width: int
    above: int
    below: int
    first_below: str

    def frame(self) -> pd.DataFrame:
        """The cells as texts, a column by its place."""
        return pd.DataFrame(self.rows, dtype=str)

    def name(self, place: int) -> str:
        """Of a column: its heading, else its place."""
        heading = clean(self.header[place]) if self.header is not None else ""
        return heading or f"column {place + 1}"


def clean(text: str) -> str:
    """A heading that may stand anywhere: short, printable, and with nothing that could act as markup."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return quoted(printable.replace("<", "‹").replace(">", "›").replace("&", "+"))[:40].strip()


def _delimiter(lines: list[str]) -> str:
    """The one that divides most of the lines into equally many cells, more than one; a comma where none does."""
    rated: dict[str, int] = {}
    sample = [line for line in lines if line.strip()][:_LOOKED_AT]
    for delimiter in DELIMITERS:
        widths = Counter(len(row) for row in _cells("\n".join(sample), delimiter))
        widths.pop(1, None)
        rated[delimiter] = max(widths.values(), default=0)
    if _one_column_with_commas(sample):
        return ";"
    best = max(rated, key=lambda delimiter: rated[delimiter])
    return ";" if rated[";"] and rated[";"] >= 0.9 * rated[best] else best  # with decimal commas both may fit


def _one_column_with_commas(lines: list[str]) -> bool:
    """A heading without a comma over lines that are one number with one comma each."""
    heading = next((k for k, line in enumerate(lines) if "," in line), 0) - 1
    rest = lines[heading + 1 :]
    return heading >= 0 and not is_number(lines[heading]) and all(_WITH_COMMA.fullmatch(line.strip()) for line in rest)


def _cells(characters: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(StringIO(characters), delimiter=delimiter))
    except csv.Error:  # an enormous cell, where another delimiter would divide it
        return []


def _block(characters: str, delimiter: str) -> Block:
    """The longest run of rows that have as many cells as most have; a blank line does not end it."""
    reader = csv.reader(StringIO(characters), delimiter=delimiter)
    cells: list[list[str]] = []
    begins: list[int] = []
    before = 0
    try:
        for row in reader:
            cells.append([cell.strip() for cell in row])
            begins.append(before + 1)
            before = reader.line_num
    except csv.Error as error:
        raise DataError(f"Line {reader.line_num:,} cannot be divided into cells: {error}. Correct it there.") from None
    full = [(row, line) for row, line in zip(cells, begins) if any(row)]
    widths = Counter(len(row) for row, _ in full)
    width = max(widths, key=lambda one: (widths[one], one))
    if width > MOST_COLUMNS:
        raise DataError(
            f"The table (={width:,} columns) must have at most {MOST_COLUMNS}. Keep the columns that are needed; a "
            "series goes down a column, a row a time step."
        )
    full = [(_cut(row, width), line) for row, line in full]
    fits = [len(row) == width for row, _ in full]
    first = fits.index(True)
    if width == 1:  # titles have one cell as well: the table begins at the heading over the first number
        number = next((k for k, (row, _) in enumerate(full) if is_number(row[0])), 0)
        first = max(0, number - 1)
    last = len(fits) - fits[::-1].index(True)
    _check_even(full, first, last, width)
    inside = full[first:last]
    head = inside[0][0]
    header = None if any(is_number(cell) and not _is_year(cell) for cell in head) else head
    rows = inside if header is None else inside[1:]
    if not rows:
        raise DataError("The table (=one line) holds no rows under its heading. Choose one that holds a series.")
    below = full[last][0] if last < len(full) else []
    return Block(header, [row for row, _ in rows], [line for _, line in rows], width, first, len(full) - last,
                 next((cell for cell in below if cell), ""))  # fmt: skip


def _cut(row: list[str], width: int) -> list[str]:
    """Without the empty cells that a spreadsheet leaves at the end of a row."""
    while len(row) > width and not row[-1]:
        row = row[:-1]
    return row


def _is_year(cell: str) -> bool:
    """A heading may be one."""
    return cell.isdecimal() and len(cell) == 4 and 1500 <= int(cell) < 2200


def _check_even(full: list[tuple[list[str], int]], first: int, last: int, width: int) -> None:
    """Raise DataError where a row within the table has another number of cells."""
    for row, line in full[first:last]:
        if len(row) != width:
            raise DataError(
                f"Line {line:,} has {len(row):,} cells where most lines have {width:,}. Correct it there, or put a "
                "text that holds the delimiter in quotation marks."
            )


def _left_out(block: Block) -> list[str]:
    above, below = plural(block.above, "line"), plural(block.below, "line")
    notes = [f"Left out above the table: {above}."] if block.above else []
    return notes + ([f"Left out below it: {below}, from “{quoted(block.first_below)}” on."] if block.below else [])


def _numbers(frame: pd.DataFrame, block: Block) -> Numbers:
    """The columns that hold numbers. Raises DataError where there are none, or a cell of one is none."""
    found = numbers_of(frame)
    if not found.columns:
        raise DataError(_no_numbers(frame, block))
    for place in found.columns:
        bad = found.first_bad(place)
        if bad is not None:
            raise DataError(_bad_cell(block, place, bad, str(frame[place].iloc[bad])))
    return found


def _either(cell: str) -> str:
    """How a number was read that may be two, which no other of the file decides."""
    if "," in cell:
        way = f"commas are taken to divide thousands. Where they begin decimals, write {cell.replace(',', '.')}."
    else:
        way = f"points are taken to begin decimals. Where they divide thousands, write {cell.replace('.', '')}."
    return f"Nothing tells thousands from decimals in “{cell}”: {way}"


def _no_numbers(frame: pd.DataFrame, block: Block) -> str:
    cell = next((cell for cell in frame.to_numpy().ravel() if cell not in GAPS), "")
    return (
        f"No column holds numbers: line {block.lines[0]:,} holds “{quoted(cell)}”. A series goes down a column, a row "
        "a time step; choose a CSV that has one."
    )


def _bad_cell(block: Block, place: int, row: int, cell: str) -> str:
    where = f"Line {block.lines[row]:,}, column “{block.name(place)}” (={quoted(cell)})"
    if cell[:1] in "=+@":
        return f"{where} is a formula, which is never worked out here. Export the values."
    if cell.strip("+-").lower() in ("inf", "infinity", "∞"):
        return f"{where} is infinite, and nothing can be learned from that. Correct it there, or leave the cell empty."
    return f"{where} is no number. Correct it there, or leave the cell empty."


def _moving(names: list[str], values: NDArray[np.float64]) -> tuple[list[int], tuple[str, ...], list[str]]:
    """The places of the columns that move, a name of its own for each, and a sentence for what is left out."""
    spread = [np.ptp(column[np.isfinite(column)]) if np.isfinite(column).any() else 0.0 for column in values.T]
    moving = [place for place, extent in enumerate(spread) if extent > 0]
    still = [names[place] for place, extent in enumerate(spread) if not extent > 0]
    if not moving:
        raise DataError(
            f"Column “{still[0]}” is the same in every row, so there is nothing to learn. Choose a series that moves."
        )
    notes = [f"Left out, being the same in every row: {', '.join(still)}."] if still else []
    if len(moving) > MOST_SERIES:
        notes.append(f"Of {len(moving):,} columns of numbers the first {MOST_SERIES} are kept.")
        moving = moving[:MOST_SERIES]
    said = Counter[str]()
    unique: list[str] = []
    for place in moving:
        said[names[place]] += 1
        unique.append(names[place] if said[names[place]] == 1 else f"{names[place]} ({said[names[place]]})")
    return moving, tuple(unique), notes
