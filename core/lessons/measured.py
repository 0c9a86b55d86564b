"""What the sentences and questions of a lesson may ask of a run: each public name of ``Measured``. NumPy only.

A moment is a training step (the recorded one at or before it is taken), or the end where none is named. Lags count
steps back from the last state that a loss is taken of.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from math import inf, nan

import numpy as np

from core.comparison.parameters import parameters
from core.config import RunConfig
from core.errors import UnrolledError
from core.frames import CHANGED, Floats, Frame
from core.reach import loss_steps
from core.reading import gate_use
from core.reading.adaptive import adaptive_k, fitted_from
from core.reading.horizon import Horizon, horizon_of
from core.settings import settings_of
from core.store import Run
from core.theory import cliff, influence
from core.theory.two_lag import floors


class Facts:
    """What the settings of a run say before it is trained."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config

    def T(self) -> float:
        """Time steps of a sequence."""
        return self._config.task.length

    def H(self) -> float:
        """Hidden units."""
        return self._config.cell.hidden_size

    def steps(self) -> float:
        """Training steps of the whole run."""
        return self._config.steps

    def parameters(self) -> float:
        """How many numbers are trained."""
        return parameters(self._config)

    def lag(self) -> float:
        """Steps that the gradient has to survive, at worst."""
        return self._config.task.lag

    def chance(self) -> float:
        """The score of guessing."""
        return self._config.task.chance

    def least_loss(self) -> float:
        """The loss of the best answer there is; 0 where nobody knows it, and where every answer can be known."""
        return self._config.task.least_loss

    def setting(self, key: str) -> float:
        """The setting with this key, where it is a number."""
        value = self._config.to_flat().get(key)
        if not isinstance(value, (int, float)):
            known = ", ".join(settings_of(self._config))
            raise UnrolledError(f"`setting` (={key}) is no number of this run. Choose one of: {known}.")
        return value


class Measured(Facts):
    """The numbers of one run; its settings' are at hand also where the run is not."""

    def __init__(self, config: RunConfig, run: Run | None) -> None:
        super().__init__(config)
        self._run = run

    # -- of its training ----------------------------------------------------------------------------------------------

    def loss(self, step: float = inf) -> float:
        """The loss of one batch."""
        return float(self._at(self._scalars["loss"], step))

    def score(self, step: float = inf) -> float:
        """The score as last evaluated."""
        return float(self._at(self._scalars["score"], step))

    def best_score(self) -> float:
        """The highest score of all."""
        return float(np.nanmax(self._scalars["score"]))

    def solved_at(self) -> float:
        """The first training step scored at the task's solved line or above; inf where there is none."""
        return self._first(self._scalars["score"] >= self._config.task.solved)

    def broke_at(self) -> float:
        """The first training step whose loss is not a number; inf where there is none."""
        return self._first(~np.isfinite(self._scalars["loss"]))

    def norm(self, step: float = inf) -> float:
        """The gradient's norm before clipping."""
        return float(self._at(self._scalars["grad_norm"], step))

    def clipped_norm(self, step: float = inf) -> float:
        """The gradient's norm after clipping."""
        return float(self._at(self._scalars["grad_norm_clipped"], step))

    def largest_norm(self) -> float:
        """The largest finite gradient norm before clipping."""
        norms = self._scalars["grad_norm"]
        return float(norms[np.isfinite(norms)].max())

    def median_norm(self) -> float:
        """The median gradient norm before clipping."""
        return float(np.nanmedian(self._scalars["grad_norm"]))

    def clipped_share(self) -> float:
        """The share of training steps whose gradient was clipped."""
        raw, clipped = self._scalars["grad_norm"], self._scalars["grad_norm_clipped"]
        return float(np.mean(np.abs(raw - clipped) > CHANGED * raw))

    # -- of the gradient ----------------------------------------------------------------------------------------------

    def share(self, lag: float, step: float = inf) -> float:
        """The gradient so many steps back, as a share of that at the last state."""
        return self._horizon(step).share(int(lag))

    def first_share(self, step: float = inf) -> float:
        """The gradient at the first step of the sequence, as a share of that at the last one."""
        horizon = self._horizon(step)
        return horizon.share(horizon.asked - 1)

    def profile(self, step: float = inf) -> Floats:
        """(asked,) that share at the lags 0, 1, … back to the first step."""
        horizon = self._horizon(step)
        with np.errstate(all="ignore"):
            return horizon.phi[: horizon.asked] / horizon.phi[0]

    def factor(self, step: float = inf) -> float:
        """The gradient's factor per step back; NaN where no one factor describes it."""
        factor = self._horizon(step).factor
        return nan if factor is None else factor

    def reach(self, step: float = inf) -> float:
        """The most steps back at which 1 % of the gradient still arrives."""
        reach = self._horizon(step).reach
        return nan if reach is None else float(reach)

    def h_share(self, lag: float, step: float = inf) -> float:
        """As ``share``, of the hidden state h alone."""
        values = self._frame(step).grad_h
        return float(values[self._asked - int(lag)] / values[self._asked])

    # -- of weights and gates -----------------------------------------------------------------------------------------

    def sigma_max(self, step: float = 0) -> float:
        """The largest singular value of the plain RNN's recurrent matrix."""
        return float(np.linalg.svd(self._recurrent(step), compute_uv=False)[0])

    def radius(self, step: float = 0) -> float:
        """The spectral radius of the plain RNN's recurrent matrix."""
        return float(np.abs(np.linalg.eigvals(self._recurrent(step))).max())

    def gate(self, name: str, step: float = inf) -> float:
        """The mean of a gate over time, sequences and units."""
        return gate_use.use(self._gates(step))[name].mean

    def gate_at(self, name: str, time: float, step: float = inf) -> float:
        """The mean of a gate at one time step (1 … T), over sequences and units."""
        return float(gate_use.use(self._gates(step))[name].over_time[int(time) - 1])

    def longest(self, name: str, step: float = inf) -> float:
        """The time constant, in steps, of the unit whose gate ``name`` keeps longest."""
        return float(gate_use.retention(self._gates(step)[name]).steps[0])

    # -- inside -------------------------------------------------------------------------------------------------------

    def _recorded(self) -> Run:
        if self._run is None:
            raise UnrolledError(
                f"The run of `{self._config.label}` is not recorded with this engine. `make lessons` records it."
            )
        return self._run

    @cached_property
    def _scalars(self) -> dict[str, Floats]:
        return self._recorded().scalars()

    @cached_property
    def _asked(self) -> int:
        return int(loss_steps(self._config.task)[-1])

    def _at(self, values: Floats, step: float) -> float:
        return values[int(min(step, len(values) - 1))]

    def _first(self, true: np.ndarray) -> float:
        found = np.flatnonzero(true)
        return float(self._scalars["step"][found[0]]) if found.size else inf

    def _frame(self, step: float) -> Frame:
        frame = self._recorded().frame(int(min(step, self._config.steps)))
        assert frame is not None  # the first step is always recorded
        return frame

    def _horizon(self, step: float) -> Horizon:
        return horizon_of(self._frame(step).flow_last, asked=self._asked, cuts=self._config.cuts)

    def _recurrent(self, step: float) -> Floats:
        weights = self._recorded().weights(int(min(step, self._config.steps))) or {}
        if weights["weight_hh"].shape[0] != self._config.cell.hidden_size:
            raise UnrolledError("A cell with gates has a recurrent matrix for each: ask a plain RNN.")
        return weights["weight_hh"]

    def _gates(self, step: float) -> dict[str, Floats]:
        planes = self._recorded().planes(int(min(step, self._config.steps)))
        assert planes is not None  # the first step's are always kept
        return planes.gates


def _k(phi: Floats, delta: float) -> float:
    """The window that is estimated to keep the bias below ``delta``, for a gradient ``phi`` by lag; inf: none does."""
    k = adaptive_k(phi, delta, fitted_from(len(phi) - 1)).k
    return inf if k is None else k


_FLOORS = floors(3, 8)
THEORY: dict[str, Callable[..., float]] = {
    "truncated_influence": lambda k: influence.derivative(int(k)),
    "full_influence": influence.full,
    "first_right_k": lambda: float(influence.first_right()),
    "cliff_wall": lambda w: float(cliff.wall(w)),
    "cliff_norm": lambda w: float(np.hypot(*cliff.gradient_on_wall(w))),
    "norm_beside_cliff": lambda w, aside: float(np.hypot(*cliff.gradient(w, cliff.wall(w) + aside))),
    "estimated_k": lambda beta, delta, T: _k(beta ** np.arange(T + 1.0), delta),
    "geometric_bias": lambda beta, k, T: (beta**k - beta**T) / (1 - beta**T),
    "short_lag_gain": lambda: (_FLOORS.none - _FLOORS.short) / (_FLOORS.none - _FLOORS.both),
}
"""What has no run: influence balancing, the cliff, the worth of the two-lag stream's short lag (core.theory), and of a
gradient that fades by ``beta`` per step the window of K inputs that is estimated, and a window's bias."""
