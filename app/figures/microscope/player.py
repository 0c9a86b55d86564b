"""What the page's script plays: phases of frames, numbers by name, sentences and equations that name them.

key, step   another text for another run, layer, sequence or unit; the training step
svg, color  the drawing, and the colour of its way back
values      {name: [text of row 0, …]}: a row belongs to the step that makes state t, which is values["t"]
sizes       {name: [0 … 1]}: how wide the lines of the way back are; meters: the gates' openings, alike
phases      in their order: name, title, way (which numbers stand on the drawing: forward, backward or none),
            rows (of each frame), sentence, special {frame: sentence}, equations [[symbols, numbers]]
at          where the link says to begin: [phase, t]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.figures.microscope.records import Drawn, Equation
from app.figures.theme import CELL_LOOKS
from app.text.microscope import slow_motion as text
from core.config import RunConfig
from core.numbers import percent, plain

PHASES = ("forward", "losses", "backward", "sum", "clip", "update")
_NOT_PER_STEP = {
    "loss_step",
    "loss",
    "loss_weight",
    "answer",
    "target",
    "before",
    "gradient",
    "clipped",
    "change",
    "cut",
}
_DECADES = 6.0
"""Lines are thinnest where the gradient is so many decades below the largest."""
_WAY_BACK = ("d", "a.", "d.", "via.", "got_", "leak", "sent_", "via", "at.p")

Arrays = Mapping[str, np.ndarray]


def player(
    arrays: Arrays, meta: Mapping[str, Any], drawn: Drawn, config: RunConfig, *,
    steps: np.ndarray, source: str, step: int, sequence: int, unit: str, inputs: list[str], at: tuple[str, int],
    layer: int = 1,
) -> dict[str, Any]:  # fmt: skip
    """From the answer to the question "slow" at the ``steps`` 0 … T−1 that are shown (``at_steps``); ``inputs`` names
    what comes in at each."""
    values = {name: [plain(value) for value in column] for name, column in arrays.items() if name not in _NOT_PER_STEP}
    values |= {"t": [str(t + 1) for t in steps], "before": [str(t) for t in steps], "input": inputs}
    return {
        "key": f"{source}/{layer}.{sequence}.{unit}",
        "step": step,
        "svg": drawn.svg,
        "color": CELL_LOOKS[config.cell.name].color,
        "values": values,
        "sizes": _sizes(arrays),
        "meters": _meters(arrays, config, unit),
        "phases": _phases(arrays, meta, drawn, config, step, unit),
        "at": list(at),
    }


def at_steps(arrays: Arrays, steps: np.ndarray) -> dict[str, np.ndarray]:
    """The answer's arrays at these steps alone; loss_step then says which of them."""
    losses = np.isin(arrays["loss_step"], steps)
    kept = {name: values if name in _NOT_PER_STEP else values[steps] for name, values in arrays.items()}
    kept |= {name: arrays[name][losses] for name in ("loss", "loss_weight", "answer", "target")}
    return kept | {"loss_step": np.searchsorted(steps, arrays["loss_step"][losses])}


def _sizes(arrays: Arrays) -> dict[str, list[float]]:
    """Decades below the largest gradient of the whole way back, as 1 … 0."""
    names = [name for name in arrays if name.startswith(_WAY_BACK) and name not in _NOT_PER_STEP]
    size = {name: np.abs(arrays[name]) for name in names}
    largest = max((float(np.nanmax(part, initial=0)) for part in size.values()), default=0)
    if not (largest > 0 and np.isfinite(largest)):
        return {}
    with np.errstate(divide="ignore"):
        levels = {name: 1 + np.log10(part / largest) / _DECADES for name, part in size.items()}
    return {name: np.nan_to_num(np.clip(level, 0, 1)).round(2).tolist() for name, level in levels.items()}


def _meters(arrays: Arrays, config: RunConfig, unit: str) -> dict[str, list[float]]:
    """Openings of the logistic gates; of a norm its share of what it would be with every gate open."""
    whole = np.sqrt(config.cell.hidden_size) if unit == "norm" else 1.0
    return {f"fill.{q}": (arrays[q] / whole).round(3).tolist() for q in "iforz" if q in arrays}


def _phases(
    arrays: Arrays, meta: Mapping[str, Any], drawn: Drawn, config: RunConfig, step: int, unit: str
) -> list[dict[str, Any]]:
    there = list(range(len(arrays["dh"])))
    back = there[::-1]
    asked = arrays["loss_step"].tolist()
    told = {
        "forward": text.forward(config, unit), "losses": text.losses(config, arrays),
        "backward": text.backward(config, arrays, unit), "sum": text.summed(config, unit, int(meta["sequences"])),
        "clip": text.Told(text.clipping(config, meta), {}),
        "update": text.Told(text.update(config, meta, step, arrays), {}),
    }  # fmt: skip
    backward = {k: told["backward"].special[row] for k, row in enumerate(back) if row in told["backward"].special}
    phases = [
        _phase("forward", "Forward", "forward", there, told["forward"], _written(drawn.forward, unit)),
        _phase("losses", "Losses", "forward", asked, told["losses"], _loss_equations(config)),
        _phase("backward", "Backward", "backward", back, text.Told(told["backward"].usual, backward),
               _written(drawn.backward, unit)),
        _phase("sum", "Sum", "backward", back, told["sum"], _sum_equations()),
        _phase("clip", "Clip", "none", [0], told["clip"], _tensor_equations(arrays, meta, ("gradient", "clipped"))),
        _phase("update", "Update", "none", [0], told["update"], _tensor_equations(arrays, meta, ("before", "change"))),
    ]  # fmt: skip
    phases[1]["own"] = _loss_values(arrays, config)
    return phases


def _phase(
    name: str, title: str, way: str, rows: list[int], told: text.Told, equations: list[list[str]]
) -> dict[str, Any]:
    return {"name": name, "title": title, "way": way, "rows": rows, "sentence": told.usual,
            "special": {str(k): sentence for k, sentence in told.special.items()}, "equations": equations}  # fmt: skip


def _written(equations: tuple[Equation, ...], unit: str) -> list[list[str]]:
    return [[each.symbols, each.norm if unit == "norm" else each.unit] for each in equations]


def _loss_equations(config: RunConfig) -> list[list[str]]:
    loss = "(answer − target)²" if config.task.kind == "numbers" else "−ln softmax(answer)[target]"
    return [["answer = W_out h + b_out", "{answers}"], [f"loss = {loss}", "{loss}"],
            ["it counts in the sequence's loss", "{weight}"]]  # fmt: skip


def _loss_values(arrays: Arrays, config: RunConfig) -> dict[str, list[str]]:
    """By frame, not by row."""
    numbers = config.task.kind == "numbers"
    targets = [plain(value) if numbers else f"class {int(value) + 1}" for value in arrays["target"]]
    return {
        "answer": [plain(row[0]) for row in arrays["answer"]],
        "answers": [", ".join(plain(value) for value in row) for row in arrays["answer"]],
        "target": targets,
        "loss": [plain(value) for value in arrays["loss"]],
        "chance": [percent(float(np.exp(-value))) for value in arrays["loss"]],
        "weight": [plain(value) for value in arrays["loss_weight"]],
    }


def _sum_equations() -> list[list[str]]:
    return [["∂L/∂W += Σ over sequences α xᵀ, ∂L/∂U += α h₋ᵀ, ∂L/∂b += α", "‖this step's part‖ {added}"],
            ["together, from the last step back to here", "‖so far‖ {together}"]]  # fmt: skip


def _tensor_equations(arrays: Arrays, meta: Mapping[str, Any], what: tuple[str, str]) -> list[list[str]]:
    """A line for every trained tensor."""
    words = {"gradient": "‖gradient‖", "clipped": "clipped", "before": "‖weights‖", "change": "‖change‖"}
    return [
        [name, " · ".join(f"{words[part]} {plain(arrays[part][k])}" for part in what)]
        for k, name in enumerate(meta["parameters"])
    ]
