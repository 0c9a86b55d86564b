"""Inside the cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from app.board.query import Query
from app.board.views.base import Page, Shown, ViewSpec
from app.board.views.layers import LAYER, asked, chosen, of_one_layer
from app.board.views.shared import SHARED, probe_names
from app.figures.base import Knob, View
from app.figures.inside_the_cell import paths as ways
from app.figures.inside_the_cell import probe as probes
from app.figures.inside_the_cell.credit import KNOBS as CREDIT_KNOBS
from app.figures.inside_the_cell.credit import LOSS, PART, credit
from app.figures.inside_the_cell.forced import forced
from app.figures.inside_the_cell.gate_time import gate_time
from app.figures.inside_the_cell.gate_training import gate_training
from app.figures.inside_the_cell.landing import landing
from app.figures.inside_the_cell.retention import kept_training, retention
from app.figures.inside_the_cell.saturation import saturation
from app.text.inside_the_cell.caption import caption
from app.text.shared.situation import Caption
from core.config import RunConfig
from core.data import probes as fixed_sequences
from core.questions import (
    CreditLanding,
    EachGateForced,
    ForcedGates,
    GateUse,
    GradientPaths,
    ItemisedCredit,
    Question,
)

_CREDIT, _LANDING = ItemisedCredit(), CreditLanding()


def _last_paths(query: Query, config: RunConfig) -> GradientPaths:
    return GradientPaths(losses="last", layer=asked(query, config))


def _use(query: Query, config: RunConfig) -> GateUse:
    return GateUse(layer=asked(query, config))


def _each_forced(query: Query, config: RunConfig) -> EachGateForced:
    return EachGateForced(layer=asked(query, config))


def _alone(question: Callable[[Query, RunConfig], Question]) -> Callable[[Query, RunConfig], tuple[Question, ...]]:
    """What a picture needs that asks one question."""
    return lambda query, config: (question(query, config),)


# -- where the gradient travels ---------------------------------------------------------------------------------------


def _losses(query: Query, config: RunConfig) -> Literal["last", "all"]:
    wanted = query.knob(ways.LOSS, "last")
    return "all" if wanted == "all" and ways.many_losses(config) else "last"


def _paths_needs(query: Query, config: RunConfig) -> tuple[GradientPaths]:
    return (GradientPaths(losses=_losses(query, config), layer=asked(query, config)),)


def _paths(shown: Shown) -> View | None:
    answer: Any = shown.answer(*_paths_needs(shown.query, shown.config))
    share = "length" if shown.knob(ways.SHARE, "signed") == "length" else "signed"
    return answer and ways.paths(
        answer.arrays,
        answer.meta,
        shown.config,
        shown.style,
        step=answer.step,
        losses=_losses(shown.query, shown.config),
        share=share,
    )


# -- what if ----------------------------------------------------------------------------------------------------------


def _wanted(query: Query, config: RunConfig) -> dict[str, str]:
    return probes.forced(dict(query.knobs), config.cell)


def forcing(wanted: dict[str, str], layer: int | None = None) -> ForcedGates:
    """The question about what ``probes.forced`` says, in one layer."""
    peepholes: Any = wanted.get(probes.PEEPHOLES, probes.KEPT)
    force = tuple((gate, float(value)) for gate, value in wanted.items() if gate != probes.PEEPHOLES)
    return ForcedGates(force=force, peepholes=peepholes, layer=layer)


def _probe_needs(query: Query, config: RunConfig) -> tuple[ForcedGates]:
    return (forcing(_wanted(query, config), asked(query, config)),)


def _probe(shown: Shown) -> View | None:
    answer: Any = shown.answer(*_probe_needs(shown.query, shown.config))
    return answer and probes.probe(
        answer.arrays, answer.meta, shown.config, shown.style, wanted=_wanted(shown.query, shown.config)
    )  # fmt: skip


def _forced(shown: Shown) -> View | None:
    answer: Any = shown.answer(_each_forced(shown.query, shown.config))
    return answer and forced(answer.arrays, answer.meta, shown.config, shown.style)


# -- the gates --------------------------------------------------------------------------------------------------------


def _gate_time(shown: Shown) -> View | None:
    answer: Any = shown.answer(_use(shown.query, shown.config))
    if answer is None:
        return None
    batch = fixed_sequences(shown.config)
    k = min(int(max(0, shown.number("probe", 0))), answer.meta["sequences"] - 1)
    knob = Knob("probe", "sequence", str(k), options=probe_names(batch, shown.config)[: answer.meta["sequences"]])
    return gate_time(
        answer.arrays, answer.meta, shown.config.task.events(batch.x[:, k]), shown.config, shown.style,
        step=answer.step, sequence=k, knobs=(knob,),
    )  # fmt: skip


def _now(draw: Callable[..., View]) -> Callable[[Shown], View | None]:
    """The gates at the moment."""

    def build(shown: Shown) -> View | None:
        answer: Any = shown.answer(_use(shown.query, shown.config))
        return answer and draw(answer.arrays, answer.meta, shown.config, shown.style, step=answer.step)

    return of_one_layer(build)


def _over_training(
    draw: Callable[..., View], question: Callable[[Query, RunConfig], Question]
) -> Callable[[Shown], View | None]:
    """Something at many moments, the one on screen marked."""

    def build(shown: Shown) -> View | None:
        answer: Any = shown.answer(question(shown.query, shown.config))
        return answer and draw(answer.arrays, answer.meta, shown.config, shown.style, shown=shown.frame.step)

    return build


# -- credit -----------------------------------------------------------------------------------------------------------


def _knows_what_matters(config: RunConfig) -> bool:
    """Whether the task says which steps matter: of a text's symbols, and of a series' values, nobody knows."""
    return config.task.needs_lag and not config.task.endless


def _credit(shown: Shown) -> View | None:
    answer: Any = shown.answer(_CREDIT)
    if answer is None:
        return None
    loss = shown.number(LOSS, 0)
    return credit(
        answer.arrays, answer.meta, shown.config, shown.style, step=answer.step,
        part="h" if shown.knob(PART, "state") == "h" else "state", loss=int(loss) if loss >= 1 else None,
    )  # fmt: skip


def _caption(shown: Shown) -> Caption:
    query, config = shown.query, shown.config
    ways, gates = shown.answer(_last_paths(query, config)), shown.answer(_use(query, config))
    return caption(shown.moment, ways, gates, chosen(query, config))


def _caption_needs(query: Query, config: RunConfig) -> tuple[Question, ...]:
    return _last_paths(query, config), _use(query, config)


_ASKS_GATES = _alone(_use)
VIEWS: dict[str, ViewSpec] = {
    "paths": ViewSpec(of_one_layer(_paths), wide=True, height=300, needs=_paths_needs, knobs=(*ways.KNOBS, LAYER),
                      title="Where the gradient travels"),
    "probe": ViewSpec(of_one_layer(_probe), wide=True, height=300, needs=_probe_needs, knobs=(*probes.KNOBS, LAYER),
                      title="What if?"),
    "forced": ViewSpec(of_one_layer(_forced), wide=False, height=336, needs=_alone(_each_forced), knobs=(LAYER,),
                       title="Which gate does it hang on?"),
    "retention": ViewSpec(_now(retention), wide=False, height=336, needs=_ASKS_GATES, knobs=(LAYER,),
                          title="What a unit keeps"),
    "saturation": ViewSpec(_now(saturation), wide=False, height=336, needs=_ASKS_GATES, knobs=(LAYER,),
                           title="Saturation"),
    "gates": SHARED["gates"],
    "gate_time": ViewSpec(of_one_layer(_gate_time), wide=True, height=250, needs=_ASKS_GATES, knobs=("probe", LAYER),
                          title="Means over time"),
    "gate_training": ViewSpec(of_one_layer(_over_training(gate_training, _use)), wide=False, height=260,
                              needs=_ASKS_GATES, knobs=(LAYER,),
                              title="Means over training"),
    "kept_training": ViewSpec(of_one_layer(_over_training(kept_training, _use)), wide=False, height=260,
                              needs=_ASKS_GATES, knobs=(LAYER,),
                              title="What units keep, over training"),
    "landing": ViewSpec(_over_training(landing, lambda query, config: _LANDING), wide=False, height=260,
                        needs=(_LANDING,), title="Credit where it matters", belongs=_knows_what_matters),
    "credit": ViewSpec(_credit, wide=True, height=460, needs=(_CREDIT,), knobs=CREDIT_KNOBS, title="Itemised credit"),
}  # fmt: skip

PAGE = Page("inside_the_cell", VIEWS, _caption, needs=_caption_needs)
