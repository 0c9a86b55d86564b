"""How does the series go on: one step ahead, and many, the network's own forecasts for inputs?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core import classical
from core.errors import UnrolledError
from core.questions.base import Facts, Question, Statistics

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier
    from core.tasks.series import Series

MOST_STARTS, MOST_SHOWN = 64, 120
"""Places in the held-out part from which a forecast begins, and steps of it that are shown one step ahead."""
Floats = NDArray[np.float64]
WHO = ("network", "autoregression", "season", "last")
"""The network and what forecasts without one (core.classical), in this order everywhere."""


class Forecast(Question, frozen=True):
    """One step ahead over the held-out part, and many steps from places of it, against what needs no network.

    A forecast looks at the T values before it. Beyond the horizon these are in part forecasts themselves, as are those
    of the autoregression, which has the same window.
    """

    statistics: ClassVar[Statistics] = "running"
    kind: Literal["forecast"] = "forecast"
    start: int = Field(
        default=50, ge=0, le=100, title="Start", description="Where the shown forecast begins: per cent of the part."
    )
    steps: int = Field(default=60, ge=2, le=100, title="Steps", description="How far ahead, where the part allows it.")

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays, in standard deviations of the training part: ahead (4, K) the forecasts of WHO from the shown start,
        truth (K,), before (T,) what they begin with; low, high (K,) between which 80 % of the network's errors lie, and
        error (4, K) root mean squares, by steps ahead; shown (4, n), shown_truth (n,) one horizon ahead, over the first
        steps of the part.
        Facts: off (root mean square errors of WHO, one horizon ahead over the whole part), mean and spread (mean and
        standard deviation of what is forecast there), place (the step that is forecast first), first (the step that is
        shown first), starts, free (whether the network's forecasts can be its inputs), horizon, season, order.
        Raises UnrolledError where the task is no series.
        """
        from core.tasks.series import Series

        task = moment.config.task
        if not isinstance(task, Series):
            raise UnrolledError(f"`task.name` (={task.name}) is no series. Choose a task that is one.")
        with np.errstate(over="ignore", invalid="ignore"):  # of a network that broke
            one_step, facts = _one_horizon(moment, task)
            ahead, more = _many(moment, task, self.start, self.steps)
        return one_step | ahead, facts | more | {
            "horizon": task.horizon, "season": task.season, "order": task.order,
        }  # fmt: skip


def _answers(moment: Moment, windows: NDArray[np.float32]) -> Floats:
    """(N,) what the network says at the end of each of ``windows`` (T, N, C)."""
    import torch

    from core.backprop.evaluation import predictions

    last = torch.tensor([len(windows) - 1])
    told = predictions(moment.network, torch.from_numpy(windows), last, resets=moment.config.resets)
    return told[0, :, 0].double().numpy()


def _one_horizon(moment: Moment, task: Series) -> Facts:
    """Over every window of the held-out part, as the score is taken."""
    starts = task.starts("held-out")
    batch = task.windows(starts)
    places = starts + task.length - 1 + task.horizon
    truth, past = batch.target[-1].astype(np.float64), batch.x[:, :, task.target].astype(np.float64)
    told = np.stack([_answers(moment, batch.x), *_classical(task, past, places)])
    off = np.sqrt(np.mean((told - truth) ** 2, axis=1))
    few = slice(0, MOST_SHOWN)
    return {"shown": told[:, few], "shown_truth": truth[few]}, {
        "off": dict(zip(WHO, off.tolist())),
        "mean": float(truth.mean()),
        "spread": float(truth.std()),
        "first": int(places[0]) + 1,
    }


def _classical(task: Series, past: Floats, places: NDArray[np.integer]) -> tuple[Floats, Floats, Floats]:
    """What the autoregression, the season and the last value say of ``places`` (N,), a horizon after ``past``."""
    series, back = task.known.values[:, task.target].astype(np.float64), task.season
    periods = -(-task.horizon // back) * back  # the last season that has been seen by then
    before = np.maximum(places - periods, 0)
    return classical.forecast(task.autoregression, past), series[before], past[-1]


def _many(moment: Moment, task: Series, start: int, steps: int) -> Facts:
    """From places evenly over the held-out part, and from one of them for all to see."""
    series = task.known.values
    T, h, n, column = task.length, task.horizon, len(series), task.target
    free = series.shape[1] == 1
    first = max(task.trained, T + h - 1, task.season)
    K = max(1, min(steps if free else h, (n - first) // 2))
    every = np.arange(first, n - K + 1)
    starts = every[np.unique(np.linspace(0, len(every) - 1, MOST_STARTS).round().astype(int))]
    place = int(every[round(start / 100 * (len(every) - 1))])
    starts = np.append(starts, place)
    ahead = np.arange(K)[:, None]
    truth = series[starts + ahead, column].astype(np.float64)
    given = series[starts - (T + h - 1) + np.arange(T + h - 1)[:, None]]  # (T + h − 1, N, C), oldest first
    network = _free(given, K, h, lambda window: _answers(moment, window))
    linear = _free(
        given, K, h, lambda window: classical.forecast(task.autoregression, window[..., column].astype(float))
    )
    back = max(T + h - 1, task.season)
    seen = series[starts - back + np.arange(back)[:, None], column].astype(np.float64)
    season = classical.one_season_back(seen, task.season, K)
    told = np.stack([network, linear, season, np.broadcast_to(seen[-1], season.shape)])
    errors = (truth - told)[..., :-1]
    low, high = np.quantile(errors[0], (0.1, 0.9), axis=-1)
    return {
        "ahead": told[..., -1], "truth": truth[:, -1], "before": series[place - T : place, column].astype(np.float64),
        "low": low, "high": high, "error": np.sqrt(np.mean(errors**2, axis=-1)),
    }, {"place": place + 1, "starts": len(starts) - 1, "free": free}  # fmt: skip


def _free(
    given: NDArray[np.float32], steps: int, horizon: int, answer: Callable[[NDArray[np.float32]], Floats]
) -> Floats:
    """(steps, N) forecasts after ``given`` (T + horizon − 1, N, C): each is the ``answer`` to the T values that end a
    horizon before it, forecasts among them as soon as there are no others."""
    T = len(given) - horizon + 1
    known = np.concatenate([given, np.zeros((steps, *given.shape[1:]), np.float32)])
    found = np.zeros((steps, given.shape[1]))
    for k in range(steps):
        found[k] = answer(known[k : k + T])
        if known.shape[2] == 1:
            known[len(given) + k, :, 0] = found[k]
    return found
