"""Toy problems with long dependencies, one per file. NumPy only."""

from core.tasks.adding import Adding
from core.tasks.base import Batch, Mark, Part, Task
from core.tasks.copying import Copying
from core.tasks.review import Review
from core.tasks.temporal_order import TemporalOrder
from core.tasks.two_lag import TwoLag

TASKS: dict[str, type[Task]] = {
    task.model_fields["name"].default: task for task in (TemporalOrder, Adding, Copying, Review, TwoLag)
}

__all__ = ["TASKS", "Adding", "Batch", "Copying", "Mark", "Part", "Review", "Task", "TemporalOrder", "TwoLag"]
