"""Toy problems with long dependencies, one per file. NumPy only."""

from core.tasks.adding import Adding
from core.tasks.anbn import AnBn
from core.tasks.anbncn import AnBnCn
from core.tasks.base import Batch, Mark, Part, Task
from core.tasks.coarse_fine import CoarseFine
from core.tasks.continual_reber import ContinualReber
from core.tasks.copying import Copying
from core.tasks.drifting import Drifting
from core.tasks.embedded_reber import EmbeddedReber
from core.tasks.language import Language
from core.tasks.latch import Latch
from core.tasks.mackey_glass import MackeyGlass
from core.tasks.multiplication import Multiplication
from core.tasks.own_series import OwnSeries
from core.tasks.own_text import OwnText
from core.tasks.review import Review
from core.tasks.sines import Sines
from core.tasks.spectrogram import Spectrogram
from core.tasks.temporal_order import TemporalOrder
from core.tasks.timed_spikes import TimedSpikes
from core.tasks.two_lag import TwoLag

_KNOWN = (
    TemporalOrder, Adding, Multiplication, Copying, Latch, Review, TwoLag, EmbeddedReber, AnBn, AnBnCn, TimedSpikes,
    Sines, MackeyGlass, Drifting, Spectrogram, OwnSeries, CoarseFine,
    Language, OwnText, ContinualReber,
)  # fmt: skip
TASKS: dict[str, type[Task]] = {task.model_fields["name"].default: task for task in _KNOWN}
"""By name, in the order in which they are offered."""

__all__ = [
    "TASKS",
    "Adding",
    "AnBn",
    "AnBnCn",
    "Batch",
    "CoarseFine",
    "ContinualReber",
    "Copying",
    "Drifting",
    "EmbeddedReber",
    "Language",
    "Latch",
    "MackeyGlass",
    "Mark",
    "Multiplication",
    "OwnSeries",
    "OwnText",
    "Part",
    "Review",
    "Sines",
    "Spectrogram",
    "Task",
    "TemporalOrder",
    "TimedSpikes",
    "TwoLag",
]
