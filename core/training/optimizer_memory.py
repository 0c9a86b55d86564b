"""The optimiser's memory at a training step, found by training up to it once more: runs keep weights, not memories."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from core.bounded import Bounded
from core.config import RunConfig
from core.cost import HOST, step_seconds
from core.data import training_batch
from core.moment import Moment
from core.network import Network
from core.training.learner import Learner
from core.training.optimizers import memory_of, optimizer_of, remember

MOST_SECONDS = 2.5
"""Estimated; beyond that a question would wait too long for its answer."""
KEPT, KEPT_NUMBERS = 32, 2_000_000

_passed: Bounded[tuple[str, int], dict[str, Tensor]] = Bounded(KEPT)
"""States of learners that came by here lately, by the config's digest and the step: the next question begins there."""


def has_memory(config: RunConfig, step: int) -> bool:
    """Whether the update at ``step`` depends on more than its gradient."""
    return config.optimizer != "sgd" and step > 0


def affordable(config: RunConfig, step: int) -> bool:
    """Whether ``step`` training steps are few enough to take them here; no matter how far somebody came before."""
    return HOST * step_seconds(config) * step <= MOST_SECONDS


def in_order(moment: Moment) -> Moment:
    """With its parameters in the order in which the optimiser remembers them; a run's file has another."""
    known = moment.network.tensors
    ordered = {name: known[name] for name in Learner(moment.config).network.tensors}
    return replace(moment, network=Network.named(moment.cell, ordered))


def remembered(moment: Moment) -> Learner | None:
    """The learner that arrives at ``moment`` with its optimiser's memory; None where that takes too long, or where
    its weights are not the moment's (a run from another machine)."""
    if not affordable(moment.config, moment.step):
        return None
    learner = _arrived(moment.config, moment.step)
    stored = moment.network.parameters
    same = all(torch.allclose(learner.params[name], value, rtol=1e-5, atol=1e-8) for name, value in stored.items())
    return learner if same else None


def _arrived(config: RunConfig, step: int) -> Learner:
    digest = config.digest()
    before = max((past for known, past in _passed if known == digest and past <= step), default=0)
    learner = Learner(config)
    state = _passed.get((digest, before))
    if state is not None:
        learner.restore({name: value.clone() for name, value in state.items()})
    for past in range(0 if state is None else before, step):
        learner.learn(training_batch(config, past), past, move=True, record=False)
    if step and learner.vector.numel() <= KEPT_NUMBERS // KEPT:
        _passed.keep((digest, step), {name: value.clone() for name, value in learner.state().items()})
    return learner


def optimizer_like(learner: Learner, vector: Tensor, step: int) -> torch.optim.Optimizer:
    """An optimiser of ``vector`` with a copy of the memory of ``learner``'s, and the rate of training step ``step``."""
    other = optimizer_of(learner.config, vector, step)
    remember(other, {name: value.clone() for name, value in memory_of(learner.optimizer).items()})
    return other
