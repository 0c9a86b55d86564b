"""What is learnt from, before anything is trained: a line of the series, or how often each symbol stands in a text.

It stands in the controls and moves with nothing.
"""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.figures.shared.inked import inked
from core import own_data
from core.numbers import percent, plural, sig
from core.tasks.tokens import Tokens, split

WIDTH, HEIGHT = 280, 84
MOST_POINTS, MOST_SYMBOLS = 280, 12


def preview(task: Any) -> str:
    """HTML of a task that takes data; its numbers and names are escaped."""
    data = own_data.content(task.data)
    return _symbols(data.characters, task.tokens) if isinstance(data, own_data.Text) else _series(task, data)


def _series(task: Any, table: own_data.Table) -> str:
    column = table.values[:, task.column - 1]
    name, (first, last), n = table.names[task.column - 1], table.times, len(column)
    gaps, cut = int((~np.isfinite(column)).sum()), n * task.split // 100
    words = [f"{name}: {n:,} steps"]
    words += [f"{first} to {last}"] if first else []
    words += [f"{sig(float(np.nanmin(column)), 3)} to {sig(float(np.nanmax(column)), 3)}"]
    words += [f"{plural(gaps, 'gap')}, each filled with the value before it"] if gaps else []
    x = cut / n * WIDTH
    said = f"learnt from the first {cut:,} (strong), judged on the last {n - cut:,} (faint)"
    text = "; ".join([*words, said]) + "."
    shapes = [f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{HEIGHT}" stroke="black" opacity="0.3"/>']
    for points, shade in ((_points(column, 0, cut), 1), (_points(column, cut, n), 0.5)):
        shapes.append(f'<polyline points="{points}" fill="none" stroke="black" stroke-width="1.2" opacity="{shade}"/>')
    return inked("".join(shapes), WIDTH, HEIGHT, text)


def _points(column: NDArray[np.float64], first: int, stop: int) -> str:
    """Of the line from ``first`` to ``stop``: lowest and highest of each pixel, gaps left out."""
    low, high = float(np.nanmin(column)), float(np.nanmax(column))
    size = max(1, -(-len(column) // MOST_POINTS))
    points: list[str] = []
    for start in range(first, stop, size):
        part = column[start : min(start + size, stop)]
        places = np.flatnonzero(np.isfinite(part))
        ends = sorted({int(places[part[places].argmin()]), int(places[part[places].argmax()])}) if places.size else []
        for place in ends:
            x = (start + place) / max(1, len(column) - 1) * WIDTH
            y = 4 + (HEIGHT - 8) * (1 - (part[place] - low) / (high - low or 1))
            points.append(f"{x:.1f},{y:.1f}")
    return " ".join(points)


def _symbols(characters: str, tokens: Tokens) -> str:
    symbols = split(characters, tokens)
    counts = Counter(symbols)
    most = counts.most_common(MOST_SYMBOLS)
    rows = "".join(
        f'<tr><td style="padding-right:.6em"><code>{escape(_named(symbol))}</code></td><td>{count:,}</td>'
        f'<td style="padding-left:.6em">{percent(count / len(symbols), 1)}</td></tr>'
        for symbol, count in most
    )
    what = "words and marks" if tokens == "words" else "characters"
    text = f"{len(symbols):,} {what}, {len(counts):,} of them different; the most frequent:"
    return f'<div style="font-size:0.8rem">{text}<table>{rows}</table></div>'


def _named(symbol: str) -> str:
    names = {" ": "space", "\n": "line end", "\t": "tab"}
    return names.get(symbol, symbol if symbol.isprintable() else f"U+{ord(symbol[0]):04X}")
