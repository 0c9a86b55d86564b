"""What the page's script needs to draw any row of a matrix as a curve, without asking again.

rows    one text a row, two characters a value: its place between ``low`` and ``high`` (log10) in ninetieths of
        ninetieths; two blanks where there is none
x, at   the columns; the place of each row on the matrix's own axis
words   a sentence for each row; chosen: the row at first; knob: where the choice is noted
pointer, curve   numbers of the traces that show the row
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

BASE = 90
_ALPHABET = np.array([code for code in range(35, 127) if code != 92][:BASE], np.uint8)


def light(
    ratio: np.ndarray, t: np.ndarray, steps: np.ndarray, words: Sequence[str], low: float, high: float, chosen: int,
    traces: Mapping[str, int], knob: str,
) -> dict[str, Any]:  # fmt: skip
    """From log10 of a matrix (S, C) at the columns ``t`` and the rows ``steps``."""
    return {"rows": [_text(row, low, high) for row in ratio], "x": t.tolist(), "at": steps.tolist(), "low": low,
            "high": high, "words": list(words), "chosen": chosen, "knob": knob, **traces}  # fmt: skip


def _text(row: np.ndarray, low: float, high: float) -> str:
    known = np.isfinite(row)
    level = np.clip((np.where(known, row, low) - low) / (high - low), 0, 1) * (BASE * BASE - 1)
    whole = np.rint(level).astype(int)
    codes = np.stack([_ALPHABET[whole // BASE], _ALPHABET[whole % BASE]], axis=1)
    codes[~known] = ord(" ")
    return codes.tobytes().decode("ascii")
