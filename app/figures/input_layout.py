"""What each input stands for, as a strip in the controls: single steps, blocks of older ones, where the answer lies.

It moves with the settings alone.
"""

from __future__ import annotations

from math import log2

from app.figures.shared.inked import inked
from core.numbers import percent, plural
from core.tasks import Task

WIDTH, HEIGHT, FOOT = 280, 44, 14


def layout(task: Task) -> str:
    """HTML of a task that has blocks: one bar an input, the older the farther left, as high as its steps are many (a
    doubling is one unit of height), strong as far as it tells of the far past."""
    blocks = task.blocks
    most = max(log2(block.oldest - block.newest + 1) for block in blocks) + 1
    wide = WIDTH / len(blocks)
    bars = "".join(
        f'<rect x="{k * wide + 0.4:.2f}" width="{max(wide - 0.8, 0.4):.2f}" y="{HEIGHT - FOOT - high:.1f}" '
        f'height="{high:.1f}" fill="black" opacity="{0.22 + 0.78 * block.told**0.5:.2f}"/>'
        for k, (block, high) in enumerate((b, _height(b.oldest - b.newest + 1, most)) for b in blocks)
    )
    ends = (
        f'<text x="0" y="{HEIGHT - 2}" font-size="10" font-family="sans-serif">lag {blocks[0].oldest:,}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 2}" font-size="10" font-family="sans-serif" text-anchor="end">lag 0</text>'
    )
    return inked(bars + ends, WIDTH, HEIGHT, words(task))


def _height(steps: int, most: float) -> float:
    return (HEIGHT - FOOT) * (log2(steps) + 1) / most


def words(task: Task) -> str:
    """What the strip shows: how far the inputs reach, how many tell of the far past, and what can be known at best."""
    blocks = task.blocks
    single = sum(block.oldest == block.newest for block in blocks)
    averaged = len(blocks) - single
    what = f"{plural(len(blocks), 'input')} reach {plural(blocks[0].oldest + 1, 'step')} back: {single:,} single"
    what += f", {averaged:,} averaged (higher: more steps)." if averaged else "."
    telling = sum(block.told > 0 for block in blocks)
    far = sum(block.told for block in blocks)
    tells = f"Strong: {plural(telling, 'input')} with {percent(far)} of the far stretch." if telling else (
        "The far stretch lies before them.")  # fmt: skip
    return f"{what} {tells} The best score there is: {percent(1 - task.floors()[-1][0])}."
