"""``python -m core check``: does every cell compute on this machine what it should?

Ours against three judges: torch.nn where it has the cell, autograd through the readable ``step`` (also with truncation,
which it gets by ``detach``, and with a clamped carry, by a hook), and central differences in float64. What is compared,
tensor by tensor, as ‖ours − theirs‖ ÷ ‖theirs‖: h and c, ∂L/∂h[t] and ∂L/∂c[t] at every t, and every parameter's
gradient.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.backprop.judges import (
    Case,
    Named,
    by_autograd,
    by_differences,
    by_torch,
    draw,
    ours,
    relative_error,
)
from core.cells import NORMALISATIONS, Cell, every_variant, stacked
from core.errors import UnrolledError
from core.frames import number
from core.numbers import percent, sig
from core.progress import Progress

Sizes = tuple[int, int, int, int]
SIZES: Sizes = 10, 4, 8, 3
"""T, N, H, C; small on purpose: over long sums float32's own rounding, on both sides, would pass 1e-6."""
FEW: Sizes = 8, 3, 4, 2
"""For differences, which take two forward passes for every number."""
CUTS = (3, 7)
CLAMP = 0.3
"""Of the carry's components a twentieth (peephole) to two thirds (GRU) are larger."""

ROOM = {"none": 1, "layer": 100, "batch": 300}
"""A normalised cell divides by sizes that may be small, and the rounding of both sides grows: in float32, and of
differences, it may be so many times as large, for each of its layers."""
NOTHING = 0.01
"""With a batch norm some gradients are exactly zero: of a bias that the next mean takes away. There what is left of
rounding is judged beside the largest gradient: a norm below so much of that counts as so much."""

DEPTHS = (1, 2, 3)


def _every_cell() -> dict[str, Cell]:
    """Every variant with every normalisation at each depth, by a name: "LSTM layer, 2 layers"."""
    one = every_variant(NORMALISATIONS).items()
    depths = {depth: "" if depth == 1 else f", {depth} layers" for depth in DEPTHS}
    return {f"{name}{words}": stacked(cell, depth) for depth, words in depths.items() for name, cell in one}


VARIANTS = _every_cell()


@dataclass(frozen=True)
class Judge:
    """A column of the table; ``find`` gives None where the judge has nothing to say about a cell."""

    name: str
    dtype: torch.dtype
    limit: float
    find: Callable[[Case], Named | None]
    cuts: tuple[int, ...] = ()
    clamp: float | None = None
    sizes: Sizes = SIZES


def _differences_of_one_layer(case: Case) -> Named | None:
    """Several layers have too many numbers to vary each: minutes for all variants."""
    return by_differences(case) if case.cell.layers == 1 else None


ROUGH = 1e-6
"""The limit in float32, and of differences."""
JUDGES = (
    Judge("torch.nn f32", torch.float32, ROUGH, by_torch),
    Judge("torch.nn f64", torch.float64, 1e-9, by_torch),
    Judge("autograd f32", torch.float32, ROUGH, by_autograd),
    Judge("autograd f64", torch.float64, 1e-9, by_autograd),
    Judge("truncated f32", torch.float32, ROUGH, lambda case: by_autograd(case, CUTS), CUTS),
    Judge("truncated f64", torch.float64, 1e-9, lambda case: by_autograd(case, CUTS), CUTS),
    Judge("clamped f64", torch.float64, 1e-9, lambda case: by_autograd(case, clamp=CLAMP), clamp=CLAMP),
    Judge("differences f64", torch.float64, ROUGH, _differences_of_one_layer, sizes=FEW),
)


@dataclass(frozen=True)
class Judgement:
    """One variant before one judge: the worst tensor of all seeds and its error (NaN counts as worst)."""

    variant: str
    judge: Judge
    tensor: str
    error: float

    @property
    def limit(self) -> float:
        """In float64 against autograd the same for all."""
        cell = VARIANTS[self.variant]
        rough = cell.normalisation != "none" and self.judge.limit >= ROUGH
        return self.judge.limit * (ROOM[cell.normalisation] * cell.layers if rough else 1)

    @property
    def passed(self) -> bool:
        return self.error <= self.limit  # False for NaN


def verdict(variant: str, judge: Judge, seeds: Sequence[int]) -> Judgement | None:
    """One cell of the table over all ``seeds``, None where the judge does not apply."""
    worst = Judgement(variant, judge, "", -1.0)
    for seed in seeds:
        case = draw(VARIANTS[variant], *judge.sizes, seed=seed, dtype=judge.dtype)
        theirs, mine = judge.find(case), ours(case, judge.cuts, judge.clamp)
        if theirs is None:
            return None
        largest = max(float(tensor.norm()) for name, tensor in theirs.items() if name.startswith("∂"))
        least = NOTHING * largest if VARIANTS[variant].normalisation == "batch" else 0.0
        for name, tensor in theirs.items():
            error = relative_error(mine[name], tensor, least)
            if math.isnan(error) or error > worst.error:
                worst = Judgement(variant, judge, name, error)
            if math.isnan(error):
                return worst
    return worst


def table(judgements: Sequence[Judgement], seeds: int) -> str:
    """The verdicts for people: a row per variant, a column per judge, and a sentence per failure."""
    width, wide = (max(map(len, names)) + 2 for names in ([judge.name for judge in JUDGES], VARIANTS))
    lines = [
        "Largest ‖ours − theirs‖ ÷ ‖theirs‖ over h, c, ∂L/∂h[t], ∂L/∂c[t] and every parameter's gradient",
        f"({len(VARIANTS)} cells: every variant × none, layer and batch norm × {DEPTHS[0]} to {DEPTHS[-1]} layers;",
        f"{seeds} random problems; T N H C = {SIZES}, for differences {FEW}; truncated: the state detached at {CUTS};",
        f"clamped: the carry of every step within ±{CLAMP}; a limit of {sig(ROUGH, 1)} is {ROOM['layer']} times that",
        f"for each layer with layer norm and {ROOM['batch']} times that with batch norm, where a gradient below",
        f"{percent(NOTHING)} of the largest is judged as one of that size)",
        f"{'':{wide}}" + "".join(f"{judge.name:>{width}}" for judge in JUDGES),
        f"{'limit':{wide}}" + "".join(f"{sig(judge.limit, 1):>{width}}" for judge in JUDGES),
    ]
    for variant in VARIANTS:
        marks = {each.judge.name: _mark(each) for each in judgements if each.variant == variant}
        lines.append(f"{variant:{wide}}" + "".join(f"{marks.get(judge.name, '–'):>{width}}" for judge in JUDGES))
    lines.append(
        "–: torch.nn has no such cell; differences cannot follow a gradient that is stopped on purpose, and are taken"
    )
    lines.append("of one layer.")
    failed = [each for each in judgements if not each.passed]
    lines += [f"FAILED {each.variant}, {each.judge.name}: {each.tensor} is off by {sig(each.error)}" for each in failed]
    lines.append("Some cells disagree: do not trust runs on this machine." if failed else "All cells agree.")
    return "\n".join(lines)


def _mark(judgement: Judgement) -> str:
    return sig(judgement.error) + ("" if judgement.passed else " !")


def rows(judgements: Sequence[Judgement]) -> list[dict[str, Any]]:
    """The verdicts for programs; an error that is no number is null."""
    return [
        {"cell": each.variant, "judge": each.judge.name, "tensor": each.tensor, "error": number(each.error),
         "limit": each.limit, "passed": each.passed}
        for each in judgements
    ]  # fmt: skip


def main(seeds: int, *, as_json: bool = False) -> int:
    """Prints the table of ``seeds`` random problems per judge, or JSON; 0 where every cell agrees with every judge,
    else 1."""
    if seeds < 1:
        raise UnrolledError(f"`--seeds` (={seeds}) must be at least 1. Leave it out for 3.")
    pairs = [(variant, judge) for variant in VARIANTS for judge in JUDGES]
    torch.set_num_threads(1)  # matrices this small lose by sharing
    found, progress = [], Progress()
    for place, (variant, judge) in enumerate(pairs):
        progress.show(place / len(pairs), f"{variant}, {judge.name}")
        found.append(verdict(variant, judge, range(seeds)))
    progress.clear()
    judgements = [each for each in found if each is not None]
    print(json.dumps(rows(judgements), indent=1) if as_json else table(judgements, seeds))
    return 0 if all(each.passed for each in judgements) else 1
