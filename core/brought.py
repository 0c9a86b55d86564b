"""A config that learns from what a visitor brought."""

from __future__ import annotations

from core import own_data
from core.config import RunConfig
from core.errors import ConfigError
from core.own_data import Content, Kind
from core.tasks import TASKS


def takes(kind: Kind) -> str:
    """The name of the first task that learns from such data."""
    return next(name for name, task in TASKS.items() if task.takes == kind)


def kinds() -> list[Kind]:
    """What some task takes."""
    return list(dict.fromkeys(task.takes for task in TASKS.values() if task.takes is not None))


def with_data(config: RunConfig, data: Content) -> RunConfig:
    """``config`` on ``data``, which is at hand from now on: on its own task where that takes such data, else on the
    first that does; settings that the data does not allow are changed as little as possible.

    Raises ConfigError where the data suits no settings of the task.
    """
    digest = own_data.put(data)
    named = {} if config.task.takes == data.kind else {"task.name": takes(data.kind)}
    fresh = config.replace(**named, **{"task.data": digest})
    suited = fresh.task.suited().model_dump()
    fresh = fresh.replace(**{f"task.{key}": value for key, value in suited.items()})
    fresh.task.check()
    return fresh


def without_data(config: RunConfig) -> RunConfig:
    """``config`` on the data that its task comes with."""
    start = type(config.task).model_validate({"length": config.task.length})
    try:
        start.check()
    except ConfigError:  # the length suited only the other data
        start = type(config.task).model_validate({})
    return config.replace(**{f"task.{key}": value for key, value in start.model_dump().items()})
