"""What a page's pictures are built from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import Any

from app.board.known import Known
from app.board.query import Query
from app.figures.base import View, asked_step
from app.figures.shared.gradient_curve import Pin
from app.figures.theme import Style
from app.text.shared.situation import Caption, Phase, Situation
from core.config import RunConfig
from core.frames import Frame
from core.questions import Question
from core.reading.horizon import Horizon, horizon_of

Needs = tuple[Question, ...] | Callable[[Query, RunConfig], tuple[Question, ...]]
"""Questions; their arguments may hang on the knobs and the settings."""

_PHASES: dict[str, Phase] = {"preview": "preview", "finished": "over", "stopped": "over", "failed": "over"}


@dataclass(frozen=True, kw_only=True)
class Shown(Known):
    """What is known, as the pictures and the words of one reply share it: at ``frame``, the one on screen.

    kept  what a page has worked out for all its pictures
    """

    query: Query
    frame: Frame
    pins: tuple[Pin, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def style(self) -> Style:
        """Theme and width class."""
        return self.query.style

    @cached_property
    def horizon(self) -> Horizon:
        """What the flow of the last step's loss says."""
        return self._measured(self.frame)

    def _measured(self, frame: Frame) -> Horizon:
        return horizon_of(frame.flow_last, asked=asked_step(self.config), cuts=self.config.cuts)

    @cached_property
    def moment(self) -> Situation:
        """What a caption speaks about."""
        phase = _PHASES.get(self.snapshot.status.phase, "running")
        start = self._measured(self.snapshot.first or self.frame)
        return Situation(self.config, self.frame, self.horizon, start, self.snapshot.scalars, phase)

    def knob(self, name: str, default: str) -> str:
        """Where the visitor has set this knob."""
        return self.query.knob(name, default)

    def number(self, name: str, default: float) -> float:
        """The same as a number; ``default`` where it is none."""
        try:
            value = float(self.knob(name, ""))
        except ValueError:
            return default
        return value if isfinite(value) else default


def questions(needs: Needs, query: Query, config: RunConfig) -> tuple[Question, ...]:
    """The questions that ``needs`` names for what is on screen."""
    return needs(query, config) if callable(needs) else needs


@dataclass(frozen=True)
class ViewSpec:
    """How one picture is made and how much room it takes before it is there.

    build   the picture; None where nothing is known to draw it from (while a question of ``needs`` is open, say)
    wide    across the whole page, else a third of it
    height  in pixels, about what the picture will have
    title   stands over the gap while there is no picture yet
    needs   questions that it draws the answers of
    knobs   names of the knobs that it has
    texts   those among them that are typed lines
    trained whether training alone gives it something to show
    of_all  whether its questions are asked of the runs trained alongside too
    belongs whether it has anything to say about such settings; where not, it is not on the page at all. None: always
    """

    build: Callable[[Shown], View | None]
    wide: bool
    height: int
    title: str
    needs: Needs = ()
    knobs: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    trained: bool = False
    of_all: bool = False
    belongs: Callable[[RunConfig], bool] | None = None


@dataclass(frozen=True)
class Page:
    """A board of one page: its pictures by name in the order they stand, and the words over them.

    needs   questions that the words draw on, asked whichever pictures are in sight
    pace    milliseconds between two updates of a moving run
    """

    name: str
    views: dict[str, ViewSpec]
    caption: Callable[[Shown], Caption]
    needs: Needs = ()
    pace: int = 100

    def left_out(self, config: RunConfig) -> list[str]:
        """Names of the pictures that do not belong to such settings."""
        return [name for name, spec in self.views.items() if spec.belongs and not spec.belongs(config)]


def texts_of(pages: Mapping[str, Page]) -> frozenset[str]:
    """The knobs that are typed lines."""
    return frozenset(name for page in pages.values() for spec in page.views.values() for name in spec.texts)
