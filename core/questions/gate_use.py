"""What do the gates do?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from core.questions.base import Facts, LayerNumber, Question, Statistics, place_of, stacked
from core.questions.over_training import affordable, trail
from core.questions.sampling import room

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier

SLOPE = "slope"


class GateUse(Question, frozen=True):
    """What the gates do in the fixed probe sequences, now and at earlier stored moments."""

    statistics: ClassVar[Statistics] = "running"
    kind: Literal["gates"] = "gates"
    layer: LayerNumber = None

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: step (k,) ascending, the last is the moment's. For each gate q (of a plain RNN "slope", φ′, which is
        no gate but all that stands in its place): <q>.mean, <q>.shut, <q>.open (k,) over training, <q>.over_time
        (P, T), <q>.shut_unit and <q>.open_unit (H,) now. Where something keeps, longest first: kept.unit, kept.factor,
        kept.steps (H,), and kept.quantiles (k, 3), the 10th, 50th and 90th percentile of the time constants.
        Facts: names; constant, {gate: its one value} of gates that never move; keeps, the gate that keeps, or "slope";
        sequences.
        """
        from core.data import probes
        from core.reading.gate_use import retention, use

        x, k = probes(moment.config).x[:, : room(moment.config)], place_of(self, moment)
        T, P, _ = x.shape
        gate = moment.cell.anatomy.with_role("keeps")
        if gate is None and moment.cell.gate_names:
            moment.cell.lacks("which of its gates keeps")
        keeps = gate.symbol if gate else SLOPE
        parts: list[dict[str, Any]] = []
        for at in trail(moment, earlier, affordable(moment, 2 * P * T)):
            seen = _seen(at, x, k)
            now, kept = use(seen), retention(seen[keeps])
            part: dict[str, Any] = {"step": at.step, "kept.quantiles": _quantiles(kept.steps)}
            for q, found in now.items():
                part |= {f"{q}.mean": found.mean, f"{q}.shut": found.shut.mean(), f"{q}.open": found.open.mean()}
            parts.append(part)
        arrays = stacked(parts) | {"kept.unit": kept.unit, "kept.factor": kept.factor, "kept.steps": kept.steps}
        for q, found in now.items():
            arrays |= {f"{q}.over_time": seen[q].mean(axis=2).T.astype(np.float32), f"{q}.shut_unit": found.shut,
                       f"{q}.open_unit": found.open}  # fmt: skip
        constant = {q: float(value.flat[0]) for q, value in seen.items() if value.min() == value.max()}
        return arrays, {"names": list(now), "keeps": keeps, "constant": constant, "sequences": P}


def _seen(moment: Moment, x: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """{gate: (T, P, H)} of layer k on these inputs, {"slope": …} of a cell without gates."""
    import torch

    trajectory = moment.layer.evaluating().forward(torch.tensor(x), resets=moment.config.resets).layers[k]
    found = {q: value.numpy() for q, value in trajectory.gates.items()}
    return found or {SLOPE: moment.layer.of_layer(k).cell.slope(trajectory).numpy()}


def _quantiles(steps: np.ndarray) -> np.ndarray:
    """Order statistics, which are numbers that occur: between a finite value and ∞ there is no middle."""
    ranks = np.rint(np.array([0.1, 0.5, 0.9]) * (len(steps) - 1)).astype(int)
    return np.sort(steps)[ranks]
