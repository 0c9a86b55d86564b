"""How the seeds of a card's runs spread: a line a run, a dot a seed, at its last score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import inf

import streamlit as st

from core.config import RunConfig
from core.gallery.model import Card
from core.gallery.stored import Run
from core.numbers import percent


def spread(card: Card, found: Mapping[str, Sequence[Run]]) -> None:
    """The lines, and under them what is drawn; nothing of a card without runs."""
    if card.runs:
        rows = "".join(_row(run.title, run.config, found[name]) for name, run in card.runs.items())
        names = sorted({run.config.task.score_name for run in card.runs.values()})
        told = (
            f"Last score, from 0 to 1 ({', '.join(names)}), a dot a seed. Lines: guessing, and what counts as solved."
        )
        st.html(f'<div class="ug-spread">{rows}<p>{escape(told)}</p></div>')


def _row(title: str, config: RunConfig, runs: Sequence[Run]) -> str:
    scores = sorted(run.measures.score for run in runs)
    solved = [run.measures.solved_at for run in runs if run.measures.solved_at < inf]
    dots = "".join(f'<i style="left:{100 * score:.1f}%;--up:{at}"></i>' for score, at in _stacked(scores))
    marks = "".join(f'<b style="left:{100 * at:.1f}%"></b>' for at in (config.task.chance, config.task.solved))
    count = f"{len(solved)} of {len(runs)} solved"
    when = f"by update {_span(solved)}" if solved else f"in {config.steps:,} updates"
    said = f"{title}: {count}, {when}; scores {', '.join(percent(each) for each in scores)}"
    return (
        f'<div class="ug-row" role="img" aria-label="{escape(said)}"><span>{escape(title)}</span>'
        f'<span class="ug-track">{marks}{dots}</span><span>{count}<small>{when}</small></span></div>'
    )


def _span(steps: Sequence[float]) -> str:
    ends = [f"{step:,.0f}" for step in (min(steps), max(steps))]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def _stacked(scores: Sequence[float]) -> list[tuple[float, int]]:
    """Each score with its height, where dots that would hide each other stand on top of each other."""
    placed: list[tuple[float, int]] = []
    for score in scores:
        near = {height for other, height in placed if abs(score - other) < 0.022}
        placed.append((score, next(height for height in range(len(scores)) if height not in near)))
    return placed
