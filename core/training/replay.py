"""A moment of a training again: from stored weights, or by training up to it here and now."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from core.cells import Cell, cell_of
from core.config import RunConfig
from core.data import training_batch
from core.errors import ConfigError, UnrolledError, quoted
from core.frames import Floats
from core.moment import Moment
from core.network import Network
from core.training.learner import Learner
from core.training.loop import one_thread_without_subnormals


def moment_of(
    config: RunConfig,
    step: int,
    weights: Mapping[str, Floats] | None = None,
    sequences: int | None = None,
    *,
    carried: Sequence[Floats] | None = None,
) -> Moment:
    """The moment at ``step``, with the stored ``weights`` or, where None, trained up to there here and now.

    ``carried``: the state that was stored with the weights, which the batch goes on from; None: from zero.
    ``sequences``: the first so many of the batch (None: all). The same arguments give the same moment. Raises
    ConfigError for a step or a number of sequences that the config does not have, and UnrolledError where the
    training ends before ``step``.
    """
    if not 0 <= step <= config.steps:
        raise ConfigError(
            [f"`step` (={quoted(step)}) must lie within the run's {config.steps:,} steps. Choose 0 to {config.steps}."]
        )
    if sequences is not None and not 1 <= sequences <= config.batch_size:
        raise ConfigError(
            [f"`sequences` (={quoted(sequences)}) must be 1 to {config.batch_size}, the batch. Lower `sequences`."]
        )
    if weights is None:
        learner = trained(config, step)
        network, start = learner.network, learner.going_on_from
    else:
        network = _stored(cell_of(config.cell), weights)
        start = None if carried is None else tuple(np.asarray(part) for part in carried)
    moment = Moment(config, step, network, replace(training_batch(config, step), start=start))
    return moment if sequences is None else moment.of_first(sequences)


def earlier_moment(moment: Moment, step: int, weights: Mapping[str, Floats]) -> Moment:
    """The same sequences under the weights that ``moment``'s run had at ``step``."""
    return replace(moment, step=step, network=_stored(moment.cell, weights))


def _stored(cell: Cell, weights: Mapping[str, Floats]) -> Network:
    return Network.named(cell, {name: torch.tensor(np.asarray(values)) for name, values in weights.items()})


def trained(config: RunConfig, step: int) -> Learner:
    """What has learnt, after ``step`` updates. Raises UnrolledError where the loss stops being a number before."""
    learner = Learner(config)
    with one_thread_without_subnormals():
        for past in range(step):
            learnt = learner.learn(training_batch(config, past), past, move=True, record=False)
            if not math.isfinite(learnt.loss):
                raise UnrolledError(
                    f"`step` (={step}) is never reached: the loss is no number at step {past}. Ask about step {past} "
                    "or an earlier one."
                )
    return learner
