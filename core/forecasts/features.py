"""What is known of a network before it trains and says something about how its training ends, in a few bins each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from core.anatomy import Anatomy
from core.config import RunConfig
from core.forecasts.distribution import RATES
from core.forecasts.optimum import out_of_reach
from core.forecasts.table import Key
from core.reach import shares_in_sight
from core.reading.horizon import Horizon
from core.tasks import TASKS


@dataclass(frozen=True)
class Known:
    """A network before its first update.

    arriving  the share of the last step's gradient that arrives where the information enters, ``task.lag`` steps back;
              NaN where that is no number
    """

    config: RunConfig
    arriving: float


@dataclass(frozen=True)
class Feature:
    """One thing that is known: the bin that a network falls into, and each bin in words."""

    name: str
    bin: Callable[[Known], str]
    words: dict[str, str]


def keeping(cell: Anatomy) -> str:
    """How a cell keeps what it holds, asked of its anatomy: by what its direct path is multiplied."""
    keeps, lets_in = cell.with_role("keeps"), cell.with_role("lets in")
    if cell.direct_path is None or keeps is None:
        return "no gates"
    if keeps.constant:
        return "always"
    return "shared" if keeps.of or lets_in is None else "apart"


def known(config: RunConfig, start: Horizon) -> Known:
    """``config`` with what its untrained gradient ``start`` says."""
    return Known(config, start.share(min(config.task.lag, len(start.phi) - 1)))


def key_of(network: Known) -> Key:
    """The bin of every feature, in their order."""
    return tuple(feature.bin(network) for feature in FEATURES)


def _sight(network: Known) -> str:
    config = network.config
    if out_of_reach(config):
        return "out of reach"
    if config.trained == "readout":
        return "readout"
    worst, best = shares_in_sight(config)
    cut = "all" if worst == 1 else "none" if best == 0 else "part"
    return cut if cut == "all" or config.truncation != "reset" else "reset"


def _arriving(network: Known) -> str:
    share = network.arriving
    if not isfinite(share):
        return "not finite"
    return "grows" if share >= 2 else "much" if share >= 0.1 else "some" if share >= 0.001 else "little"


def _optimizer(network: Known) -> str:
    name = network.config.optimizer
    return "adaptive" if name in ADAPTIVE else "plain" if name in RATES else "another"


ADAPTIVE = ("adam", "rmsprop")
"""Of the optimisers in the distribution those that scale each weight's step by its own gradients."""

FEATURES = (
    Feature(
        "sight",
        _sight,
        {
            "out of reach": "the answer is out of reach behind resets of the state",
            "readout": "the readout alone learns",
            "all": "every loss sees all it needs",
            "part": "some losses see what they need",
            "none": "no loss sees what it needs, and the state is carried on",
            "reset": "the state is reset, and some losses see what they need",
        },
    ),
    Feature(
        "optimizer",
        _optimizer,
        {"adaptive": "trained by Adam or RMSprop", "plain": "trained by SGD or momentum"},
    ),
    Feature(
        "task",
        lambda network: network.config.task.name,
        {name: f"the task {task.title}" for name, task in TASKS.items()},
    ),
    Feature(
        "keeping",
        lambda network: keeping(network.config.cell),
        {
            "no gates": "a cell without gates",
            "always": "a cell that keeps everything",
            "shared": "a cell whose one gate keeps and lets in",
            "apart": "a cell with a gate of its own for keeping",
        },
    ),
    Feature(
        "arriving",
        _arriving,
        {
            "not finite": "an untrained gradient that is not a number",
            "grows": "an untrained gradient that grows twofold or more on its way",
            "much": "10 % of the untrained gradient or more arrive",
            "some": "0.1 to 10 % of the untrained gradient arrive",
            "little": "less than 0.1 % of the untrained gradient arrives",
        },
    ),
)
"""In the order in which a table lets go of the last. The order was chosen by five-fold cross-validation among the runs
that are counted, those held out unseen: with what the losses see alone the Brier score was .140, and .116 like this."""
