"""Importing this warms a process up: torch is loaded and a tiny run has met every first, slow call that a real one
would meet. The server that forks the worker's processes imports it once, and so they all start warm."""

import os

# Before torch is loaded, which then asks for large pages: a step at T=2000, H=128 took .51 s instead of .65.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

from core.lab import analysis, trainer

trainer.warm_up()
analysis.warm_up()
