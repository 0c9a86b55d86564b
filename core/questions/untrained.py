"""The baseline of a question: the same network before any training."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.questions.base import Facts

if TYPE_CHECKING:
    from core.moment import Moment

Of = Callable[["Moment", str], Facts]
"""What is asked of a moment and of a part of its state."""


def now_and_untrained(of: Of, moment: Moment, part: str) -> tuple[Facts, Facts]:
    """What ``of`` says of the moment, and of its network at training step 0, which no training changes."""
    now = of(moment, part)
    config: Any = moment.config  # frozen, so it can be hashed, which pydantic does not tell a type checker
    return now, now if moment.step == 0 else _untrained(of, config, part)


@lru_cache(maxsize=8)
def _untrained(of: Of, config: Any, part: str) -> Facts:
    from core.training.replay import moment_of

    return of(moment_of(config, 0), part)
