"""Where a training stops being numbers, and how."""

from __future__ import annotations

import numpy as np
import pytest

from core.reading.breakage import Breakage, breakage


def scalars(**series: list[float]) -> dict[str, np.ndarray]:
    n = max(len(values) for values in series.values())
    taken = {name: np.ones(n) for name in ("param_norm", "loss", "grad_norm")}
    return taken | {"step": np.arange(n)} | {name: np.array(values) for name, values in series.items()}


@pytest.mark.parametrize("series, expected", [
    ({"grad_norm": [1, 7, np.inf, np.nan], "loss": [1, 1, 1, np.nan]}, Breakage(2, "gradient", True, 7)),
    ({"loss": [1, np.nan, np.nan], "grad_norm": [3, np.nan, np.nan]}, Breakage(1, "loss", False, 3)),
    ({"loss": [1, np.inf], "param_norm": [1, np.nan]}, Breakage(1, "weights", False, 1)),
    ({"loss": [1, 1]}, None),
    ({"loss": []}, None),
])  # fmt: skip
def test_the_first_step_and_the_cause_before_its_effects(series, expected) -> None:
    assert breakage(scalars(**series)) == expected


def test_before_the_first_step_there_is_no_norm() -> None:
    found = breakage(scalars(loss=[np.inf]))
    assert found is not None and found.overflow and np.isnan(found.before)


def test_a_gradient_that_overflowed_on_the_way_breaks_nothing() -> None:
    assert breakage(scalars(grad_norm=[1, np.inf, 1])) is None
