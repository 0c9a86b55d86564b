"""The pictures that any page may show, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from app.board.views.base import Shown, ViewSpec
from app.board.views.layers import LAYER, chosen, of_one_layer
from app.figures.base import Knob, View, event_labels
from app.figures.base.course import span
from app.figures.shared.clipping import clipping
from app.figures.shared.flow_strip import flow_strip
from app.figures.shared.gates import gates
from app.figures.shared.gradient_curve import gradient_curve
from app.figures.shared.learning import loss, score
from app.figures.shared.over_training import over_training
from app.figures.theme import Style
from core.config import RunConfig
from core.data import Batch, probes

OverTraining = Callable[[Mapping[str, np.ndarray], int, RunConfig, Style], View]


def _strip(shown: Shown) -> View:
    return flow_strip(shown.frame, shown.config, shown.style)


def _curve(shown: Shown) -> View:
    start = shown.snapshot.first or shown.frame
    return gradient_curve(shown.frame, start, shown.horizon, shown.config, shown.style, shown.pins)


def _training(shown: Shown) -> View:
    snapshot, config = shown.snapshot, shown.config
    total = span(snapshot.scalars, config.steps)
    return over_training(snapshot.steps, snapshot.flow, shown.frame.step, config, shown.style, total=total)


def over_steps(draw: OverTraining) -> Callable[[Shown], View]:
    """The picture of a run's scalars, one of every training step."""
    return lambda shown: draw(shown.snapshot.scalars, shown.frame.step, shown.config, shown.style)


def _gates(shown: Shown) -> View | None:
    kept = (shown.frame.step, shown.frame.planes) if shown.frame.planes else shown.source.planes(shown.frame.step)
    if kept is None:
        return None
    step, planes = kept
    batch = probes(shown.config)
    probe = min(int(max(0, shown.number("probe", 0))), batch.x.shape[1] - 1)
    events = shown.config.task.events(batch.x[:, probe])
    own = planes.of_layer(chosen(shown.query, shown.config) - 1)
    view = gates(own, probe, events, shown.config, shown.style, step=step)
    return replace(view, knobs=(Knob("probe", "sequence", str(probe), options=probe_names(batch, shown.config)),))


def probe_names(batch: Batch, config: RunConfig) -> tuple[tuple[str, str], ...]:
    """A short name for every probe: its marked symbols in order."""
    events = [config.task.events(batch.x[:, k]) for k in range(batch.x.shape[1])]
    names = [" … ".join(label.text for label in event_labels(marks)[:6]) for marks in events]
    return tuple((str(k), name or f"sequence {k + 1}") for k, name in enumerate(names))


SHARED: dict[str, ViewSpec] = {
    "strip": ViewSpec(_strip, wide=True, height=90, title="How much of the gradient arrives at each time step"),
    "curve": ViewSpec(_curve, wide=True, height=320, title="The same as a curve"),
    "training": ViewSpec(
        _training, wide=True, height=240, title="The same strip over the whole training", trained=True
    ),
    "loss": ViewSpec(over_steps(loss), wide=False, height=210, title="Loss", trained=True),
    "score": ViewSpec(over_steps(score), wide=False, height=210, title="Score", trained=True),
    "clipping": ViewSpec(over_steps(clipping), wide=False, height=210, title="Gradient norm", trained=True),
    "gates": ViewSpec(of_one_layer(_gates), wide=True, height=420, knobs=("probe", LAYER), title="Inside the cell"),
}
