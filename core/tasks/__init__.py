"""Toy problems with long dependencies, one per file. NumPy only."""

from core.tasks.adding import Adding
from core.tasks.anbn import AnBn
from core.tasks.anbncn import AnBnCn
from core.tasks.base import Batch, Mark, Part, Task
from core.tasks.copying import Copying
from core.tasks.embedded_reber import EmbeddedReber
from core.tasks.latch import Latch
from core.tasks.multiplication import Multiplication
from core.tasks.own_series import OwnSeries
from core.tasks.review import Review
from core.tasks.temporal_order import TemporalOrder
from core.tasks.timed_spikes import TimedSpikes
from core.tasks.two_lag import TwoLag

_KNOWN = (
    TemporalOrder, Adding, Multiplication, Copying, Latch, Review, TwoLag, EmbeddedReber, AnBn, AnBnCn, TimedSpikes,
    OwnSeries,
)  # fmt: skip
TASKS: dict[str, type[Task]] = {task.model_fields["name"].default: task for task in _KNOWN}
"""By name, in the order in which they are offered."""

__all__ = [
    "TASKS",
    "Adding",
    "AnBn",
    "AnBnCn",
    "Batch",
    "Copying",
    "EmbeddedReber",
    "Latch",
    "Mark",
    "Multiplication",
    "OwnSeries",
    "Part",
    "Review",
    "Task",
    "TemporalOrder",
    "TimedSpikes",
    "TwoLag",
]
