"""What can go wrong with stored runs, in sentences for whoever reads them."""

from __future__ import annotations

from core.errors import UnrolledError


class RunFileError(UnrolledError):
    """A run file that is missing, damaged, foreign, or of a newer version."""


class RunBusy(UnrolledError):
    """Another trainer is writing the run."""


class StaleAttempt(UnrolledError):
    """The run has been taken over by a later attempt; nothing of this one is stored any more."""


class StorageFull(UnrolledError):
    """The disk is full, or cannot be written; what was stored before is intact."""
