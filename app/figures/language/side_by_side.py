"""The same beginning, gone on with by several networks, one under the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pandas import DataFrame

from app.figures.base import Layout, View, figure
from app.figures.language.page_of_text import Grid, grid_of, text_grid
from app.figures.language.writing import MOST_BITS, surprise_scale, surprise_words
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import plural, sig
from core.tasks.endless import Endless

TITLE = "The same beginning, each network's own way on"


@dataclass(frozen=True)
class Writer:
    """One of the networks.

    label       its name among the others
    arrays      of its answer to "writing", in which ``given`` symbols came first
    step        the training step that the text is of
    perplexity  of unseen text when it was last scored by then; None before that
    """

    label: str
    config: RunConfig
    arrays: Mapping[str, np.ndarray]
    given: int
    step: int
    perplexity: float | None

    @property
    def title(self) -> str:
        """What stands over its text."""
        when = "untrained" if self.step == 0 else f"training step {self.step:,}"
        known = "" if self.perplexity is None else f", perplexity {sig(self.perplexity, 3)}"
        return f"{self.label}: {when}{known}"


def side_by_side(writers: Sequence[Writer], task: Endless, style: Style) -> View:
    """Of one writer at least; a line with its name over each text."""
    grids, heads, line = list[Grid](), list[int](), 0
    for writer in writers:
        own = grid_of(writer.arrays["places"], task, style)
        heads.append(line)
        grids.append(replace(own, line=own.line + line + 1))
        line += own.lines + 2
    sizes = [len(writer.arrays["places"]) for writer in writers]
    whole = _together(grids, sizes, line - 1)
    bits = [writer.arrays["surprise"] / np.log(2) for writer in writers]
    words = [surprise_words(task.vocabulary[place], float(nats) / np.log(2), k < writer.given)
             for writer in writers
             for k, (place, nats) in enumerate(zip(writer.arrays["places"], writer.arrays["surprise"]))]  # fmt: skip
    values = np.minimum(np.concatenate(bits), MOST_BITS)
    heat, layout, height = text_grid(whole, values, words, style, stops=style.theme.gate, low=0.0, high=MOST_BITS)
    return View(
        name="side_by_side",
        title=TITLE,
        hint=_hint(writers),
        alt=" ".join(f"{w.title}: {task.text_read.joined(w.arrays['places'])[:80]} …" for w in writers),
        figure=figure(style, [heat, _titles(writers, heads, style)], layout, height=height, top=4, bottom=4),
        table=lambda: DataFrame({
            "network": [writer.label for writer, size in zip(writers, sizes) for _ in range(size)],
            "symbol": [task.vocabulary[place] for writer in writers for place in writer.arrays["places"]],
            "surprise, bits": np.concatenate(bits),
        }),
        scales=(surprise_scale(style),),
    )  # fmt: skip


def _together(grids: Sequence[Grid], sizes: Sequence[int], lines: int) -> Grid:
    """One grid of all, in which the symbols of the first come first."""
    begins = np.cumsum([0, *sizes[:-1]])
    owner = [np.where(grid.owner < 0, grid.owner, grid.owner + begin) for grid, begin in zip(grids, begins)]
    return Grid(
        np.concatenate(owner), [letter for grid in grids for letter in grid.letters],
        np.concatenate([grid.line for grid in grids]), np.concatenate([grid.column for grid in grids]), lines,
        grids[0].width,
    )  # fmt: skip


def _titles(writers: Sequence[Writer], heads: Sequence[int], style: Style) -> Layout:
    looks = [CELL_LOOKS[writer.config.cell.name] for writer in writers]
    return {"type": "scatter", "mode": "markers+text", "x": [0] * len(writers), "y": list(heads), "hoverinfo": "skip",
            "text": [f" {writer.title}" for writer in writers], "textposition": "middle right", "cliponaxis": False,
            "marker": {"color": [look.color for look in looks], "symbol": [look.marker for look in looks], "size": 9},
            "textfont": {"size": 12 if style.narrow else 13, "color": style.theme.ink}}  # fmt: skip


def _hint(writers: Sequence[Writer]) -> str:
    """Who predicts unseen text best, where all are as far and scored."""
    steps = {writer.step for writer in writers}
    known = {writer.label: writer.perplexity for writer in writers if writer.perplexity is not None}
    same = "Drawn with the same tosses, temperature and top k."
    if len(steps) > 1 or len(known) < len(writers):
        return f"{plural(len(writers), 'network')} go on from the same beginning. {same}"
    order = sorted(known, key=known.__getitem__)
    ranked = ", ".join(f"{label} {sig(known[label], 3)}" for label in order)
    return f"Unseen text is least of a surprise to {order[0]}: perplexity {ranked}. {same}"
