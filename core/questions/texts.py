"""Questions about a text need a task that goes along one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import UnrolledError

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.tasks.endless import Endless, Text


class NoText(UnrolledError):
    """The task of a moment that is asked about a text has none."""


def text_task(config: RunConfig) -> Endless:
    """The task of ``config``, which goes along a text of symbols. Raises NoText where it does not."""
    from core.tasks.endless import Endless

    if isinstance(config.task, Endless):
        return config.task
    raise NoText(
        f"`task.name` (={config.task.name}) has no text to write. Choose a task that goes along one: a language model, "
        "or continual Reber."
    )


def text_of(config: RunConfig) -> Text:
    """Its text."""
    return text_task(config).text_read
