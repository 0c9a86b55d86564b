"""What happens in each phase of a training step, in one sentence with places for the numbers. Pure functions.

A ``{name}`` in a sentence is filled in for every frame, here (``filled``) or by the page's script, from the numbers
that stand on the diagram.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.config import RunConfig
from core.learning_rate import rate_at
from core.numbers import exact, percent, plain, plural
from core.settings import settings_of

Arrays = Mapping[str, np.ndarray]
PLACE = re.compile(r"([+−·] )?\{([^}]+)\}(²)?")


@dataclass(frozen=True)
class Told:
    """A phase's sentence, and other sentences for the frames that are special."""

    usual: str
    special: Mapping[int, str]


def filled(text: str, values: Mapping[str, Sequence[str]], row: int) -> str:
    """``text`` with every ``{name}`` replaced by its number in this row, in brackets where it needs them."""
    return PLACE.sub(lambda place: _placed(place[1] or "", values[place[2]][row], place[3] or ""), text)


def _placed(sign: str, number: str, square: str) -> str:
    apart = (number.startswith("−") and (sign or square)) or ("×" in number and square)
    return sign + (f"({number})" if apart else number) + square


def who(unit: str, H: int) -> str:
    """'norm over 8 units' or 'unit 3'."""
    return f"norm over {plural(H, 'unit')}" if unit == "norm" else f"unit {unit}"


def forward(config: RunConfig, unit: str) -> Told:
    """One sentence a step."""
    T, H = config.task.length, config.cell.hidden_size
    start = f"Step {{t}} of {T}: {{input}} comes in."
    direct = config.cell.direct_path
    if direct is None:
        what = "the input brings {in.recurrent}, the state before {st.recurrent}, and h becomes {h}"
    elif direct.state == "h":
        what = f"{direct.keeps} keeps {{kept}} of h, {{new}} is written, and h becomes {{h}}"
    else:
        what = f"{{kept}} of the memory is kept, {{new}} is written, c becomes {{{direct.state}}} and h {{h}}"
    return Told(
        f"{start} In {who(unit, H)}: {what}." if unit != "norm" else f"{start} As a {who(unit, H)}: {what}.", {}
    )


def losses(config: RunConfig, arrays: Arrays) -> Told:
    """One sentence a loss."""
    if config.task.kind == "numbers":
        usual = "Step {t} is asked: the network answers {answer} where {target} is right; squared, the loss is {loss}."
    else:
        usual = (
            "Step {t} is asked: the right answer, {target}, gets a chance of {chance}; the loss is −ln of it, {loss}."
        )
    many = round(1 / float(arrays["loss_weight"][0])) if len(arrays["loss_weight"]) else 1
    return Told(usual + (f" It counts 1/{many} of the sequence's loss." if many > 1 else ""), {})


def backward(config: RunConfig, arrays: Arrays, unit: str) -> Told:
    """One sentence a step; others where a loss adds its part, and where something is held back."""
    both = "m_c" in arrays
    parts = ("{dh} at h and {dc} at c", "{got_h} to h and {got_c} to c") if both else ("{dh} at h", "{got_h} to h")
    start = f"Step {{t}} has a gradient of {parts[0]}"
    usual = f"{start}; through the cell it hands {parts[1]} of step {{before}}."
    whence = "its own loss" if config.cell.layers == 1 else "what is above it in this step"
    special: dict[int, str] = {}
    for k in range(len(arrays["dh"])):
        own = f", {{local}} of it from {whence}" if arrays["local"][k] else ""
        sent, got = ((float(arrays[f"{what}_h"][k]), float(arrays[f"{what}_c"][k]) if both else 0.0)
                     for what in ("sent", "got"))  # fmt: skip
        if not any(arrays[name][k] for name in ("dh", "sent_h")) and not (both and arrays["dc"][k]):
            special[k] = "No gradient reaches step {t}: no loss that comes later goes back so far."
        elif got == (0, 0) or (any(sent) and not any(got)):
            special[k] = f"{start}{own}. Here it is cut: of {{sent_h}} that would go on to h nothing does."
        elif not np.allclose(sent, got, rtol=1e-4, atol=0):
            limit = "the clamp lets" if config.clip == "backprop" else "truncation lets"
            special[k] = f"{start}{own}; of {{sent_h}} for h of step {{before}} {limit} {{got_h}} pass."
        elif own or k == 0:
            place = "the initial state, which nothing precedes" if k == 0 else "step {before}"
            special[k] = f"{start}{own}; through the cell it hands {parts[1]} of {place}."
    return Told(usual, special)


def summed(config: RunConfig, unit: str, sequences: int) -> Told:
    """One sentence a step, from the last one back."""
    whole = "the cell's weights" if config.cell.layers == 1 else "the layer's weights"
    where = whole if unit == "norm" else f"the weights that lead into unit {unit}"
    return Told(
        f"Step {{t}} adds {{added}} to the gradient of {where}; with all later steps that makes {{together}} (norms, "
        f"mean over the batch's {plural(sequences, 'sequence')}).", {},
    )  # fmt: skip


def clipping(config: RunConfig, meta: Mapping[str, Any]) -> str:
    """What clipping does to this gradient."""
    before, after, theta = meta["norm_before"], meta["norm_after"], f"θ = {exact(config.clip_threshold)}"
    if not (np.isfinite(before) and np.isfinite(after)):
        return "The gradient is not a number, and no clipping mends that."
    changed = abs(after - before) > 1e-6 * before or meta["angle"] > 1e-3
    if config.clip == "none":
        return f"Nothing is clipped: the whole gradient goes into the update with its norm of {plain(before)}."
    if config.clip == "norm":
        if not changed:
            return f"Its norm, {plain(before)}, is not above {theta}, so it passes unchanged."
        return f"Its norm, {plain(before)}, is above {theta}: all of it times {plain(after / before)}, same direction."
    limited = "Each component" if config.clip == "value" else "On the way back each component of what is handed on"
    what = f"{limited} is limited to"
    if not changed:
        return f"{what} ±{exact(config.clip_threshold)}; none was larger, and the norm stays {plain(before)}."
    return (f"{what} ±{exact(config.clip_threshold)}: the norm falls from {plain(before)} to {plain(after)}, and the "
            f"direction turns by {plain(meta['angle'])}°.")  # fmt: skip


def update(config: RunConfig, meta: Mapping[str, Any], step: int, arrays: Arrays) -> str:
    """What the optimiser makes of it, and whose memory it has."""
    name = str(settings_of(config)["optimizer"].choices.get(config.optimizer, config.optimizer))
    size, whole = meta["size"], float(np.sqrt(np.square(arrays["before"]).sum()))
    moved = f"moves the weights by {plain(size)}, {percent(size / whole)} of their norm."
    start = f"{name} (rate {exact(rate_at(config, step))}) {moved}"
    memory = {
        "run": f" It remembers the {plural(step, 'step')} before, found again here by training up to this one.",
        "fresh": " Shown is what a fresh optimiser would do: runs do not keep its memory, and to find that of "
                 f"{plural(step, 'step')} again would take too long here.",
        "none": " It remembers no earlier step." if config.optimizer == "sgd" or not step else "",
    }[meta["memory"]]  # fmt: skip
    end = " The run ends before this update." if step >= config.steps else ""
    return start + memory + end
