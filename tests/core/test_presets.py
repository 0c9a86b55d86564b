"""Presets: each another run, and pairs that differ in what their promises compare. What they promise is measured in
tests/core/promises."""

from __future__ import annotations

import pytest

from core import PRESETS, RunConfig
from core.reach import reach_of


def test_no_two_presets_are_the_same() -> None:
    assert len({RunConfig.preset(name).digest() for name in PRESETS}) == len(PRESETS) >= 30


@pytest.mark.parametrize(
    ("name", "other", "changes"),
    [
        ("temporal-order-lstm-coupled", "temporal-order-lstm-default-init", {"cell.variant": "coupled"}),
        ("temporal-order-lstm-truncated", "temporal-order-lstm", {"truncation": "windows", "truncation_length": 20}),
        ("exploding-rnn", "exploding-rnn-clipped", {"clip": "none"}),
        ("two-lag-rnn-small-windows-5", "two-lag-rnn-small", {"truncation": "windows", "truncation_length": 5}),
        ("two-lag-rnn-windows-5", "two-lag-rnn", {"truncation": "windows", "truncation_length": 5}),
        ("two-lag-rnn-wide-frozen", "two-lag-rnn-wide", {"trained": "readout", "lr": 0.01}),
        ("two-lag-rnn-wide-reset", "two-lag-rnn-wide", {"truncation": "reset"}),
    ],
)
def test_a_preset_that_speaks_of_another_differs_in_what_it_names(
    name: str, other: str, changes: dict[str, object]
) -> None:
    assert RunConfig.preset(name) == RunConfig.preset(other).replace(**changes)


def test_what_windows_let_the_losses_of_the_two_lags_see() -> None:
    """Seeing a lag takes one input more than the lag has steps."""
    for name, config in ((name, RunConfig.preset(name)) for name in PRESETS):
        if name.startswith("two-lag") and name.endswith(("windows-5", "wide", "wide-reset")):
            assert reach_of(config).seen.max() <= config.task.lag, name
    config = RunConfig.preset("two-lag-rnn-windows-16")
    assert (reach_of(config).seen > config.task.lag).mean() > 0.5
