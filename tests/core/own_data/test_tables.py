"""A CSV as it comes: five files as spreadsheets and statistics offices export them, and files that are none."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.own_data import DataError, Table
from core.own_data.content import unpacked
from core.own_data.reading import read, read_file
from core.own_data.tables import clean

FILES = Path(__file__).parents[2] / "data"
ROWS = [f"{k % 12 + 0.5:.1f}" for k in range(100)]


def column(*changed: tuple[int, str], heading: str = "x") -> bytes:
    """A file of one column, with some lines (counted from 1, the heading) put in place."""
    lines = [heading, *ROWS]
    for line, text in changed:
        lines[line - 1] = text
    return "\n".join(lines).encode()


def table(content: bytes) -> Table:
    found = read(content, "table").data
    assert isinstance(found, Table)
    return found


def refused(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        read(content, "table")
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300
    return sentence


# What pandas reads when somebody has looked at the file first: the slow twin of what is found here.
READ: dict[str, dict[str, Any]] = {
    "spreadsheet_german.csv": {
        "sep": ";",
        "decimal": ",",
        "thousands": ".",
        "encoding": "cp1252",
        "skiprows": 3,
        "skipfooter": 1,
    },
    "statistics_office.csv": {"skiprows": 4, "nrows": 240, "na_values": ":"},
    "thousands_bom.csv": {"thousands": ",", "skipfooter": 1, "encoding": "utf-8-sig"},
    "unicode_text.csv": {"sep": "\t", "decimal": ",", "encoding": "utf-16", "na_values": "-"},
    "quarters_newest_first.csv": {},
}
NAMES = {
    "spreadsheet_german.csv": ("Umsatz (€)", "Temperatur (°C)"),
    "statistics_office.csv": ("Index",),
    "thousands_bom.csv": ("Passengers, all lines", "Punctual"),
    "unicode_text.csv": ("Pegel [cm]", "Regen [mm]"),
    "quarters_newest_first.csv": ("unemployed (thousand)", "rate"),
}
TIMES = {
    "spreadsheet_german.csv": ("04.01.2016", "23.12.2019"),
    "statistics_office.csv": ("2004M01", "2023M12"),
    "thousands_bom.csv": ("2022-03-01", "2022-07-28"),
    "unicode_text.csv": ("25.10.2021 00:00", "03.11.2021 03:00"),
    "quarters_newest_first.csv": ("1990-Q1", "2022-Q4"),
}

BEGINS = {
    "spreadsheet_german.csv": ("2016-01-04", "2019-12-23"),
    "statistics_office.csv": ("2004-01-01", "2023-12-01"),
    "thousands_bom.csv": ("2022-03-01", "2022-07-28"),
    "unicode_text.csv": ("2021-10-25T00:00", "2021-11-03T03:00"),
    "quarters_newest_first.csv": ("1990-01-01", "2022-10-01"),
}


@pytest.mark.parametrize("name", READ)
def test_real_files_are_read_as_pandas_reads_them_who_is_told_how(name: str) -> None:
    found = table((FILES / name).read_bytes())
    frame = pd.read_csv(FILES / name, engine="python", **READ[name])
    columns = [frame[heading].astype(str).str.rstrip("%") for heading in NAMES[name]]
    expected = np.column_stack([pd.to_numeric(part, errors="coerce") for part in columns])
    if name.startswith("quarters"):
        expected = expected[::-1]
    given = found.values[~np.isnan(found.values).all(axis=1)] if len(found.values) > len(expected) else found.values
    assert found.names == NAMES[name] and found.times == TIMES[name]
    begins = found.dates.astype("datetime64[s]")
    assert len(begins) == len(found.values) and (begins[0], begins[-1]) == tuple(map(np.datetime64, BEGINS[name]))
    kept: Any = unpacked(found.body, found.digest)
    assert (np.diff(found.dates) > 0).all() and np.array_equal(kept.dates, found.dates)
    assert np.array_equal(given, expected, equal_nan=True)
    missing = {"thousands_bom.csv": [40, 41], "quarters_newest_first.csv": [54]}.get(name, [])
    assert np.flatnonzero(np.isnan(found.values).all(axis=1)).tolist() == missing or name == "statistics_office.csv"


def test_what_was_found_is_said() -> None:
    notes = read_file(FILES / "spreadsheet_german.csv", "table").notes
    assert notes == (
        "Columns are divided by semicolons.",
        "Left out above the table: 2 lines.",
        "Left out below the dates, from line 213 on: “Summe”.",
        "Decimal commas are read as such.",
    )
    assert "Missing among the dates: 2 steps, each a gap." in read_file(FILES / "thousands_bom.csv", "table").notes


@pytest.mark.parametrize(
    "change",
    [
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("utf-32"),
        lambda text: text.encode("cp1252"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace(".", ",").encode(),
        lambda text: ("\n\n" + text.replace("\n", "\n\n")).encode(),
    ],
)
def test_the_same_numbers_however_they_are_written(change: Any) -> None:
    """The digest too: it is that of the numbers and of their names."""
    text = column(heading="Übung").decode()
    assert table(change(text)).digest == table(text.encode()).digest


HOSTILE = {
    b"": "The file (=0 bytes) is empty.",
    b" \n \n\t": "holds nothing but blanks",
    bytes(range(256)) * 40: "control character U+0000",
    b"PK\x03\x04" + b"\x14\x00\x08" * 50: "Save it as CSV",
    column((7, "1\0")): "Line 7 holds the control character U+0000",
    codecs.BOM_UTF16_LE + b"a\x00\x00\xd8b": "UTF-16",
    b"1,2,3": "must have at least 80",
    b"4711": "must have at least 80",
    b"x,y": "holds no rows under its heading",
    column((9, "inf")): "Line 9, column “x” (=inf) is infinite",
    column((9, "-Infinity")): "is infinite",
    column((9, "=1+1")): "Line 9, column “x” (==1+1) is a formula, which is never worked out here. Export the values.",
    column((9, '=HYPERLINK("http://a.example")')): "is a formula",
    column((9, "@SUM(1)")): "is a formula",
    column((12, "twelve")): "Line 12, column “x” (=twelve) is no number. Correct it there, or leave the cell empty.",
    column((12, "😀")): "Line 12, column “x” (=😀) is no number",
    ("x\n" + "7\n" * 200).encode(): "Column “x” is the same in every row",
    ("a,b\n" + "1,2\n" * 50 + "1,2,3\n" + "1,2\n" * 50).encode(): "Line 52 has 3 cells where most lines have 2.",
    b"<html><body>" + b"<p>no table</p>\n" * 200: "No column holds numbers",
    ("😀\n" * 100).encode(): "No column holds numbers",
    b"1;" * 1_000_000: "columns) must have at most 200",
    ("1\n" * 2_000_000).encode(): "rows) must have at most 100,000",
    b"1\n" * 2_600_000: "must have at most 5 MB",
    ("date,x\n" + "2019-01-01,1\n" * 100).encode(): "which an earlier line has as well",
    ("date,x\n" + "".join(f"2019-02-{k + 1:02d},{k}\n" for k in range(31)) * 4).encode(): "holds no date",
    b'"' + b"1,2\n" * 200_000: "cannot be divided into cells",
}  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE, ids=lambda content: repr(content[:20]))
def test_what_is_no_series_is_a_sentence(content: bytes) -> None:
    assert HOSTILE[content] in refused(content)


def test_a_hundred_megabytes_are_not_even_read(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(100_000_000)  # takes no room on the disk
    with pytest.raises(DataError, match=r"100.0 MB"):
        read_file(large, "table")
    with pytest.raises(DataError, match=r"cannot be read: .*Name a readable file"):
        read_file(tmp_path / "none.csv", "table")


def test_gaps_are_gaps() -> None:
    ways = ["", "-", "..", ":", "NA", "n/a", "#N/A", "NaN", "null"]
    found = table(column(*((10 + 3 * k, way) for k, way in enumerate(ways[1:])), heading="x"))
    assert np.flatnonzero(np.isnan(found.values[:, 0])).tolist() == [8 + 3 * k for k in range(len(ways) - 1)]


def test_thousands_and_decimals_are_told_apart() -> None:
    either = "Nothing tells thousands from decimals in “{}”: {}."
    thousands = either.format("1,234", "commas are taken to divide thousands. Where they begin decimals, write 1.234")
    decimals = either.format("1.234", "points are taken to begin decimals. Where they divide thousands, write 1234")
    for cells, values, doubt in (
        (["1.234,5", "2.000,25", "7,1"], [1234.5, 2000.25, 7.1], ""),
        (["1,234.5", "2,000.25", "7.1"], [1234.5, 2000.25, 7.1], ""),
        (["1 234,5", "2 000,25", "−7,1"], [1234.5, 2000.25, -7.1], ""),
        (["1'234.5", "2’000.25", "7.1 %"], [1234.5, 2000.25, 7.1], ""),
        (["1,234", "2,000", "0,5"], [1.234, 2, 0.5], ""),
        (["1,234", "1,234,567", "7"], [1234, 1234567, 7], ""),
        (["1,234", "2,000", "7"], [1234, 2000, 7], thousands),
        (["1.234", "2.000", "7"], [1.234, 2, 7], decimals),
        (["1.5e3", "-2E-1", ".5"], [1500, -0.2, 0.5], ""),
    ):
        found = read(("a;b\n" + "\n".join(f"{k};{cells[k % 3]}" for k in range(99))).encode(), "table")
        assert isinstance(found.data, Table) and found.data.values[:3, 1].tolist() == values
        assert [note for note in found.notes if note.startswith("Nothing tells")] == [doubt] * bool(doubt)


def test_names_are_short_plain_and_each_another() -> None:
    assert clean("<b onclick=x>`A`\x00\n&amp;</b>") == "‹b onclick=x›'A' +amp;‹/b›"
    text = "v,v,<img src=x>\n" + "\n".join(f"{k},{k * k},{-k}" for k in range(99))
    assert table(text.encode()).names == ("v", "v (2)", "‹img src=x›")


def test_a_text_is_kept_as_it_is_but_for_line_ends() -> None:
    text = "Zwölf Boxkämpfer jagen Viktor.\r\n" * 10
    found = read(text.encode("utf-16"), "text")
    assert found.data.characters == text.replace("\r\n", "\n")  # type: ignore[union-attr]
    for content, sentence in (
        (b"short", "at least 200"),
        (b"a" * 300, "different characters"),
        (b"\x89PNG\r\n\x1a\n\0", "no text"),
        ("".join(map(chr, range(0x4E00, 0x4F80))).encode(), "2 to 256"),
    ):
        with pytest.raises(DataError, match=sentence):
            read(content, "text")
