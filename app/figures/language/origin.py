"""The gradient of one prediction, drawn on the symbols that led to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Scale, View, figure
from app.figures.language.page_of_text import outlined, plain_text, quoted_symbol, readable, text_grid
from app.figures.theme import Style
from core.numbers import percent, plural, portion
from core.reading.horizon import SHARE
from core.tasks.endless import Endless

AT = "language_at"
DECADES = 3
"""Of the colour scale, below the largest."""


def prediction_origin(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], task: Endless, style: Style) -> View:
    """From the answer to "prediction-origin": a passage, one symbol of it framed, those before it coloured."""
    symbols, at = [task.vocabulary[place] for place in arrays["places"]], int(meta["at"]) - 1
    credit = np.asarray(arrays["credit"][:at], np.float64)
    most = float(credit.max(initial=0.0))
    with np.errstate(all="ignore"):
        share = credit / most
        level = np.log10(share)
    values = np.full(len(symbols), np.nan)
    values[:at] = np.where(np.isfinite(level), np.maximum(level, -DECADES), np.where(share == 0, -DECADES, np.nan))
    words = [f"{quoted_symbol(symbol)}, {plural(at - j, 'symbol')} before: {_share(share, j)}" if j < at else ""
             for j, symbol in enumerate(symbols)]  # fmt: skip
    heat, layout, height = text_grid(symbols, values, words, style, stops=style.theme.gate, low=-DECADES, high=0.0)
    layout["shapes"] = [outlined(symbols, at, style)]
    data = [heat, plain_text(symbols, at, style)]
    return View(
        name="origin",
        title="Which earlier symbols this answer came from",
        hint=_hint(symbols, credit, at, arrays),
        alt=f"The gradient of the answer for symbol {at + 1} of a held-out passage, on the symbols before it: "
            f"{'; '.join(_strongest(symbols, share, at))}.",
        figure=figure(style, data, layout, height=height, top=4, bottom=4),
        table=lambda: DataFrame({"symbols back": range(at, 0, -1), "symbol": symbols[:at], "gradient": credit,
                                 "÷ largest": share}),
        keys=(Key("asked for", style.theme.grown, kind="pattern", pattern="."),),
        scales=(Scale("gradient ÷ largest", style.theme.gate, ((0.0, "0.001 or less"), (1.0, "1"))),),
        knobs=(Knob(AT, "answer for symbol", str(at + 1), minimum=2, maximum=len(symbols), step=1),),
    )  # fmt: skip


def _share(share: np.ndarray, j: int) -> str:
    return f"{portion(float(share[j]))} of the largest" if np.isfinite(share[j]) else "no number"


def _strongest(symbols: list[str], share: np.ndarray, at: int) -> list[str]:
    order = [j for j in np.argsort(-np.nan_to_num(share, nan=-1.0))[:5] if np.isfinite(share[j])]
    return [f"{quoted_symbol(symbols[j])} {plural(at - int(j), 'symbol')} before, {portion(float(share[j]))}"
            for j in order] or ["no numbers"]  # fmt: skip


def _hint(symbols: list[str], credit: np.ndarray, at: int, arrays: Mapping[str, np.ndarray]) -> str:
    bits = float(arrays["surprise"][at]) / np.log(2)
    if not (np.isfinite(credit).all() and np.isfinite(bits)):
        return "The gradient of this answer is no number here."
    before = readable(symbols[max(0, at - 18) : at]).replace("\n", " ")
    first = f"After “…{before}” comes {quoted_symbol(symbols[at])}, to which it gave {percent(2.0**-bits, 1)}."
    if not credit.any():
        return f"{first} No gradient comes back from it."
    far = at - int(np.flatnonzero(credit >= SHARE * credit.max())[0])
    strongest = int(np.argmax(credit))
    mattered = f"{quoted_symbol(symbols[strongest])}, {plural(at - strongest, 'symbol')} before, matters most"
    return f"{first} {mattered}; a hundredth as much still arrives {plural(far, 'symbol')} back."
