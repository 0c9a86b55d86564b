"""Questions of the page "Inside the cell": use of the gates, paths of the gradient, probes, itemised credit.

Of at most a few sequences each; what was looked at is among the facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import UnrolledError, quoted

if TYPE_CHECKING:
    from torch import Tensor

    from core.cells import Trajectory
    from core.diagnostics.probe import Peepholes
    from core.lab.answers import Facts
    from core.moment import Moment
    from core.store import Run

SLOPE = "slope"
SEQUENCES = 8
MOST_NUMBERS = 1 << 20
"""In one array (T, N, H): fewer sequences of long or wide networks are looked at."""
MOMENTS, MOMENT_SECONDS = 24, 0.6
"""So many moments of a training are looked at in a picture over training, and so long that may take."""
MATRIX = 200
"""Rows and columns of a matrix that is sent to a picture."""
PROBES_SECONDS = 2.5
"""What forcing every gate, one after the other, may take."""


# -- the gates --------------------------------------------------------------------------------------------------------


def gates(moment: Moment, run: Run | None) -> Facts:
    """What the gates do in the fixed probe sequences, now and at earlier stored moments.

    step (k,) ascending, the last is the moment's. For each gate q (of a plain RNN "slope", φ′, which is no gate but all
    that stands in its place):
    <q>.mean, <q>.shut, <q>.open (k,) over training, <q>.over_time (P, T), <q>.shut_unit and <q>.open_unit (H,) now.
    Where something keeps, longest first: kept.unit, kept.factor, kept.steps (H,), and kept.quantiles (k, 3), the 10th,
    50th and 90th percentile of the time constants. meta: names; constant, {gate: its one value} of gates that never
    move; keeps, the gate that keeps, or "slope"; sequences.
    """
    from core.data import probes
    from core.reading.gate_use import KEEPS, retention, use

    T, H = moment.config.task.length, moment.config.cell.hidden_size
    x = probes(moment.config).x[:, : max(1, MOST_NUMBERS // (T * H))]
    trail = list(_trail(moment, run, 2 * x.shape[1] * T))
    parts: dict[str, list[np.ndarray]] = {}
    keeps, constant, now, kept = "", {}, {}, None
    for at in trail:
        seen = _seen(at, x)
        keeps = next((q for q in KEEPS if q in seen), SLOPE)
        now, kept = use(seen), retention({KEEPS[0]: seen[keeps]})
        for q, found in now.items():
            for what, value in (("mean", found.mean), ("shut", found.shut.mean()), ("open", found.open.mean())):
                parts.setdefault(f"{q}.{what}", []).append(np.asarray(value))
        assert kept is not None
        parts.setdefault("kept.quantiles", []).append(_quantiles(kept.steps))
        constant = {q: float(value.flat[0]) for q, value in seen.items() if value.min() == value.max()}
    arrays = {name: np.stack(values) for name, values in parts.items()} | {"step": np.array([m.step for m in trail])}
    for q, found in now.items():
        arrays |= {f"{q}.over_time": seen[q].mean(axis=2).T.astype(np.float32), f"{q}.shut_unit": found.shut,
                   f"{q}.open_unit": found.open}  # fmt: skip
    assert kept is not None
    arrays |= {"kept.unit": kept.unit, "kept.factor": kept.factor, "kept.steps": kept.steps}
    return arrays, {"names": list(now), "keeps": keeps, "constant": constant, "sequences": x.shape[1]}


def _seen(moment: Moment, x: np.ndarray) -> dict[str, np.ndarray]:
    """{gate: (T, P, H)} on these inputs, {"slope": …} of a cell without gates."""
    import torch

    trajectory = moment.cell.forward(moment.params, torch.tensor(x), resets=moment.config.resets)
    found = {q: value.numpy() for q, value in trajectory.gates.items()}
    h = trajectory.h[1:].double().numpy()
    relu = getattr(moment.config.cell, "activation", "tanh") == "relu"
    return found or {SLOPE: (h > 0).astype(float) if relu else 1 - h**2}


def _quantiles(steps: np.ndarray) -> np.ndarray:
    """Order statistics, which are numbers that occur: between a finite value and ∞ there is no middle."""
    ranks = np.rint(np.array([0.1, 0.5, 0.9]) * (len(steps) - 1)).astype(int)
    return np.sort(steps)[ranks]


# -- paths ------------------------------------------------------------------------------------------------------------


def paths(moment: Moment, argument: str) -> Facts:
    """Where the gradient travels. ``argument``: "last", the last loss alone, or "all" of them.

    t (n,) the states; flow (n,); part.<path>, norm.<path> (n,) as in ``Shares``; of a plain RNN slope and matrix (n,)
    as in ``Ways``. meta: paths in order, error (of the sum), alone, cuts, sequences of how many.
    """
    from core.diagnostics.path_shares import path_shares

    if argument not in ("last", "all"):
        raise UnrolledError(f"The losses asked about (={quoted(argument)}) must be `last` or `all`.")
    some, sizes = _some(moment)
    found = path_shares(some, alone=argument == "last")
    arrays = {"t": np.arange(found.first, found.asked + 1), "flow": found.shares.flow}
    arrays |= {f"part.{name}": value for name, value in found.shares.part.items()}
    arrays |= {f"norm.{name}": value for name, value in found.shares.norm.items()}
    if found.slope is not None and found.matrix is not None:
        arrays |= {"slope": found.slope, "matrix": found.matrix}
    facts = {"paths": list(found.shares.part), "error": _jsonable(found.error), "alone": found.alone,
             "cuts": list(found.cuts)}  # fmt: skip
    return arrays, facts | sizes


# -- probes -----------------------------------------------------------------------------------------------------------


def probe(moment: Moment, argument: str) -> Facts:
    """The gradient with gates forced, on the present weights. ``argument``: "f=1,i=0,peepholes=cut", "" forces nothing.

    before, after (T+1,): flow of the last loss alone. meta: loss_before, loss_after, sequences of how many.
    """
    some, sizes = _some(moment)
    force, peepholes = _wanted(argument)
    (before, loss), (after, changed) = _probed(some, {}, "kept"), _probed(some, force, peepholes)
    facts = {"loss_before": _jsonable(loss), "loss_after": _jsonable(changed)}
    return {"before": before, "after": after}, facts | sizes


def probes(moment: Moment) -> Facts:
    """Every gate shut and open, one at a time; the peepholes removed and cut.

    before (T+1,), after (n, T+1): flow of the last loss alone; loss (n,). meta: names (n,) as ``probe`` reads them,
    loss_before, sequences of how many.
    """
    some, sizes = _some(moment)
    wanted = [f"{q}={value}" for q in moment.cell.gate_names for value in (0, 1)]
    wanted += [f"peepholes={how}" for how in ("removed", "cut") if "weight_peephole" in moment.params]
    seconds = (1 + len(wanted)) * _pass_seconds(some)
    if seconds > PROBES_SECONDS:
        raise UnrolledError(
            f"`task.length` (={moment.config.task.length:,}) and `cell.hidden_size` "
            f"(={moment.config.cell.hidden_size}) make all {len(wanted)} probes too slow to be worked out at once. "
            "Force a single gate, or lower one of them."
        )
    before, loss = _probed(some, {}, "kept")
    found = [_probed(some, *_wanted(each)) for each in wanted]
    after = np.stack([flow for flow, _ in found]) if found else np.zeros((0, len(before)))
    arrays = {"before": before, "after": after, "loss": np.array([value for _, value in found])}
    return arrays, {"names": wanted, "loss_before": _jsonable(loss)} | sizes


def _wanted(argument: str) -> tuple[dict[str, float], Peepholes]:
    """Anyone's input."""
    force: dict[str, float] = {}
    peepholes: Any = "kept"
    for part in filter(None, argument.split(",")):
        name, _, value = part.partition("=")
        if name == "peepholes" and value in ("kept", "removed", "cut"):
            peepholes = value
        elif re.fullmatch(r"[a-z]", name) and re.fullmatch(r"-?\d(\.\d{1,6})?", value, re.ASCII):
            force[name] = float(value)
        else:
            raise UnrolledError(
                f"The probe (={quoted(part)}) must be a gate and its value, `f=1`, or `peepholes=removed` or "
                "`peepholes=cut`."
            )
    return force, peepholes


def _probed(moment: Moment, force: Mapping[str, float], peepholes: Peepholes) -> tuple[np.ndarray, float]:
    """(flow of the last loss alone, loss of the sequences) of the changed cell."""
    import torch

    from core.backprop.readout import answers, asked, losses
    from core.diagnostics.probe import probed

    sequences, truncation = asked(moment.batch), moment.config.truncated
    told: list[float] = []

    def last_loss(trajectory: Trajectory) -> Tensor:
        h = trajectory.h[1:]
        loss, slope = losses(answers(moment.readout, h[sequences.steps]), sequences.target)
        told.append(float((loss * sequences.weight).sum() / h.shape[1]))
        grad_out = torch.zeros_like(h)
        alone = slope * (sequences.last.to(slope.dtype) / h.shape[1]).unsqueeze(-1)
        grad_out[sequences.steps] = alone @ moment.readout["weight"]
        return grad_out

    last = int(sequences.steps[sequences.last.any(dim=1)][-1]) + 1
    found = probed(
        moment.cell, moment.params, sequences.x, last_loss, force, peepholes=peepholes, resets=truncation.resets,
        cuts=truncation.passes([last])[0].cuts,
    )  # fmt: skip
    return found.profiles.flow, told[0]


def _pass_seconds(moment: Moment) -> float:
    """What one forward and backward pass costs, roughly (one core of a small machine)."""
    (T, N, _), (rows, H) = moment.batch.x.shape, moment.params["weight_hh"].shape
    return 6e-5 * T + T * N * rows * (4 * H / 20e9 + 2e-8)


# -- credit -----------------------------------------------------------------------------------------------------------


def credit(moment: Moment) -> Facts:
    """Which loss sends how much gradient to which state.

    t (C,) and step (S,): the states and the losses shown; h, state (S, C); total_h, total_state (C,); reach (S,) as in
    ``Itemised``. meta: error of the rows' sum, sequences of how many, counted: losses in it, losses: all there are.
    """
    from core.diagnostics.itemised import affordable, itemised

    sequences, kept = affordable(moment)
    some = moment.of_first(sequences)
    found = itemised(some, kept)
    rows, columns = _spread(len(found.steps)), _spread(len(found.total_h))
    columns = np.unique(np.concatenate([columns, found.steps[rows][[0, -1]]]))
    arrays = {"t": columns, "step": found.steps[rows], "reach": found.reach[rows]}
    arrays |= {name: getattr(found, name)[rows][:, columns] for name in ("h", "state")}
    arrays |= {name: getattr(found, name)[columns] for name in ("total_h", "total_state")}
    asked = int(some.batch.asked.any(axis=1).sum())
    facts = {"error": _jsonable(found.error), "counted": len(kept), "losses": asked}
    return arrays, facts | looked_at(some, moment)


def _spread(count: int) -> np.ndarray:
    """At most MATRIX of 0 … count − 1, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, MATRIX)).round().astype(int))


def landing(moment: Moment, run: Run | None) -> Facts:
    """Share of the credit that lands where it matters, over training, always on the same sequences: the first ones of
    the run's first batch.

    step (k,) ascending, the last is the moment's; gates, state, expected (k,) as in ``Landing``. meta: alone, whether
    it is the last loss alone (of a stream, where each loss has inputs of its own that matter); sequences.
    """
    from core.data import training_batch
    from core.diagnostics.credit import landing as landing_of
    from core.moment import first_sequences

    config, n = moment.config, _some(moment)[1]["sequences"]
    batch, alone = first_sequences(training_batch(config, 0), n), config.task.kind == "chances"
    matters = [sorted({step for step, _ in config.task.events(batch.x[:, k])}) for k in range(n)]
    trail = list(_trail(moment, run, config.task.length * n * 6))
    found = [landing_of(*_back(replace(at, batch=batch), alone), matters) for at in trail]
    arrays = {name: np.array([getattr(each, name) for each in found]) for name in ("gates", "state", "expected")}
    return arrays | {"step": np.array([at.step for at in trail])}, {"alone": alone, "sequences": n}


def _back(moment: Moment, alone: bool) -> tuple[Trajectory, Any]:
    from core.backprop.bptt import gradients

    found = gradients(
        moment.cell, moment.params, moment.readout, moment.batch, truncation=moment.config.truncated, parameters=False
    )  # fmt: skip
    back = found.alone if alone else found.back
    assert back is not None
    return found.trajectory, back


# -- what is looked at ------------------------------------------------------------------------------------------------


def _some(moment: Moment) -> tuple[Moment, dict[str, int]]:
    """The moment with a few of its sequences, and how many of how many."""
    T, N, _ = moment.batch.x.shape
    n = max(1, min(SEQUENCES, N, MOST_NUMBERS // (T * moment.config.cell.hidden_size)))
    some = moment.of_first(n)
    return some, looked_at(some, moment)


def looked_at(some: Moment, whole: Moment) -> dict[str, int]:
    """Among the facts of an answer: how many sequences it is of, of how many."""
    return {"sequences": some.batch.x.shape[1], "of": whole.batch.x.shape[1]}


def _trail(moment: Moment, run: Run | None, steps: int) -> Iterator[Moment]:
    """Earlier stored moments, evenly spread, and this one; fewer where ``steps`` (each of one sequence) take long."""
    import torch

    rows, H = moment.params["weight_hh"].shape
    each = steps * rows * (2 * H / 20e9 + 1e-8) + 3e-5 * moment.config.task.length
    many = int(np.clip(MOMENT_SECONDS / each, 1, MOMENTS)) - 1
    earlier = [] if run is None else [int(step) for step in run.weight_steps if step < moment.step]
    for k in np.unique(np.linspace(0, len(earlier) - 1, min(many, len(earlier))).round().astype(int)):
        weights = None if run is None else run.weights(earlier[k])
        if weights is not None:
            tensors = {name: torch.tensor(np.asarray(values)) for name, values in weights.items()}
            readout = {name: tensors.pop(f"readout.{name}") for name in moment.readout}
            yield replace(moment, step=earlier[k], params=tensors, readout=readout)
    yield moment


def _jsonable(value: float) -> float | None:
    return value if np.isfinite(value) else None
