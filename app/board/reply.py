"""One reply of the board's route: words, transport and the wanted pictures of one source at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.board import wire
from app.board.query import Query
from app.board.source import Snapshot, Source
from app.board.sources import Sources
from app.board.status import transport
from app.figures.base import View, asked_step
from app.figures.clipping import clipping
from app.figures.flow_strip import flow_strip
from app.figures.gates import gates
from app.figures.gradient_curve import Pin, gradient_curve
from app.figures.learning import loss, score
from app.figures.over_training import over_training
from app.figures.theme import CELL_LOOKS, template
from app.text.caption import caption
from app.text.moment import Moment, Phase
from core.config import RunConfig
from core.data import probes
from core.diagnostics.horizon import horizon_of
from core.errors import UnrolledError
from core.frames import Frame


@dataclass(frozen=True)
class _Shown:
    """What the pictures of one reply share."""

    source: Source
    snapshot: Snapshot
    query: Query
    frame: Frame
    pins: tuple[Pin, ...]

    @property
    def config(self) -> RunConfig:
        return self.source.config


def reply(source: Source, snapshot: Snapshot, query: Query, sources: Sources) -> dict[str, Any]:
    """Everything ``query`` wants of ``source`` at ``snapshot``; without pictures while nothing is recorded."""
    frame = _frame(source, snapshot, query)
    body: dict[str, Any] = {
        "seq": snapshot.seq,
        "id": source.id,
        "label": source.config.label,
        "transport": transport(snapshot, source.config, None if frame is None else frame.step),
        "views": {},
    }
    if frame is None:
        return body
    pins, named = _pins(query, sources)
    shown = _Shown(source, snapshot, query, frame, pins)
    views = {name: _view(name, shown) for name in query.views}
    return body | {
        "caption": _caption(shown),
        "pins": named,
        "probes": _probe_names(shown) if "gates" in query.views else [],
        "template": template(query.style),
        "views": {name: wire.view(view, table=name in query.tables) for name, view in views.items() if view},
    }


def _frame(source: Source, snapshot: Snapshot, query: Query) -> Frame | None:
    last = snapshot.last
    if query.cursor is None or last is None or query.cursor >= last.step:
        return last
    return source.frame(query.cursor)


def _view(name: str, shown: _Shown) -> View | None:
    frame, config, style = shown.frame, shown.config, shown.query.style
    scalars = shown.snapshot.scalars
    if name == "strip":
        return flow_strip(frame, config, style)
    if name == "curve":
        start = shown.snapshot.first or frame
        return gradient_curve(frame, start, _found(frame, config), config, style, shown.pins)
    if name == "training":
        return over_training(shown.snapshot.steps, shown.snapshot.flow, frame.step, config, style)
    if name == "gates":
        return _gates(shown)
    return {"loss": loss, "score": score, "clipping": clipping}[name](scalars, frame.step, config, style)


def _gates(shown: _Shown) -> View | None:
    kept = (shown.frame.step, shown.frame.planes) if shown.frame.planes else shown.source.planes(shown.frame.step)
    if kept is None:
        return None
    step, planes = kept
    batch = probes(shown.config)
    probe = min(shown.query.probe, batch.x.shape[1] - 1)
    events = shown.config.task.events(batch.x[:, probe])
    return gates(planes, probe, events, shown.config, shown.query.style, step=step)


def _found(frame: Frame, config: RunConfig) -> Any:
    return horizon_of(frame.flow_last, asked=asked_step(config), cuts=config.cuts)


def _caption(shown: _Shown) -> dict[str, Any]:
    phase = shown.snapshot.status.phase
    kind: Phase = (
        "preview" if phase == "preview" else "over" if phase in ("finished", "stopped", "failed") else "running"
    )
    moment = Moment(shown.config, shown.frame, _found(shown.frame, shown.config), shown.snapshot.scalars, kind)
    words = caption(moment)
    return {
        "headline": words.headline,
        "subline": words.subline,
        "figures": [{"value": figure.value, "label": figure.label} for figure in words.figures],
    }


def _pins(query: Query, sources: Sources) -> tuple[tuple[Pin, ...], list[dict[str, Any]]]:
    """The pinned profiles that can be found, and a name for every pin, found or not."""
    pins: list[Pin] = []
    named: list[dict[str, Any]] = []
    for source_id, step in query.pins:
        name = {"id": f"{source_id}@{step}"}
        try:
            source = sources.get(source_id)
            source.snapshot()
            frame = source.frame(step)
        except UnrolledError:
            frame, source = None, None
        if frame is None or source is None:
            named.append(name | {"label": "no longer on this server", "gone": True})
            continue
        label = f"{source.config.label}, {'untrained' if frame.step == 0 else f'step {frame.step:,}'}"
        look = CELL_LOOKS[source.config.cell.name]
        pins.append(Pin(label, source.config.cell.name, np.asarray(frame.flow)))
        named.append(name | {"label": label, "color": look.color, "dash": look.dash})
    return tuple(pins), named


def _probe_names(shown: _Shown) -> list[str]:
    """A short name for every probe: its marked symbols in order."""
    batch, task = probes(shown.config), shown.config.task
    return [
        " … ".join(label for _, label in task.events(batch.x[:, k])[:6]) or f"sequence {k + 1}"
        for k in range(batch.x.shape[1])
    ]
