"""How far long work on the command line is, on stderr: a line that is written over; in a log a line every tenth."""

from __future__ import annotations

import sys

WIDTH = 30
"""Characters of the bar."""


class Progress:
    """One line of progress."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._said = -1

    def show(self, share: float, words: str) -> None:
        """``share`` of the work is done, 0 … 1; ``words`` say of what."""
        if self._live:
            full = round(WIDTH * share)
            print(f"\r{'━' * full}{'·' * (WIDTH - full)} {words}\033[K", end="", file=sys.stderr, flush=True)
        elif (tenth := int(10 * share)) > self._said:
            self._said = tenth
            print(words, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
