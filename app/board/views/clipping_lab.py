"""Clipping lab."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.board.errors import Untrained
from app.board.source import Snapshot
from app.board.views.base import Page, Shown, ViewSpec
from app.board.views.shared import over_steps
from app.figures.base import View
from app.figures.base.course import Course, State
from app.figures.clipping_lab.angle import clip_angle
from app.figures.clipping_lab.cliff import DEFAULTS as CLIFF
from app.figures.clipping_lab.cliff import cliff
from app.figures.clipping_lab.kinds import KNOB, clip_kinds
from app.figures.clipping_lab.share import clipped_share
from app.figures.clipping_lab.small_multiples import small_multiples
from app.figures.clipping_lab.spike import spike
from app.figures.clipping_lab.twins import twins
from app.figures.clipping_lab.update_groups import unmoved, update_groups
from app.figures.clipping_lab.update_size import update_size
from app.figures.shared.clipping import clipping
from app.text.clipping_lab.caption import caption
from app.text.shared.situation import Caption
from core.companions import sweep, twin
from core.config import RunConfig
from core.questions import Clipping, Contributions

_CONTRIBUTIONS, _CLIPPING = Contributions(), Clipping()

_STATES: dict[str, State] = {
    "preview": "missing", "queued": "waiting", "running": "running", "paused": "paused", "finished": "over",
    "stopped": "over", "failed": "over",
}  # fmt: skip


def courses(shown: Shown, wanted: list[RunConfig]) -> list[Course]:
    """How each of these runs stands: the run on screen, one trained beside it, or missing."""
    known = {config.digest(): (config, snapshot, False) for _, config, snapshot in shown.beside}
    known[shown.config.digest()] = (shown.config, shown.snapshot, True)
    return [_course(config, *known.get(config.digest(), (config, None, False))[1:]) for config in wanted]


def _course(config: RunConfig, snapshot: Snapshot | None, main: bool) -> Course:
    if snapshot is None:
        return Course(config, "missing", NOTHING, main)
    state = _STATES[snapshot.status.phase]
    if state == "missing" or not len(snapshot.scalars["step"]):
        return Course(config, "waiting" if state == "running" else state, NOTHING, main)
    return Course(config, state, snapshot.scalars, main)


NOTHING = {name: np.zeros(0) for name in ("step", "loss", "score", "grad_norm", "grad_norm_clipped", "clip_angle")}


def _norms(shown: Shown) -> View:
    return clipping(shown.snapshot.scalars, shown.frame.step, shown.config, shown.style, wide=True)


def _twins(shown: Shown) -> View:
    own, other = courses(shown, [shown.config, twin(shown.config)])
    clipped, free = (other, own) if shown.config.clip == "none" else (own, other)
    return twins(clipped, free, shown.frame.step, shown.config, shown.style)


def _spike(shown: Shown) -> View | None:
    answer = shown.answer(_CONTRIBUTIONS)
    return answer and spike(answer.arrays, answer.step, shown.frame.step, shown.config, shown.style)


def _kinds(shown: Shown) -> View | None:
    answer: Any = shown.answer(_CLIPPING)
    if answer is None:
        return None
    theta = shown.number(KNOB, shown.config.clip_threshold)
    some, of = (answer.meta[name] for name in ("sequences", "of"))
    part = "" if some == of else f" of the first {some} of its {of} sequences,"
    return clip_kinds(answer.arrays, theta, answer.step, shown.frame.step, shown.style, part=part)


def _clips(config: RunConfig) -> bool:
    return config.clip != "none"


def _groups(shown: Shown) -> View:
    if not shown.frame.update_norms:
        raise Untrained(unmoved(shown.frame.step))
    return update_groups(shown.frame, shown.config, shown.style)


def _sweep(shown: Shown) -> View:
    runs = courses(shown, sweep(shown.config))
    if sum(course.state == "missing" for course in runs) > len(runs) / 2:  # this run and its twin may be there
        raise Untrained("Choose “a sweep of thresholds” above and press Train: eight of them from one start.")
    return small_multiples(runs, shown.frame.step, shown.config, shown.style)


def _cliff(shown: Shown) -> View:
    at = {name: shown.number(f"cliff_{name}", value) for name, value in CLIFF.items()}
    return cliff(shown.style, w=at["w"], b=at["b"], lr=at["lr"], theta=at["theta"], step=int(at["step"]))


def _caption(shown: Shown) -> Caption:
    return caption(shown.moment, courses(shown, [twin(shown.config)])[0])


VIEWS: dict[str, ViewSpec] = {
    "norms": ViewSpec(_norms, wide=True, height=280, title="Gradient norm before and after clipping"),
    "share": ViewSpec(
        over_steps(clipped_share), wide=False, height=210, title="Share clipped", trained=True, belongs=_clips
    ),
    "angle": ViewSpec(over_steps(clip_angle), wide=False, height=210, title="Angle", trained=True, belongs=_clips),
    "update": ViewSpec(over_steps(update_size), wide=False, height=210, title="Update size", trained=True),
    "groups": ViewSpec(_groups, wide=True, height=250, title="How far each group of weights moves", trained=True),
    "twins": ViewSpec(_twins, wide=True, height=380, title="With and without clipping", trained=True),
    "spike": ViewSpec(_spike, wide=True, height=430, needs=(_CONTRIBUTIONS,), title="Where this gradient came from"),
    "kinds": ViewSpec(
        _kinds, wide=True, height=250, needs=(_CLIPPING,), knobs=(KNOB,), title="Three ways to clip this gradient"
    ),
    "sweep": ViewSpec(_sweep, wide=True, height=420, title="The same start at other thresholds"),
    "cliff": ViewSpec(
        _cliff,
        wide=True,
        height=640,
        knobs=tuple(f"cliff_{name}" for name in CLIFF),
        title="A cliff in the loss: one unit, two parameters",
    ),
}

PAGE = Page("clipping_lab", VIEWS, _caption)
