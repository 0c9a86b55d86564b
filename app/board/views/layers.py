"""The knob of pictures that speak of one layer: which one, where there are several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.board.query import Query
from app.board.views.base import Shown
from app.figures.base import Knob, View
from core.config import RunConfig

LAYER = "layer"


def chosen(query: Query, config: RunConfig) -> int:
    """The layer that the pictures speak of, from 1 at the bottom; the top one unless a visitor chose another."""
    wanted, layers = query.knob(LAYER, ""), config.cell.layers
    return int(wanted) if wanted.isdecimal() and 1 <= int(wanted) <= layers else layers


def asked(query: Query, config: RunConfig) -> int | None:
    """The same as a question has it: None for the top one."""
    layer = chosen(query, config)
    return None if layer == config.cell.layers else layer


def of_one_layer(build: Callable[[Shown], View | None]) -> Callable[[Shown], View | None]:
    """A picture of one layer, with the knob for which and the word that it is of that one, where there are several."""

    def built(shown: Shown) -> View | None:
        view, layers = build(shown), shown.config.cell.layers
        if view is None or layers == 1:
            return view
        layer = chosen(shown.query, shown.config)
        hint = f"{view.hint} It is of {name(layer, layers)}."
        return replace(view, hint=hint, knobs=(_knob(layer, layers), *view.knobs))

    return built


def name(layer: int, layers: int) -> str:
    """'layer 2 of 2, the top one'."""
    place = ", the top one" if layer == layers else ", the lowest" if layer == 1 else ""
    return f"layer {layer} of {layers}{place}"


def _knob(layer: int, layers: int) -> Knob:
    words = {1: " (lowest)", layers: " (top)"}
    options = tuple((str(k), f"{k}{words.get(k, '')}") for k in range(layers, 0, -1))
    return Knob(LAYER, "layer", str(layer), options=options)
