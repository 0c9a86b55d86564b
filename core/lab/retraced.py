"""The optimiser's memory at a training step, found by training up to it once more: runs keep weights, not memories."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import torch
from torch import Tensor

from core.config import RunConfig
from core.data import training_batch
from core.lab.budget import estimate
from core.moment import Moment
from core.training.learner import Learner, optimizer_of
from core.training.replay import READOUT

MOST_SECONDS = 2.5
"""Estimated; beyond that a question would wait too long for its answer."""
KEPT, KEPT_NUMBERS = 32, 2_000_000

_passed: OrderedDict[tuple[str, int], dict[str, Tensor]] = OrderedDict()
"""States of learners that came by here lately, by the config's digest and the step: the next question begins there."""


def has_memory(config: RunConfig, step: int) -> bool:
    """Whether the update at ``step`` depends on more than its gradient."""
    return config.optimizer != "sgd" and step > 0


def affordable(config: RunConfig, step: int) -> bool:
    """Whether ``step`` training steps are few enough to take them here; no matter how far somebody came before."""
    return estimate(config).seconds * step / (config.steps + 1) <= MOST_SECONDS


def in_order(moment: Moment) -> Moment:
    """With its parameters in the order in which the optimiser remembers them; a run's file has another."""
    names = [*Learner(moment.config).params]
    readout = [name.removeprefix(READOUT) for name in names if name.startswith(READOUT)]
    return replace(
        moment,
        params={name: moment.params[name] for name in names if name in moment.params},
        readout={name: moment.readout[name] for name in readout},
    )


def remembered(moment: Moment) -> Learner | None:
    """The learner that arrives at ``moment`` with its optimiser's memory; None where that takes too long, or where
    its weights are not the moment's (a run from another machine)."""
    if not affordable(moment.config, moment.step):
        return None
    learner = _arrived(moment.config, moment.step)
    stored = moment.params | {f"{READOUT}{name}": value for name, value in moment.readout.items()}
    same = all(torch.allclose(learner.params[name], value, rtol=1e-5, atol=1e-8) for name, value in stored.items())
    return learner if same else None


def _arrived(config: RunConfig, step: int) -> Learner:
    digest = config.digest()
    before = max((past for known, past in _passed if known == digest and past <= step), default=0)
    learner = Learner(config)
    if before:
        learner.restore({name: value.clone() for name, value in _passed[digest, before].items()})
    for past in range(before, step):
        learner.learn(training_batch(config, past), move=True, record=False)
    if step and learner.vector.numel() <= KEPT_NUMBERS // KEPT:
        _passed[digest, step] = {name: value.clone() for name, value in learner.state().items()}
        while len(_passed) > KEPT:
            _passed.popitem(last=False)
    return learner


def optimizer_like(learner: Learner, vector: Tensor) -> torch.optim.Optimizer:
    """An optimiser of ``vector`` with a copy of the memory of ``learner``'s."""
    other = optimizer_of(learner.config, vector)
    state = learner.optimizer.state_dict()
    memory = {k: {name: value.clone() if isinstance(value, Tensor) else value for name, value in part.items()}
              for k, part in state["state"].items()}  # fmt: skip
    other.load_state_dict(state | {"state": memory})
    return other
