"""Bytes of a file as characters: byte-order marks, UTF-8, UTF-16 without a mark, and the Windows code page."""

from __future__ import annotations

import codecs

from core.own_data.errors import DataError

MOST_BYTES = 5_000_000
"""Of a file."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 4096
_CONTROLS = {chr(code) for code in range(32)} - set("\t\n\r\f\v") | {"\x7f"}


def check_size(size: int) -> None:
    """Raise DataError where a file of ``size`` bytes is too large, or empty."""
    if size > MOST_BYTES:
        raise DataError(
            f"The file (={size / 1e6:,.1f} MB) must have at most {MOST_BYTES / 1e6:g} MB. Keep a part of it, or every "
            "tenth row."
        )
    if not size:
        raise DataError("The file (=0 bytes) is empty. Choose one that holds something.")


def decoded(content: bytes) -> str:
    """The characters of ``content``, line ends as \\n and without a byte-order mark. Raises DataError where it is too
    large, empty, or no text."""
    check_size(len(content))
    text = _characters(content).replace("\r\n", "\n").replace("\r", "\n")
    stray = next((place for place, character in enumerate(text) if character in _CONTROLS), None)
    if stray is not None:
        line, what = text.count("\n", 0, stray) + 1, f"U+{ord(text[stray]):04X}"
        raise DataError(
            f"Line {line:,} holds the control character {what}, so the file is no text: an archive, a picture or a "
            "workbook, perhaps. Save it as CSV or as plain text."
        )
    if not text.strip():
        raise DataError("The file holds nothing but blanks. Choose one that holds something.")
    return text


def _characters(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise DataError(
                    f"The file begins as {encoding[:6].upper()}, and breaks off at byte {error.start + len(mark):,}. "
                    "Save it as UTF-8."
                ) from None
    try:
        return content.decode(_without_a_mark(content))
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what older spreadsheets of Western Europe write


def _without_a_mark(content: bytes) -> str:
    """UTF-16 of Latin letters has a zero in every other byte."""
    sample = content[:_SAMPLE]
    half = len(sample) // 2
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if (
            half
            and len(content) % 2 == 0
            and sample[first::2].count(0) > 0.7 * half
            and not sample[1 - first :: 2].count(0)
        ):
            return encoding
    return "utf-8"
