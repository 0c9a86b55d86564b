"""When a run is recorded: a function of the config and the step number alone, never of the clock or of a value.

So the same config records the same frames, on any machine and through any number of interruptions. Each kind of
record has its own bound; long runs and large states are thinned evenly, first and last step always kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

from core.config import RunConfig
from core.cost import MOST_RECORDED, SWEEPS, pass_seconds, step_seconds
from core.data import PROBES, held_out_size

PROFILE_FRAMES, PROFILE_BYTES = MOST_RECORDED, 40e6
WEIGHT_FRAMES, WEIGHT_BYTES = 1000, 24e6
PLANE_FRAMES, PLANE_BYTES = 50, 24e6
EVALUATIONS = 60
"""At most. Runs of as many steps are scored every ``base``, 2 ``base``, 4 ``base`` … steps, ``base`` the same for all
of them: whatever a run costs, its scorings are among those of every cheaper one, and runs that are compared have them
in common."""
EVALUATION_SHARE = 0.15
"""Largest share of the training's own time that scoring may cost, except where that left too few."""

QUICK_SCORING, FEWEST_EVALUATIONS, FEWEST_SLOW_EVALUATIONS = 1.0, 10, 2
"""Seconds of a scoring above which a run waits for fewer of them, and its first frame for none: nothing else is seen
meanwhile."""

FRAMES_PER_SECOND, FEWEST_FRAMES = 10, 250
"""More frames a second than that nobody sees, and a recorded step costs up to a tenth more than another; but a run
should not have fewer in all where it has the steps."""


@dataclass(frozen=True)
class Schedule:
    """Strides in training steps; a step is recorded where its number is a multiple, and at the run's last step."""

    steps: int
    profile: int
    weight: int
    plane: int
    evaluation: int
    scores_first: bool = True
    """Whether the untrained network is scored too, before anything is seen of it."""

    @classmethod
    def of(cls, config: RunConfig) -> Schedule:
        """The schedule of ``config``."""
        T, H, steps, layers = config.task.length, config.cell.hidden_size, config.steps, config.cell.layers
        gates = config.cell.blocks
        profiles = 4 if layers == 1 else 4 + 3 * layers
        often_enough = min(round(1 / FRAMES_PER_SECOND / step_seconds(config)), steps // FEWEST_FRAMES)
        profile = max(often_enough, _stride(steps, 1, PROFILE_FRAMES, PROFILE_BYTES, 4 * profiles * (T + 1)))
        entering = sum(config.cell.inputs(config.task.input_size))
        parameters = gates * H * (layers * (H + 2) + entering) + config.task.output_size * (H + 1)
        parameters += layers * T * H * sum(config.cell.statistics.values())
        if config.carries:  # the state goes with the weights
            parameters += config.batch_size * H * len(config.cell.states) * layers
        planes = 2 * PROBES * (T + 1) * H * (gates + 2) * layers
        scoring = pass_seconds(config, held_out_size(config)) / SWEEPS  # forward only
        fewest = FEWEST_EVALUATIONS if scoring < QUICK_SCORING else FEWEST_SLOW_EVALUATIONS
        evaluations = max(fewest, int(EVALUATION_SHARE * steps * step_seconds(config) / scoring))
        return cls(
            steps,
            profile,
            _stride(steps, profile, WEIGHT_FRAMES, WEIGHT_BYTES, 4 * parameters),
            _stride(steps, profile, PLANE_FRAMES, PLANE_BYTES, planes),
            _nested(steps, evaluations),
            scoring < QUICK_SCORING,
        )

    def records(self, step: int) -> bool:
        """Whether step ``step`` becomes a Frame."""
        return self._due(step, self.profile)

    def keeps_weights(self, step: int) -> bool:
        """Whether its Frame holds the weights."""
        return self._due(step, self.weight)

    def keeps_planes(self, step: int) -> bool:
        """Whether its Frame holds gates and states of the probes."""
        return self._due(step, self.plane)

    def evaluates(self, step: int) -> bool:
        """Whether the held-out set is scored at it."""
        return self._due(step, self.evaluation) and (step > 0 or self.scores_first)

    @property
    def scorings(self) -> list[int]:
        """The steps at which ``evaluates`` says so."""
        first = 0 if self.scores_first else self.evaluation
        return sorted({*range(first, self.steps + 1, self.evaluation), self.steps})

    def next_recorded(self, step: int) -> int:
        """The first recorded step after ``step`` (the last step at most)."""
        return min(self.steps, (step // self.profile + 1) * self.profile)

    def _due(self, step: int, stride: int) -> bool:
        return step % stride == 0 or step == self.steps


def _nested(steps: int, evaluations: int) -> int:
    """Smallest stride of a ladder that each rung divides the next of, with so many ``evaluations`` at most."""
    base = ceil(steps / EVALUATIONS)
    return base * 2 ** max(0, ceil(log2(steps / (base * evaluations))))


def _stride(steps: int, multiple: int, frames: int, budget: float, size: int) -> int:
    """Smallest multiple of ``multiple`` that keeps within ``frames`` records and ``budget`` bytes of ``size`` each."""
    allowed = max(2, min(frames, int(min(budget / size, frames))))
    return multiple * max(1, ceil(steps / (allowed * multiple)))
