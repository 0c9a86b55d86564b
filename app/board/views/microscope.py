"""Microscope."""

from __future__ import annotations

from typing import Any

from app.board.query import Query
from app.board.views.base import Page, Shown, ViewSpec
from app.board.views.layers import LAYER, asked, chosen, of_one_layer
from app.figures.base import Knob, View
from app.figures.microscope import check as checks
from app.figures.microscope import slow_motion as slow
from app.figures.microscope.exponents import exponents
from app.figures.microscope.singular import PART, singular
from app.figures.microscope.spectrum import GATE, gate_knob, radius, spectrum
from app.figures.microscope.theory import theory
from app.text.microscope.caption import caption
from app.text.shared.situation import Caption
from core.config import RunConfig
from core.data import training_batch
from core.questions import CheckedGradient, LyapunovExponents, RecurrentSpectra, Theory, TrainingStep


def _spectra(query: Query, config: RunConfig) -> RecurrentSpectra:
    return RecurrentSpectra(layer=asked(query, config))


def _spectra_needs(query: Query, config: RunConfig) -> tuple[RecurrentSpectra]:
    return (_spectra(query, config),)


def _whole(query: Query, name: str, low: int, high: int, default: int) -> int:
    """Where a knob of whole numbers stands, within its bounds."""
    try:
        return min(max(int(float(query.knob(name, str(default)))), low), high)
    except (ValueError, OverflowError):
        return default


def _sequence(query: Query, config: RunConfig) -> int:
    return _whole(query, slow.SEQUENCE, 1, min(slow.MOST_SEQUENCES, config.batch_size), 1)


def _unit(query: Query, config: RunConfig) -> int | None:
    """One unit; None for the norm of all."""
    wanted = query.knob(slow.UNIT, "norm")
    return int(wanted) if wanted.isdecimal() and 1 <= int(wanted) <= config.cell.hidden_size else None


def _slow_needs(query: Query, config: RunConfig) -> tuple[TrainingStep]:
    return (TrainingStep(sequence=_sequence(query, config), unit=_unit(query, config), layer=asked(query, config)),)


def _slow(shown: Shown) -> View | None:
    answer: Any = shown.answer(*_slow_needs(shown.query, shown.config))
    if answer is None:
        return None
    query, config = shown.query, shown.config
    unit = _unit(query, config)
    phase = query.knob(slow.PHASE, "forward")
    at = (phase if phase in slow.PHASES else "forward", _whole(query, slow.T, 1, config.task.length, 1))
    return slow.slow_motion(
        answer.arrays, answer.meta, training_batch(config, answer.step), config, shown.style,
        source=shown.source.id, step=answer.step, sequence=_sequence(query, config),
        unit="norm" if unit is None else str(unit), at=at, layer=chosen(query, config),
    )  # fmt: skip


def _sequence_knob(shown: Shown) -> Knob:
    return slow.sequence_knob(shown.config, _sequence(shown.query, shown.config))


def _theory_needs(query: Query, config: RunConfig) -> tuple[Theory]:
    return (Theory(sequence=_sequence(query, config)),)


def _theory(shown: Shown) -> View | None:
    answer: Any = shown.answer(*_theory_needs(shown.query, shown.config))
    return answer and theory(
        answer.arrays, answer.meta, shown.config, shown.style, knob=_sequence_knob(shown), measured=answer.step
    )


def _singular(shown: Shown) -> View | None:
    answer: Any = shown.answer(*_theory_needs(shown.query, shown.config))
    part = "h" if shown.knob(PART, "state") == "h" else "state"
    return answer and singular(
        answer.arrays, answer.meta, shown.config, shown.style, part=part, knob=_sequence_knob(shown)
    )


def _gate(shown: Shown, gates: list[str]) -> str:
    wanted = shown.knob(GATE, gates[0])
    return wanted if wanted in gates else gates[0]


def _spectrum(shown: Shown) -> View | None:
    answer: Any = shown.answer(_spectra(shown.query, shown.config))
    if answer is None:
        return None
    gate = _gate(shown, answer.meta["gates"])
    return spectrum(answer.arrays, shown.config, shown.style, gate=gate, knobs=gate_knob(answer.meta["gates"], gate))


def _radius(shown: Shown) -> View | None:
    answer: Any = shown.answer(_spectra(shown.query, shown.config))
    return answer and radius(
        answer.arrays, shown.config, shown.style, gate=_gate(shown, answer.meta["gates"]), shown=shown.frame.step
    )


def _exponents_needs(query: Query, config: RunConfig) -> tuple[LyapunovExponents]:
    return (LyapunovExponents(sequence=_sequence(query, config)),)


def _exponents(shown: Shown) -> View | None:
    answer: Any = shown.answer(*_exponents_needs(shown.query, shown.config))
    return answer and exponents(
        answer.arrays, shown.horizon.factor, shown.config, shown.style, knob=_sequence_knob(shown)
    )


def _checked(query: Query, config: RunConfig) -> tuple[int, int, str]:
    """State, unit and part that are to be checked: at first one far back, where it matters."""
    T, H, part = config.task.length, config.cell.hidden_size, query.knob(checks.PART, "h")
    t = _whole(query, checks.STEP, 0, T, max(0, T - config.task.lag))
    return t, _whole(query, checks.UNIT, 1, H, 1), part if part in checks.parts(config) else "h"


def _check_needs(query: Query, config: RunConfig) -> tuple[CheckedGradient]:
    t, unit, part = _checked(query, config)
    return (CheckedGradient(sequence=_sequence(query, config), t=t, unit=unit, part=part),)


def _check(shown: Shown) -> View | None:
    answer: Any = shown.answer(*_check_needs(shown.query, shown.config))
    t, unit, part = _checked(shown.query, shown.config)
    return answer and checks.check(
        answer.arrays, answer.meta, shown.config, shown.style, sequence=_sequence_knob(shown), t=t, unit=unit, part=part
    )


def _caption(shown: Shown) -> Caption:
    return caption(shown.moment)


_SEQUENCE = (slow.SEQUENCE,)
VIEWS: dict[str, ViewSpec] = {
    "slow": ViewSpec(
        of_one_layer(_slow), wide=True, height=900, needs=_slow_needs, knobs=(*slow.KNOBS, LAYER), title="Slow motion"
    ),
    "theory": ViewSpec(_theory, wide=True, height=300, needs=_theory_needs, knobs=_SEQUENCE, title="Theory"),
    "singular": ViewSpec(
        _singular, wide=True, height=260, needs=_theory_needs, knobs=(*_SEQUENCE, PART), title="Singular values"
    ),
    "spectrum": ViewSpec(
        of_one_layer(_spectrum),
        wide=False,
        height=300,
        needs=_spectra_needs,
        knobs=(GATE, LAYER),
        title="Spectrum of U",
    ),
    "radius": ViewSpec(
        of_one_layer(_radius),
        wide=False,
        height=260,
        needs=_spectra_needs,
        knobs=(LAYER,),
        title="Radius and norm over training",
    ),
    "exponents": ViewSpec(
        _exponents, wide=False, height=260, needs=_exponents_needs, knobs=_SEQUENCE, title="Lyapunov exponents"
    ),
    "check": ViewSpec(
        _check,
        wide=True,
        height=260,
        needs=_check_needs,
        knobs=(*_SEQUENCE, *checks.KNOBS),
        title="Check this gradient",
    ),
}

PAGE = Page("microscope", VIEWS, _caption)
