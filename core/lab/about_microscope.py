"""Questions of the page "Microscope": one training step in slow motion, theory beside measurement, a checked gradient.

The argument of each names a sequence of the step's batch, from 1 on, and what else the visitor chose.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import UnrolledError, quoted

if TYPE_CHECKING:
    from torch import Tensor

    from core.backprop.readout import Asked
    from core.diagnostics.microscope import SlowMotion, Update
    from core.lab.answers import Facts
    from core.moment import Moment
    from core.store import Run

MOST_UNITS = 128
"""Jacobians of a wider cell take too long, and their pictures would say no more."""
MOST_NUMBERS = 1 << 23
"""In all Jacobians of one sequence, 64 MB."""
TRAIL = {64: 12, 128: 6}
"""So many earlier moments of the spectrum are shown for cells of up to so many units; two for a wider one."""
STEPS = np.logspace(-1, -13, 49)
"""Step sizes of the plain difference quotient."""


# -- slow motion ------------------------------------------------------------------------------------------------------


def slow(moment: Moment, argument: str) -> Facts:
    """Every number of the training step. ``argument``: "<sequence>.<unit>" or "<sequence>.norm", all units' norm.

    Arrays by the names of ``core.diagnostics.edges`` (T,), and: x (T,) the input's norm; loss_step, loss, loss_weight,
    target (S,) and answer (S, O) of the sequence's losses; added and together (T,) as in ``Sum``; cut (n,) the states
    nothing is handed back to; per trained parameter (P,): before, gradient, clipped, change, as norms.
    """
    from core.diagnostics.edges import edges
    from core.lab.retraced import in_order

    sequence, unit = _sequence_and_unit(argument, moment)
    moment = in_order(moment)
    motion, memory = _motion(moment)
    found = edges(moment.cell, moment.params, motion, sequence)
    arrays = {name: _of(unit, value) for name, value in found.items()}
    arrays |= {"x": motion.forward.x[:, sequence].double().norm(dim=1).numpy()}
    arrays |= {name: _of(unit, getattr(motion.sum, name)) for name in ("added", "together")}
    arrays |= _losses(motion, moment, sequence) | _by_parameter(motion.update)
    arrays["cut"] = np.array(sorted(motion.backward.cuts | motion.backward.resets), int)
    facts = {name: getattr(motion.update, name) for name in ("norm_before", "norm_after", "angle", "size")}
    names = {"parameters": list(motion.update.before), "memory": memory, "several": motion.backward.several}
    sizes = {"sequences": moment.batch.x.shape[1], "mean": motion.losses.mean}
    return arrays, {name: _jsonable(value) for name, value in (facts | names | sizes).items()}


def _jsonable(value: Any) -> Any:
    """Numbers that are not finite as text, which JSON has no other way to write."""
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def _of(unit: int | None, value: Tensor) -> np.ndarray:
    """(T,) of one unit, or the norm over all of them."""
    return (value.double().norm(dim=1) if unit is None else value[:, unit].double()).numpy()


def _motion(moment: Moment) -> tuple[SlowMotion, str]:
    """The step, and whose optimiser made its update: that of the "run", a "fresh" one, or one that has "none"."""
    from core.diagnostics.microscope import slow_motion
    from core.lab.retraced import has_memory, optimizer_like, remembered
    from core.training.learner import optimizer_of

    config = moment.config
    needed = has_memory(config, moment.step)
    learner = remembered(moment) if needed else None
    motion = slow_motion(
        moment.cell, moment.params, moment.readout, moment.batch,
        lambda vector: optimizer_of(config, vector) if learner is None else optimizer_like(learner, vector),
        truncation=config.truncated, clip=config.clip, threshold=config.clip_threshold, trained=config.trained,
    )  # fmt: skip
    return motion, "run" if learner is not None else "fresh" if needed else "none"


def _losses(motion: SlowMotion, moment: Moment, n: int) -> dict[str, np.ndarray]:
    found = motion.losses
    own = found.weight[:, n] > 0
    steps = found.steps[own].numpy()
    return {
        "loss_step": steps,
        "loss": found.loss[own, n].double().numpy(),
        "loss_weight": found.weight[own, n].double().numpy(),
        "answer": found.answers[own, n].double().numpy(),
        "target": moment.batch.target[steps, n],
    }


def _by_parameter(update: Update) -> dict[str, np.ndarray]:
    change = {name: update.after[name] - value for name, value in update.before.items()}
    parts = {"before": update.before, "gradient": update.gradient, "clipped": update.clipped, "change": change}
    return {what: np.array([float(value.double().norm()) for value in part.values()]) for what, part in parts.items()}


# -- theory -----------------------------------------------------------------------------------------------------------


def theory(moment: Moment, argument: str) -> Facts:
    """Measured gradient of one sequence's last loss beside what bounds it. ``argument``: "<sequence>".

    Arrays as in ``AgainstTheory``; meta: its asked state, and rho.<gate> and sigma_max.<gate> of each block of U.
    """
    from core.diagnostics.against_theory import against_theory
    from core.diagnostics.spectrum import spectra

    (n,) = _numbers(argument, "sequence", (moment.batch.x.shape[1],))
    _must_be_small(moment)
    found = vars(against_theory(moment, n))
    asked = found.pop("asked")
    blocks = spectra(moment.cell, moment.params)
    facts = {f"{name}.{q}": _jsonable(getattr(block, name)) for q, block in blocks.items()
             for name in ("rho", "sigma_max")}  # fmt: skip
    return found, facts | {"asked": asked}


def exponents(moment: Moment, argument: str) -> Facts:
    """Lyapunov exponents along one sequence. ``argument``: "<sequence>". Arrays: exponents (S,), and running (T,), the
    mean of the first one up to each step; meta: the steps of the transient, which are left out."""
    from core.diagnostics import lyapunov
    from core.diagnostics.at_gates import wide
    from core.diagnostics.forward_loss import one_sequence
    from core.diagnostics.jacobians import step_jacobians

    (n,) = _numbers(argument, "sequence", (moment.batch.x.shape[1],))
    _must_be_small(moment)
    params, one = wide(moment.params), one_sequence(_asked(moment), n)
    trajectory = moment.cell.forward(params, one.x)
    found = lyapunov.exponents(step_jacobians(moment.cell, params, trajectory))
    return {"exponents": found.exponents, "running": found.running[:, 0]}, {"transient": found.transient}


def _asked(moment: Moment) -> Asked:
    from core.backprop.readout import asked

    return asked(moment.batch)


def _must_be_small(moment: Moment) -> None:
    H, T = moment.config.cell.hidden_size, len(moment.batch.x)
    if H > MOST_UNITS:
        raise UnrolledError(
            f"`cell.hidden_size` (={H}) makes Jacobians too large to be worked out while you wait; this picture needs "
            f"{MOST_UNITS} units at most. Lower `cell.hidden_size`."
        )
    longest = MOST_NUMBERS // (H * len(moment.cell.state_parts)) ** 2
    if longest < T:
        raise UnrolledError(
            f"`task.length` (={T}) makes more Jacobians of this size than can be worked out while you wait; this "
            f"picture takes {longest:,} at most. Lower `task.length` or `cell.hidden_size`."
        )


# -- the recurrent matrix over training -------------------------------------------------------------------------------


def spectra(moment: Moment, run: Run | None) -> Facts:
    """Eigenvalues of each gate's block of U, now and at earlier stored moments.

    step (k,) ascending, the last is the moment's; <gate>.real, <gate>.imag (k, H), <gate>.rho, <gate>.sigma_max (k,).
    """
    import torch

    from core.diagnostics.spectrum import spectra as spectra_of

    H = moment.config.cell.hidden_size
    many = next((count for width, count in TRAIL.items() if width >= H), 2)
    earlier = [] if run is None else [step for step in run.weight_steps if step < moment.step]
    chosen = sorted({int(earlier[k]) for k in np.linspace(0, len(earlier) - 1, min(many, len(earlier))).astype(int)})
    found = []
    for step in [step for step in chosen if run is not None]:
        weights = run.weights(step) if run is not None else None
        if weights is not None:
            found.append((step, spectra_of(moment.cell, {"weight_hh": torch.tensor(weights["weight_hh"])})))
    found.append((moment.step, spectra_of(moment.cell, moment.params)))
    arrays: dict[str, np.ndarray] = {"step": np.array([step for step, _ in found])}
    for q in found[-1][1]:
        blocks = [spectrum[q] for _, spectrum in found]
        values = np.stack([block.eigenvalues for block in blocks])
        arrays |= {f"{q}.real": np.real(values).copy(), f"{q}.imag": np.imag(values).copy(),
                   f"{q}.rho": np.array([block.rho for block in blocks]),
                   f"{q}.sigma_max": np.array([block.sigma_max for block in blocks])}  # fmt: skip
    return arrays, {"gates": list(found[-1][1])}


# -- a checked gradient -----------------------------------------------------------------------------------------------


def check(moment: Moment, argument: str) -> Facts:
    """One gradient against an independent number. ``argument``: "<sequence>.<t>.<unit>.<h or c>".

    Arrays: step (k,) and quotient (k,), the plain difference quotients. meta: the fields of ``Checked``, and whether
    it is the last loss ``alone`` (where losses differ in how far back they go).
    """
    import torch

    from core.diagnostics.differences import GradientCheck

    numbers, _, part = argument.rpartition(".")
    T, H = len(moment.batch.x), moment.config.cell.hidden_size
    n, t, unit = _numbers(numbers, "sequence, time step and unit", (moment.batch.x.shape[1], T + 1, H), (1, 0, 1))
    asked, cuts, alone = _one_reach(moment, n)
    resets = moment.config.truncated.resets
    found = GradientCheck.of(moment.cell, moment.params, moment.readout, asked, 0, cuts, resets)
    checked = found.at(t, unit, part)  # type: ignore[arg-type]  # it says what is wrong with another part
    quotients = found.quotients(t, unit, part, torch.from_numpy(STEPS))  # type: ignore[arg-type]
    facts = {name: _jsonable(value) for name, value in vars(checked).items()}
    return {"step": STEPS, "quotient": quotients.numpy()}, facts | {"alone": alone, "T": T, "cut": sorted(cuts)}


def _one_reach(moment: Moment, n: int) -> tuple[Asked, tuple[int, ...], bool]:
    """Sequence n with the losses that one backward pass is for, the states where it is cut, and whether that is the
    last loss alone."""
    from dataclasses import replace

    from core.diagnostics.forward_loss import one_sequence

    one, truncation = one_sequence(_asked(moment), n), moment.config.truncated
    own = one.weight[:, 0] > 0
    passes = truncation.passes((one.steps[own] + 1).tolist())
    if len(passes) <= 1:
        return one, passes[0].cuts if passes else (), False
    alone = one.last.to(one.weight.dtype)
    last = int(one.steps[one.last[:, 0]][-1]) + 1
    return replace(one, weight=alone), truncation.passes([last])[0].cuts, True


# -- arguments --------------------------------------------------------------------------------------------------------


def _sequence_and_unit(argument: str, moment: Moment) -> tuple[int, int | None]:
    first, _, second = argument.partition(".")
    if second == "norm":
        return _numbers(first, "sequence", (moment.batch.x.shape[1],))[0], None
    sizes = moment.batch.x.shape[1], moment.config.cell.hidden_size
    sequence, unit = _numbers(argument, "sequence and unit", sizes)
    return sequence, unit


def _numbers(text: str, what: str, most: tuple[int, ...], first: tuple[int, ...] | None = None) -> tuple[int, ...]:
    """Whole numbers separated by dots, each counted from ``first`` (default 1), as indices from 0. Anyone's input."""
    found = re.fullmatch(r"\d{1,9}(\.\d{1,9})*", text, re.ASCII)
    values = tuple(int(part) for part in text.split(".")) if found else ()
    first = first or (1,) * len(most)
    if len(values) != len(most) or any(not f <= v < f + m for v, f, m in zip(values, first, most)):
        ranges = ", ".join(f"{f} to {f + m - 1}" for f, m in zip(first, most))
        raise UnrolledError(f"The {what} asked about (={quoted(text)}) must be whole numbers: {ranges}.")
    return tuple(value - f for value, f in zip(values, first))
