"""Coarse and fine: a far past that is read in averages, the textbooks' way round truncation.

docs/reference.md, "Coarse and fine".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from core.tasks.base import Batch, Best, Block, Mark, Part, at_last_step
from core.tasks.one_number import OneNumber

NEAR = 1
"""The lag of the near step that the answer takes."""
LADDERS: dict[str, tuple[int, ...]] = {"doubling": tuple(2**k for k in range(1, 15)), "calendar": (7, 30, 365)}
"""Sizes of the blocks, the finest first."""
SPREAD = 2**0.5
"""(E[e⁴] − E[e²]²)^½ ÷ E[e²] of a normal error."""


class CoarseFine(OneNumber):
    """y = (x at lag 1 + a stretch of x far back, summed) ÷ √2, each part of variance one; x is white noise.

    T inputs: the last steps as they are, or the ``recent`` ones as they are and older ones in blocks, each the average
    of its steps, made of variance one again.
    """

    title: ClassVar[str] = "Coarse and fine"
    question: ClassVar[str] = (
        "The value one step back and a stretch far back, added. Older inputs may come as averages."
    )
    first_seen: ClassVar[str] = "textbooks, as a way round truncation"
    solved: ClassVar[float] = 0.8

    name: Literal["coarse-fine"] = "coarse-fine"
    length: int = Field(default=32, ge=3, le=1000, title="Inputs T", description="How many inputs there are.")
    layout: Literal["raw", "doubling", "calendar"] = Field(
        default="doubling",
        title="Layout",
        description="The last T steps as they are; or recent ones as they are and older ones averaged, in blocks of 2, "
        "4, 8 … steps or of a week, a month and a year.",
        json_schema_extra={
            "labels": {"raw": "the last T steps", "doubling": "doubling blocks", "calendar": "weeks and months"},
            "legend": {"unnamed": True, "always": True},
            "reads": True,
        },
    )
    recent: int = Field(
        default=8,
        ge=2,
        le=1000,
        title="Recent, raw",
        description="So many of the inputs are single steps, the others are blocks.",
        json_schema_extra={"unit": "steps"},
    )
    far: int = Field(
        default=200,
        ge=2,
        le=5000,
        title="Far lag",
        description="How far back the stretch ends that the answer takes.",
        json_schema_extra={"unit": "steps"},
    )
    width: int = Field(
        default=64,
        ge=1,
        le=1000,
        title="Width",
        description="Steps of that stretch; 1 is a brief event, which the average of a long block drowns.",
        json_schema_extra={"unit": "steps"},
    )

    @model_validator(mode="after")
    def _some_inputs_are_blocks(self) -> CoarseFine:
        if self.layout != "raw" and self.recent >= self.length:
            raise ValueError(
                f"`task.recent` (={self.recent}) must be less than `task.length` (={self.length}): the other inputs "
                "are blocks. Lower `task.recent`, or raise `task.length`."
            )
        return self

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(T,) steps of each input, the oldest first. As few sizes of blocks as reach the stretch, each as often."""
        return _sizes(self.layout, self.length, self.recent, self.far + self.width)

    @property
    def oldest(self) -> NDArray[np.int64]:
        """(T,) the lag of the oldest step in each input; the last input has lag 0."""
        return np.cumsum(self.sizes[::-1])[::-1] - 1

    @property
    def overlap(self) -> NDArray[np.int64]:
        """(T,) how many steps of the stretch each input holds."""
        newest = self.oldest - self.sizes + 1
        first, last = np.maximum(newest, self.far), np.minimum(self.oldest, self.far + self.width - 1)
        return np.maximum(0, last - first + 1)

    @property
    def told(self) -> NDArray[np.float64]:
        """(T,) the share of the far stretch's variance that each input tells: overlap² ÷ (width · size). They add up,
        since blocks of white noise are independent."""
        return self.overlap**2 / (self.width * self.sizes)

    @property
    def blocks(self) -> tuple[Block, ...]:
        newest = self.oldest - self.sizes + 1
        return tuple(map(Block, self.oldest.tolist(), newest.tolist(), self.told.tolist()))

    @property
    def floor(self) -> float:
        """The least mean square error from these inputs."""
        return (1 - float(self.told.sum())) / 2

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        sizes, T = self.sizes, self.length
        steps = max(int(sizes.sum()), self.far + self.width)
        # Drawn from the newest back, so that every layout reads the same series; then the oldest first, as elsewhere.
        x = rng.standard_normal((steps, n), np.float32)[::-1]
        seen = x[steps - int(sizes.sum()) :]
        inputs = np.add.reduceat(seen, np.cumsum(sizes) - sizes) / np.sqrt(sizes, dtype=np.float32)[:, None]
        stretch = x[steps - self.far - self.width : steps - self.far].sum(axis=0) / np.sqrt(self.width)
        target = ((x[-1 - NEAR] + stretch) / np.sqrt(2)).astype(np.float32)
        last = at_last_step(T, n)
        return Batch(inputs.astype(np.float32)[:, :, None], np.broadcast_to(target, (T, n)), last, last)

    @property
    def baseline_loss(self) -> float:
        return 1.0

    def floors(self) -> list[tuple[float, str]]:
        near = [(0.5, "knows the near step alone")] if self.floor < 0.5 else []
        return [(1.0, "guessing"), *near, (self.floor, "all that these inputs tell")]

    def best(self, first: np.ndarray) -> Best:
        """Of what the inputs from step ``first`` on tell."""
        seen = np.arange(1, self.length + 1) >= first[-1]
        near = bool(seen[self.length - 1 - NEAR])
        error = (1 - near + 1 - float(self.told[seen].sum())) / 2
        return Best(1 - error, SPREAD * error)

    @property
    def lag(self) -> int:
        return self.length - self.entry.first

    def marks(self) -> list[Mark]:
        """The inputs that hold some of the stretch, if there are any, and the near one."""
        T, holds = self.length, np.flatnonzero(self.overlap) + 1
        last = self.far + self.width - 1
        stretch = f"lag {self.far}" if self.width == 1 else f"lags {self.far} to {last}"
        far = [Mark("enters", stretch, int(holds[0]), int(holds[-1]))] if holds.size else []
        return [*far, Mark("enters", f"lag {NEAR}", T - NEAR, T - NEAR), Mark("asked", "sum asked", T, T)]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        most = int(self.told.argmax()) + 1 if self.told.any() else self.length - NEAR
        return [(step, f"{x[step - 1, 0]:.2f}") for step in sorted({most, self.length - NEAR})]


@lru_cache(maxsize=64)
def _sizes(layout: str, inputs: int, recent: int, reach: int) -> Any:
    if layout == "raw":
        return np.ones(inputs, np.int64)
    blocks, sizes = inputs - recent, np.ones(0, np.int64)
    ladder = LADDERS[layout]
    for levels in range(1, min(len(ladder), blocks) + 1):
        each = np.full(levels, blocks // levels)
        each[: blocks % levels] += 1
        sizes = np.repeat(ladder[:levels], each)
        if recent + sizes.sum() >= reach:
            break
    return np.concatenate([sizes[::-1], np.ones(recent, np.int64)]).astype(np.int64)
