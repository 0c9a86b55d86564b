"""Importing this warms a process up: torch is loaded and a tiny run has met every first, slow call that a real one
would meet. The server that forks the worker's processes imports it once, and so they all start warm."""

from core.lab import analysis, trainer

trainer.warm_up()
analysis.warm_up()
