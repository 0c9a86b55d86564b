"""Spikes, clipped steps and breaks of known series."""

import numpy as np
import pytest

from core.frames import SCALARS
from core.reading.spikes import largest, upto, was_clipped


def scalars(norm: list[float], clipped: list[float] | None = None, **others: list[float]) -> dict[str, np.ndarray]:
    taken = {name: np.ones(len(norm)) for name in SCALARS} | {"step": np.arange(len(norm))}
    taken |= {"grad_norm": np.array(norm), "grad_norm_clipped": np.array(norm if clipped is None else clipped)}
    return taken | {"clip_angle": np.zeros(len(norm))} | {name: np.array(values) for name, values in others.items()}


def test_a_changed_norm_or_a_turned_direction_is_clipping() -> None:
    taken = scalars([2, 2, 2, 2, np.nan], [2, 1, 3, 2, np.nan], clip_angle=[0, 0, 0, 5, np.nan])
    assert was_clipped(taken).tolist() == [False, True, True, True, False]


def test_an_infinite_norm_that_became_nan_is_no_comparison() -> None:
    assert was_clipped(scalars([np.inf, 0], [np.nan, 0])).tolist() == [False, False]


def test_runs_without_angles_go_by_the_norm() -> None:
    taken = scalars([2, 2], [1, 2])
    del taken["clip_angle"]
    assert was_clipped(taken).tolist() == [True, False]


def test_the_largest_spike_is_told_in_medians() -> None:
    found = largest(scalars([1, 2, 30, 2, np.inf]))
    assert found is not None and (found.step, found.norm) == (2, 30) and found.ratio == pytest.approx(15)


@pytest.mark.parametrize("norm", [[], [0.0, 0.0], [np.nan]])
def test_nothing_to_call_a_spike(norm: list[float]) -> None:
    assert largest(scalars(norm)) is None


def test_up_to_a_step() -> None:
    assert upto(scalars([1, 2, 3]), 1)["grad_norm"].tolist() == [1, 2]
