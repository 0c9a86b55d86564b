"""What the board's routes refuse, in sentences."""

from __future__ import annotations

from core.errors import UnrolledError


class BadQuery(UnrolledError):
    """A query of the board that cannot be answered."""


class Unknown(UnrolledError):
    """A run or preview that is not on this server."""


class Inapplicable(UnrolledError):
    """A picture of what the task has not."""


class Untrained(UnrolledError):
    """A picture of what nobody has trained yet."""
