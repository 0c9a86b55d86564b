"""What computing costs, in seconds of one core and in bytes: one model for schedules, budgets and questions.

A pass over T steps of N sequences is three sweeps of about the same work: forward, backward, the weights' gradients. A
sweep costs, for each row of the cell's blocks and each sequence and step, a product with its H + C columns and an
elementwise part, and for each step some calls:

    sweep = rows · N · T · (2 (H + C) / FLOPS + ELEMENT) + T · CALL

for each of its layers, C being what enters that one: H, where it is not the lowest.

FLOPS, ELEMENT and CALL are those of one core of a server of 2024 at batches of 32 and more; ``python -m core bench``
prints the measured step over the model's (over all cells, T 50–1000, H 8–512, batch 32–512: .7 to 1.15 in 2026).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.config import RunConfig
from core.reach import loss_steps
from core.truncation import Pass

FLOPS, ELEMENT, CALL = 70e9, 1e-9, 4e-6
SWEEPS = 3
"""Of a whole pass."""

BOOKKEEPING = 1e-3
"""Seconds of a training step for all that is no pass: batch, optimiser, records."""

HOST = 2.0
"""How much slower a host may be than the machine that the model speaks of."""

QUESTION = 6.0
"""How much slower a question's passes are: few sequences at a time, stacked copies, and trainings beside them."""

WIDE = 2.0
"""How much slower float64 is."""

NORMALISED = 1.8
"""How many times as long a pass with layer norm or batch norm takes (at H = 64, T = 200: 1.5 to 1.9)."""

VECTOR_CALL, VECTOR_ELEMENT = 100e-6, 4e-9
"""Of what is done with one gradient as a vector: cut out, added up, measured."""

MOST_RECORDED = 1000
"""So many recorded steps a run has at most; see ``core.schedule``."""


def pass_seconds(config: RunConfig, sequences: float, sweeps: float = SWEEPS) -> float:
    """About what a pass over all T steps of so many sequences takes, or as many of its sweeps."""
    T, cell = config.task.length, config.cell
    whole = SWEEPS * (_row_seconds(config) * sequences * T + cell.layers * T * CALL)
    return whole * sweeps / SWEEPS * _normalised(config)


def question_seconds(config: RunConfig, columns: float, sweeps: float, *, steps: float | None = None) -> float:
    """About what sweeps over ``columns`` steps of one sequence each take in a question's process; ``steps`` of them one
    after the other (the task's length where None)."""
    calls = config.cell.layers * (config.task.length if steps is None else steps)
    return QUESTION * sweeps * (_row_seconds(config) * columns + calls * CALL) * _normalised(config)


def _row_seconds(config: RunConfig) -> float:
    """About what a sweep's step over one sequence takes in all layers, calls apart."""
    H, entering = config.cell.hidden_size, config.cell.inputs(config.task.input_size)
    return sum(config.cell.blocks * H * (2 * (H + C) / FLOPS + ELEMENT) for C in entering)


def _normalised(config: RunConfig) -> float:
    """How many times as long a pass with its normalisation takes."""
    return 1.0 if config.cell.normalisation == "none" else NORMALISED


def vector_seconds(numbers: int) -> float:
    """About what it takes to handle one gradient of so many numbers."""
    return VECTOR_CALL + VECTOR_ELEMENT * numbers


def pass_bytes(config: RunConfig, sequences: float) -> float:
    """What a recorded pass over so many sequences holds at its peak, in float32."""
    return 4.0 * config.cell.holds.recorded * config.task.length * config.cell.hidden_size * sequences


@dataclass(frozen=True)
class Work:
    """What a training step does, in passes over all T steps of its batch, and in how many separate backward passes."""

    forward: float
    backward: float
    passes: int

    @property
    def share(self) -> float:
        """Of a whole forward and a whole backward pass, which costs twice as much."""
        return (self.forward + 2 * self.backward) / 3


def work(config: RunConfig) -> Work:
    """The work of one training step of ``config``, with its share of what recorded steps do beside it."""
    losses = loss_steps(config.task).tolist()
    passes = config.truncated.passes(losses)
    learning = _steps(passes) / config.task.length
    forward = 1 + learning if config.truncation == "stream" else 1.0
    twice = 2 if config.clip == "backprop" else 1  # with the clamp and without, for the angle
    alone = config.truncated.passes(losses[-1:]) if len(losses) > 1 else []  # the last loss alone, for its flow
    recorded = min(1.0, MOST_RECORDED / config.steps) * _steps(alone) / config.task.length
    return Work(forward, twice * learning + recorded, twice * len(passes))


def _steps(passes: Sequence[Pass]) -> int:
    return sum(each.stop - each.first for each in passes)


def step_seconds(config: RunConfig) -> float:
    """About what a training step takes."""
    return BOOKKEEPING + work(config).share * pass_seconds(config, config.batch_size)
