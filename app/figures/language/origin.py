"""The gradient of one prediction, drawn on the symbols that led to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Scale, View, figure
from app.figures.language.page_of_text import grid_of, outlined, plain_text, quoted_symbol, text_grid
from app.figures.theme import Style
from core.numbers import percent, plural, portion
from core.reading.horizon import SHARE
from core.tasks.endless import Endless

NAME = "origin"
AT, OF = "language_at", "language_of"
UNSEEN, WRITTEN = "unseen", "written"
DECADES = 3
"""Of the colour scale, below the largest."""
BEFORE = 18
"""Letters of the text before the asked symbol that the words over the picture repeat."""


def prediction_origin(
    arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], task: Endless, style: Style, *, of: str = UNSEEN
) -> View:
    """From the answer to "prediction-origin": a passage, one symbol of it framed, those before it coloured. ``of``:
    whether it is unseen text or what the network wrote."""
    places, at = arrays["places"], int(meta["at"]) - 1
    symbols, grid = [task.vocabulary[place] for place in places], grid_of(places, task, style)
    credit = np.asarray(arrays["credit"][:at], np.float64)
    most = float(credit.max(initial=0.0))
    with np.errstate(all="ignore"):
        share = credit / most
        level = np.log10(share)
    values = np.full(len(symbols), np.nan)
    values[:at] = np.where(np.isfinite(level), np.maximum(level, -DECADES), np.where(share == 0, -DECADES, np.nan))
    words = [f"{quoted_symbol(symbol)}, {plural(at - j, 'symbol')} before: {_share(share, j)}" if j < at else ""
             for j, symbol in enumerate(symbols)]  # fmt: skip
    heat, layout, height = text_grid(
        grid, values, words, style, stops=style.theme.gate, low=-DECADES, high=0.0, click=asked(of)
    )
    layout["shapes"] = outlined(grid, at, style)
    passage = "of what it wrote" if of == WRITTEN else "of a held-out passage"
    return View(
        name=NAME,
        title="Which earlier symbols this answer came from",
        hint=_hint(task, arrays, symbols, credit, at),
        alt=f"The gradient of the answer for symbol {at + 1} {passage}, on the symbols before it: "
            f"{'; '.join(_strongest(symbols, share, at))}.",
        figure=figure(style, [heat, plain_text(grid, at, style)], layout, height=height, top=4, bottom=4),
        table=lambda: DataFrame({"symbols back": range(at, 0, -1), "symbol": symbols[:at], "gradient": credit,
                                 "÷ largest": share}),
        keys=(Key("asked for: click on another", style.theme.grown, kind="pattern", pattern="."),),
        scales=(Scale("gradient ÷ largest", style.theme.gate, ((0.0, "0.001 or less"), (1.0, "1"))),),
        knobs=(Knob(OF, "in", of, options=((UNSEEN, "unseen text"), (WRITTEN, "what it writes"))),
               Knob(AT, "answer for symbol", str(at + 1), minimum=2, maximum=len(symbols), step=1)),
    )  # fmt: skip


def asked(of: str) -> dict[str, Any]:
    """What a click on a symbol of such a text turns, and where one sees it."""
    return {"knob": AT, "beside": {OF: of}, "shown": NAME}


def _share(share: np.ndarray, j: int) -> str:
    return f"{portion(float(share[j]))} of the largest" if np.isfinite(share[j]) else "no number"


def _strongest(symbols: list[str], share: np.ndarray, at: int) -> list[str]:
    order = [j for j in np.argsort(-np.nan_to_num(share, nan=-1.0))[:5] if np.isfinite(share[j])]
    return [f"{quoted_symbol(symbols[j])} {plural(at - int(j), 'symbol')} before, {portion(float(share[j]))}"
            for j in order] or ["no numbers"]  # fmt: skip


def _hint(task: Endless, arrays: Mapping[str, np.ndarray], symbols: list[str], credit: np.ndarray, at: int) -> str:
    bits = float(arrays["surprise"][at]) / np.log(2)
    if not (np.isfinite(credit).all() and np.isfinite(bits)):
        return "The gradient of this answer is no number here."
    before = task.text_read.joined(arrays["places"][:at])[-BEFORE:].replace("\n", " ")
    first = f"After “…{before}” comes {quoted_symbol(symbols[at])}, to which it gave {percent(2.0**-bits, 1)}."
    if not credit.any():
        return f"{first} No gradient comes back from it."
    far = at - int(np.flatnonzero(credit >= SHARE * credit.max())[0])
    strongest = int(np.argmax(credit))
    mattered = f"{quoted_symbol(symbols[strongest])}, {plural(at - strongest, 'symbol')} before, matters most"
    return f"{first} {mattered}; a hundredth as much still arrives {plural(far, 'symbol')} back."
