"""How far one update moves each group of weights: what stands over that picture and in its place."""

from __future__ import annotations

import re

import numpy as np

from core.config import RunConfig
from tests.audit.reading import Rules, Said, claim, near
from tests.audit.truth import Truth

HINT, ALT = Rules(), Rules()
BEGIN = {
    "input weights W": "weight_ih", "recurrent weights U": "weight_hh", "peepholes p": "weight_peephole", "biases": "bias",
    "gains": "gain", "readout": "readout",
}  # fmt: skip
NAME = rf"(?:{'|'.join(BEGIN)})(?:, layer \d)?"


def groups(layers: int) -> dict[str, re.Pattern[str]]:
    """{name of a group: what the names of its parameters match}, the layers from the bottom up, the readout last."""
    if layers == 1:
        return {words: re.compile(begin) for words, begin in BEGIN.items()}
    found = {
        f"{words}, layer {k + 1}": re.compile(rf"{begin}\w*_l{k}$")
        for k in range(layers)
        for words, begin in BEGIN.items()
        if words != "readout"
    }
    return found | {"readout": re.compile("readout")}


def shares(truth: Truth) -> dict[str, float]:
    """{group: norm of its update ÷ norm of its weights}, NaN where it has none; of the groups that there are."""
    frame, found = truth.frame, {}
    for words, own in groups(truth.config.cell.layers).items():
        moved = [value for name, value in frame.update_norms.items() if own.match(name)]
        size = float(np.hypot.reduce([0.0, *(value for name, value in frame.param_norms.items() if own.match(name))]))
        if moved:
            found[words] = float(np.hypot.reduce(moved)) / size if size > 0 else np.nan
    return found


@HINT(
    "Training step {step}, {optimizer:[^:]+}: the {most:" + NAME + "} by {high%} of their norm.",
    "Training step {step}, {optimizer:[^:]+}: the {most:" + NAME + "} by {high%} of their norm, the {least:" + NAME + "} by "
    "{low%}.",
    "Training step {step}, {optimizer:[^:]+}: no group has a size to relate its update to.",
)  # fmt: skip
def hint(truth: Truth, said: Said) -> None:
    said.exactly("step", truth.frame.step)
    labels = RunConfig.model_fields["optimizer"].json_schema_extra["labels"]  # pyright: ignore
    claim(said["optimizer"] == labels[truth.config.optimizer], truth.config.optimizer)  # pyright: ignore
    known = {name: share for name, share in shares(truth).items() if np.isfinite(share)}
    if "most" not in said.places:
        claim(not known, f"there are {known}")
        return
    claim(known[said["most"]] == max(known.values()), f"the most: {known}")
    said.near("high", max(known.values()))
    if "least" in said.places:
        claim(known[said["least"]] == min(known.values()), f"the least: {known}")
        said.near("low", min(known.values()))
    else:
        claim(len(set(known.values())) == 1, f"there are others: {known}")


@ALT("Update after training step {step}, in relation to the weights: {told:.+}.")
def alternative(truth: Truth, said: Said) -> None:
    said.exactly("step", truth.frame.step)
    told = re.findall(rf"({NAME}) (from zero|not a number|[^,]*(?:,\d\d\d[^,]*)*)(?:, |$)", said["told"])
    found = shares(truth)
    claim([name for name, _ in told] == sorted(found, key=[name for name, _ in told].index), f"{told}: {found}")
    for name, text in told:
        true = found[name]
        claim(text == "from zero" if not np.isfinite(true) else near(text, true), f"{name} is {true}, not {text}")
