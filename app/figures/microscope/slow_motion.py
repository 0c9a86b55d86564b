"""One training step in slow motion: the whole way there and back as two curves, and the player over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, bands, figure, plain_log_axis, time_axis
from app.figures.microscope.gru import gru
from app.figures.microscope.lstm import lstm
from app.figures.microscope.normalised import normalised
from app.figures.microscope.player import PHASES, at_steps, player
from app.figures.microscope.records import Drawn
from app.figures.microscope.rnn import rnn
from app.figures.microscope.thinning import kept
from app.figures.theme import CELL_LOOKS, Style
from app.text.microscope.slow_motion import who
from core.anatomy import Anatomy
from core.anatomy.base import NORMALISATIONS
from core.anatomy.gru import GRUAnatomy
from core.anatomy.lstm import LSTMAnatomy
from core.anatomy.peephole import PeepholeAnatomy
from core.anatomy.rnn import RNNAnatomy
from core.config import RunConfig
from core.errors import UnrolledError
from core.numbers import sig
from core.tasks import Batch

Arrays = Mapping[str, np.ndarray]
DRAWINGS: dict[type[Anatomy], Callable[[RunConfig], Drawn]] = {
    RNNAnatomy: rnn, LSTMAnatomy: lstm, PeepholeAnatomy: lstm, GRUAnatomy: gru,
}  # fmt: skip
SEQUENCE, UNIT, PHASE, T = "micro_sequence", "micro_unit", "micro_phase", "micro_t"
KNOBS = (SEQUENCE, UNIT, PHASE, T)
MOST_SEQUENCES = 8


def slow_motion(
    arrays: Arrays, meta: Mapping[str, Any], batch: Batch, config: RunConfig, style: Style, *,
    source: str, step: int, sequence: int, unit: str, at: tuple[str, int], layer: int = 1,
) -> View:  # fmt: skip
    """From the answer to "slow" about ``layer``, from 1 at the bottom, in training step ``step`` of the run ``source``,
    which learns from ``batch``."""
    steps = kept(config.task.length, arrays["loss_step"])
    symbols = config.task.symbols(batch.x[:, sequence - 1])
    some = at_steps(arrays, steps)
    inputs = [f"“{symbols[t]}”" if layer == 1 else f"h of layer {layer - 1}" for t in steps]
    return View(
        name="slow",
        title=f"Training step {step:,} in slow motion",
        hint=_hint(arrays, meta, config, sequence, unit) + _part(steps, config),
        alt=_alt(arrays, config, sequence, unit),
        figure=_figure(some, steps, config, style),
        table=lambda: _table(some, steps),
        keys=_keys(arrays, config, style),
        knobs=knobs(config, sequence, unit, at),
        player=player(
            some, meta, drawing(config), config, steps=steps, source=source, step=step, sequence=sequence, unit=unit,
            inputs=inputs, at=at, layer=layer,
        ),
    )  # fmt: skip


def drawing(config: RunConfig) -> Drawn:
    """The cell of the config. Raises UnrolledError where nobody has drawn it."""
    draw = DRAWINGS.get(type(config.cell))
    if draw is None:
        raise UnrolledError(
            f"There is no drawing of the {config.cell.word}. Choose another `cell.name` for slow motion."
        )
    drawn = draw(config)
    return normalised(drawn) if config.cell.normalised else drawn


def knobs(config: RunConfig, sequence: int, unit: str, at: tuple[str, int]) -> tuple[Knob, ...]:
    """Sequence and unit, and the player's own place."""
    units = tuple((str(k), f"unit {k}") for k in range(1, config.cell.hidden_size + 1))
    phases = tuple((name, name) for name in PHASES)
    return (
        sequence_knob(config, sequence),
        Knob(UNIT, "shown", unit, options=(("norm", "norm over units"), *units)),
        Knob(PHASE, "phase", at[0], options=phases, hidden=True),
        Knob(T, "time step", str(at[1]), 1, config.task.length, 1, hidden=True),
    )


def sequence_knob(config: RunConfig, sequence: int) -> Knob:
    """Which of the first sequences of the batch."""
    count = min(MOST_SEQUENCES, config.batch_size)
    return Knob(SEQUENCE, "sequence", str(sequence), options=tuple((str(k), f"{k} of {config.batch_size}")
                                                                   for k in range(1, count + 1)))  # fmt: skip


def _figure(arrays: Arrays, steps: np.ndarray, config: RunConfig, style: Style) -> Any:
    low, high = _decades(arrays)
    state = arrays["c"] if "c" in arrays else arrays["h"]
    edge = 1.1 * max(1e-9, float(np.nanmax(np.abs([*state, *arrays["h"]]), initial=1e-9)))
    lowest = -edge if min(float(np.nanmin(arrays["h"], initial=0)), float(np.nanmin(state, initial=0))) < 0 else 0
    layout: Layout = {
        "xaxis": time_axis(style, config.task.length) | {"anchor": "y2"},
        "yaxis": {"domain": [0.56, 1], "range": [lowest, edge], "nticks": 4, "fixedrange": True,
                  "title": {"text": "" if style.narrow else "state"}},
        "yaxis2": plain_log_axis(low, high) | {"domain": [0, 0.44], "fixedrange": True,
                                               "title": {"text": "" if style.narrow else "gradient"}},
        "shapes": bands(config.task.marks(), style),
        "hovermode": "x",
        "meta": {"axis": "time"},
    }  # fmt: skip
    return figure(style, _lines(arrays, steps, config, style), layout, height=230, top=10, bottom=44)


def _decades(arrays: Arrays) -> tuple[float, float]:
    sizes = np.abs(np.concatenate([arrays[name] for name in ("dh", "dc") if name in arrays]))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not sizes.size:
        return 1e-3, 1.0
    high = 10.0 ** np.ceil(np.log10(sizes.max()) + 1e-9)
    return max(10.0 ** np.floor(np.log10(sizes.min())), high * 1e-14), high


def _lines(arrays: Arrays, steps: np.ndarray, config: RunConfig, style: Style) -> list[Layout]:
    color = CELL_LOOKS[config.cell.name].color
    lines = []
    for name, word, axis, dash in (("h", "h", "y", "solid"), ("c", "c", "y", "dot"), ("dh", "∂ℓ/∂h", "y2", "solid"),
                                   ("dc", "∂ℓ/∂c", "y2", "dot")):  # fmt: skip
        if name not in arrays:
            continue
        y = arrays[name] if axis == "y" else np.abs(arrays[name])
        with np.errstate(invalid="ignore"):
            y = np.where(np.isfinite(y) & ((axis == "y") | (y > 0)), y, np.nan).astype(np.float32)
        ink = style.theme.muted if axis == "y" else color
        lines.append({"type": "scatter", "mode": "lines", "x": steps + 1, "y": y, "yaxis": axis, "name": word,
                      "line": {"color": ink, "width": 2, "dash": dash},
                      "hovertemplate": f"{word} %{{y}}<extra></extra>"})  # fmt: skip
    return lines


def _keys(arrays: Arrays, config: RunConfig, style: Style) -> tuple[Key, ...]:
    color, muted = CELL_LOOKS[config.cell.name].color, style.theme.muted
    keys = [Key("h, forwards", muted), Key("its gradient, backwards", color)]
    if "c" in arrays:
        keys += [Key("c, forwards", muted, dash="dot"), Key("its gradient", color, dash="dot")]
    return tuple(keys)


def _hint(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, sequence: int, unit: str) -> str:
    mean, own = float(meta["mean"]), float((arrays["loss"] * arrays["loss_weight"]).sum())
    return (
        f"Sequence {sequence} of the {meta['sequences']} this step learns from, {who(unit, config.cell.hidden_size)}: "
        f"its loss is {sig(own)}, the batch's {sig(mean)}. Play it, or step through it; {_whose(config, meta)}"
    )


def _whose(config: RunConfig, meta: Mapping[str, Any]) -> str:
    """Which loss the gradients are of, and what N stands for."""
    norm = NORMALISATIONS.get(config.cell.normalisation, "")
    symbol = f" N is {norm} with its gains, N′ what a gradient goes through on its way back." if norm else ""
    if config.cell.normalisation != "batch":
        return f"gradients are those of its own loss until they are summed over the batch.{symbol}"
    return (
        f"its gradients are {meta['sequences']} times those of the batch's loss by its own numbers, which under batch "
        f"norm every sequence's loss depends on.{symbol}"
    )


def _part(steps: np.ndarray, config: RunConfig) -> str:
    T = config.task.length
    return "" if len(steps) == T else f" Shown are {len(steps)} of its {T:,} steps."


def _alt(arrays: Arrays, config: RunConfig, sequence: int, unit: str) -> str:
    return (
        f"State and gradient of sequence {sequence} at each of {config.task.length} steps, "
        f"{who(unit, config.cell.hidden_size)}: the gradient at h is {sig(float(arrays['dh'][-1]))} at the last step "
        f"and {sig(float(arrays['dh'][0]))} at the first."
    )


def _table(arrays: Arrays, steps: np.ndarray) -> DataFrame:
    names = {"h": "h", "c": "c", "dh": "∂ℓ/∂h", "dc": "∂ℓ/∂c", "added": "adds to the gradient",
             "together": "together so far"}  # fmt: skip
    return DataFrame({"step": steps + 1} | {words: arrays[name] for name, words in names.items() if name in arrays})
