"""A text that the network writes, every symbol coloured by its surprise or by one unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Knob, Scale, View, figure
from app.figures.language.origin import WRITTEN, asked
from app.figures.language.page_of_text import grid_of, outlined, quoted_symbol, text_grid
from app.figures.theme import Style
from core.numbers import fixed, percent, plural, sig
from core.tasks.endless import Endless

PROMPT, TEMPERATURE, TOP_K, COLOUR, UNIT = (
    "language_prompt", "language_temperature", "language_top_k", "language_colour", "language_unit"
)  # fmt: skip
SURPRISE, OF_UNIT = "surprise", "unit"
MOST_BITS = 8.0
"""The colour scale of surprise ends there."""
TITLE = "What it writes by itself"


def writing(
    arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], task: Endless, style: Style, *,
    colour: str, unit: int, knobs: Sequence[Knob], problems: Sequence[str] = (), framed: int | None = None,
) -> View:  # fmt: skip
    """From the answer to "writing"; ``framed``: the symbol, from 1, whose gradient is drawn elsewhere."""
    places = arrays["places"]
    symbols, grid = [task.vocabulary[place] for place in places], grid_of(places, task, style)
    bits, values, given = arrays["surprise"] / np.log(2), arrays["unit"], int(meta["given"])
    of_unit = colour == OF_UNIT
    words = [_hover(symbol, float(b), float(v), unit, k < given)
             for k, (symbol, b, v) in enumerate(zip(symbols, bits, values))]  # fmt: skip
    shown = values if of_unit else np.minimum(bits, MOST_BITS)
    stops, low, high = (style.theme.state, -1.0, 1.0) if of_unit else (style.theme.gate, 0.0, MOST_BITS)
    heat, layout, height = text_grid(grid, shown, words, style, stops=stops, low=low, high=high, click=asked(WRITTEN))
    layout["shapes"] = outlined(grid, framed - 1, style) if framed else []
    scale = (
        Scale(f"unit {unit} of h", stops, ((0.0, "−1"), (0.5, "0"), (1.0, "1"))) if of_unit else surprise_scale(style)
    )
    return View(
        name="writing",
        title=TITLE,
        hint=_hint(arrays, bits, given, task),
        alt=f"A text of {plural(len(symbols), 'symbol')}: {task.text_read.joined(places)[:160]} …",
        figure=figure(style, [heat], layout, height=height, top=4, bottom=4),
        table=lambda: DataFrame({"place": range(1, 1 + len(symbols)), "symbol": symbols, "surprise, bits": bits,
                                 f"unit {unit}": values}),
        scales=(scale,),
        knobs=tuple(knobs),
        problems=tuple(problems),
    )  # fmt: skip


def surprise_scale(style: Style) -> Scale:
    """That of the symbols' surprise."""
    return Scale("surprise", style.theme.gate, ((0.0, "0 bits"), (1.0, f"{MOST_BITS:g} or more")))


def _hover(symbol: str, bits: float, value: float, unit: int, given: bool) -> str:
    return f"{surprise_words(symbol, bits, given)}; unit {unit}: {sig(value)}"


def surprise_words(symbol: str, bits: float, given: bool) -> str:
    """What hovering over a symbol says of its surprise."""
    chance = percent(2.0**-bits, 1) if np.isfinite(bits) else "no number"
    source = "given" if given else "drawn"
    return f"{quoted_symbol(symbol)}, {source}: {fixed(bits, 1)} bits (a chance of {chance})"


def written_text(arrays: Mapping[str, np.ndarray], task: Endless) -> str:
    """What was written, after what was read before it."""
    read = task.text_read
    return read.joined([*read.opening_places, *arrays["places"]])


def _hint(arrays: Mapping[str, np.ndarray], bits: np.ndarray, given: int, task: Endless) -> str:
    if not np.isfinite(bits).all():
        return "Its answers are no numbers here: it draws evenly."
    own = bits[given:]
    return f"It reads what it has drawn, and draws the next symbol; on average they surprise it by " \
        f"{fixed(float(own.mean()), 2)} bits. {task.remark(written_text(arrays, task))}".strip()  # fmt: skip


def knobs_of(
    task: Endless, prompt: str, temperature: float, top_k: int, colour: str, unit: int, units: int
) -> tuple[Knob, ...]:
    """Prompt, temperature, top-k, and by what the symbols are coloured."""
    read = task.text_read
    example = read.joined(read.held_out[: read.excerpt(12)]).replace("\n", " ")
    return (
        Knob(PROMPT, "go on from", prompt, text=60, hint=example),
        Knob(TEMPERATURE, "temperature", f"{temperature:g}", minimum=0.1, maximum=2.0, step=0.1),
        Knob(TOP_K, "top k", str(top_k), minimum=0, maximum=min(20, len(task.vocabulary)), step=1,
             unit="(0: all)"),
        Knob(COLOUR, "colour", colour, options=((SURPRISE, "surprise"), (OF_UNIT, "a unit"))),
        Knob(UNIT, "unit", str(unit), minimum=1, maximum=units, step=1, hidden=colour != OF_UNIT),
    )  # fmt: skip
