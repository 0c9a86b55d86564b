"""What a step of a live run costs, with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Callable

from core.bench.sides import live_config
from core.lab.trainer import CHECKPOINT_SECONDS
from core.store import RunWriter
from core.store.folder import data_folder, new_run_id
from core.store.temporary import Temporary
from core.training import train


class Live:
    """The beginning of a run, recorded into a folder of its own, and timed frame by frame.

    The first frame comes with a scoring of the held-out set, which later ones share.
    """

    def __init__(self, name: str, H: int, T: int, clock: Callable[[], float]) -> None:
        self._clock, self._folder, run = clock, Temporary(data_folder()), new_run_id()
        config = live_config(name, H, T)
        self._writer = RunWriter(self._folder.path / f"{run}.sqlite", run, config, 1)
        self._training = train(config)
        self._first, self._seconds, self._steps = self.frame(), 0.0, 0

    def frame(self) -> float:
        """Seconds from one recorded step to the next, its storing included."""
        start = self._clock()
        self._writer.append(next(self._training))
        return self._clock() - start

    def advance(self) -> None:
        """Train up to the next recorded step."""
        before = self._training.step
        self._seconds += self.frame()
        self._steps += self._training.step - before

    def per_step(self) -> float:
        """Seconds a training step, with its share of scorings and of the checkpoints every two seconds."""
        step = self._seconds / self._steps
        scoring = max(0.0, self._first - step) / self._training.schedule.evaluation
        start = self._clock()
        self._writer.save_checkpoint(self._training.step - 1, self._training.checkpoint())
        saving = (self._clock() - start) / CHECKPOINT_SECONDS
        return (step + scoring) * (1 + saving)

    def close(self) -> None:
        """Let go of the file and the folder."""
        self._writer.close(over=True)
        self._folder.remove()
