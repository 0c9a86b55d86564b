"""Looking one network up: how many like it solved their task when they were trained. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

from core.config import RunConfig
from core.forecasts.distribution import HIDDEN, LENGTHS, STEPS
from core.forecasts.features import FEATURES, key_of, known
from core.forecasts.optimum import best_within, out_of_reach
from core.forecasts.stored import stored
from core.forecasts.table import Count, looked_up
from core.reading.horizon import Horizon
from core.settings import settings_of


@dataclass(frozen=True)
class Forecast:
    """What is known of the end of a training before it begins.

    n        how many networks like this were trained; 0 of a task that none was trained on
    solved   how many of them solved their task
    certain  whether the state is reset and the best answers within its windows do not solve the task: no network does
    best     the score of these answers; 1 where nothing is reset
    like     what "like this" means, in words
    outside  what this network has and none of those that were trained had, in words
    """

    n: int
    solved: int
    certain: bool
    best: float
    like: tuple[str, ...]
    outside: tuple[str, ...]

    @property
    def share(self) -> float:
        """The forecast as a chance; 0 where that is certain, NaN where nothing was counted."""
        return 0.0 if self.certain else Count(self.n, self.solved).share


def forecast(config: RunConfig, start: Horizon) -> Forecast:
    """The forecast for ``config``, whose untrained gradient measures ``start``."""
    certain = out_of_reach(config), best_within(config).score
    if config.task.name not in stored().choices["task.name"]:  # what others make of other tasks says nothing of it
        return Forecast(0, 0, *certain, (), ())
    key, count = looked_up(stored().counts, key_of(known(config, start)))
    like = tuple(feature.words[name] for feature, name in zip(FEATURES, key))
    return Forecast(count.n, count.solved, *certain, like, outside(config))


def outside(config: RunConfig) -> tuple[str, ...]:
    """What of ``config`` lies outside the distribution, in words: 'sequences of more than 100 steps'."""
    of = (
        (config.task.length, LENGTHS, "sequences of {} than {:,} steps"),
        (config.cell.hidden_size, HIDDEN, "{} than {:,} units"),
        (config.steps, STEPS, "{} than {:,} training steps"),
    )
    above = [words.format("more", high) for value, (_, high), words in of if value > high]
    below = [words.format("fewer", low) for value, (low, _), words in of if value < low]
    return (*_never_drawn(config), *above, *below)


def _never_drawn(config: RunConfig) -> list[str]:
    """Choices that no run of the table had, and numbers that became settings later than it and are in use."""
    flat, later, seen = config.to_flat(), config.before(config.to_flat()), stored().choices
    acting = {key: setting for key, setting in settings_of(config).items() if key not in config.idle}
    words = []
    for key, setting in acting.items():
        value = flat[key]
        if setting.choices and value != later.get(key) and str(value) not in seen.get(key, ()):
            words.append(f"{setting.title.lower()} “{setting.choices[value]}”")
        elif not setting.choices and key in later and value != later[key]:
            said = setting.legend.said.get("*", f"{setting.title.lower()} {value}")
            words.append(said.format(config))
    return words
