"""What is wrong with a file that somebody brings."""

from __future__ import annotations

from core.errors import UnrolledError


class DataError(UnrolledError):
    """A file that cannot be used: the sentence names the line and the column, where there are some, and the way out."""
