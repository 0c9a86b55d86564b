"""Time and memory against K, relative to full."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.theme import DARK, Style
from app.figures.truncation_lab.cost import Cost, size, truncation_cost
from core.config import RunConfig

CONFIG = RunConfig.preset("temporal-order-lstm-truncated")
COST = Cost(np.array([1, 10, 50]), np.array([0.004, 0.005, 0.010]), np.array([1e5, 4e5, 2e6]))


def test_curves_are_shares_of_full() -> None:
    view = truncation_cost(COST, 10, CONFIG, Style())
    time, memory = view.figure.data
    np.testing.assert_allclose(time.y, [0.4, 0.5, 1])
    np.testing.assert_allclose(memory.y, [0.05, 0.2, 1])
    assert view.hint == "K = 10: 50\u00a0% of the time, 20\u00a0% of the memory"
    assert "takes 10 ms and 2.0\u00a0MB" in view.alt
    assert view.table().iloc[0].tolist() == [1, 4.0, 0.1]


def test_the_nearest_measured_k_is_named() -> None:
    assert truncation_cost(COST, 14, CONFIG, Style()).hint.startswith("K = 10 (nearest measured):")


def test_memory_that_was_not_counted_is_no_number() -> None:
    cost = Cost(COST.K, COST.seconds, np.array([1e5, 4e5, np.nan]))
    view = truncation_cost(cost, 10, CONFIG, Style())
    go.Figure(view.figure.to_plotly_json())
    assert view.hint == "K = 10: 50\u00a0% of the time; memory is not counted for sequences so long"
    assert "not a number" not in view.alt and "memory that was not counted" in view.alt


def test_pending_says_so() -> None:
    view = truncation_cost(None, 10, CONFIG, Style(DARK, True))
    go.Figure(view.figure.to_plotly_json())
    assert view.hint == "being measured" and view.table().empty


@pytest.mark.parametrize(
    "count, text", [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (3.2e6, "3.2 MB"), (5e9, "5.0 GB")]
)
def test_sizes(count: float, text: str) -> None:
    assert size(count).replace("\u00a0", " ") == text
