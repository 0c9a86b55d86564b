"""States of chosen steps are those of one pass."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.config import RunConfig
from core.diagnostics import states as module
from core.diagnostics.states import states
from core.training.replay import moment_of

SMALL = {"task.length": 12, "cell.hidden_size": 4, "batch_size": 5}


@pytest.mark.parametrize("cell", ["rnn", "lstm", "peephole", "gru"])
@pytest.mark.parametrize("mode", ["full", "reset"])
def test_states_are_those_of_one_pass(monkeypatch: pytest.MonkeyPatch, cell: str, mode: str) -> None:
    """However few steps are run at a time."""
    config = RunConfig.from_flat(SMALL | {"cell.name": cell, "truncation": mode, "truncation_length": 5})
    now = moment_of(config, 0)
    x, resets = now.batch.x, now.config.resets
    whole = now.cell.forward(now.layer.params, torch.from_numpy(x), resets=resets)
    monkeypatch.setattr(module, "MOST_NUMBERS", 3 * 5 * 4)
    kept = states(now, x, [1, 5, 7, 8, 12], "state", resets)
    for step, state in kept.items():
        parts = [whole.h[step]] if whole.c is None else [whole.h[step], whole.c[step]]
        np.testing.assert_allclose(state, torch.cat(parts, dim=1).numpy(), atol=1e-6)
    assert list(kept) == [1, 5, 7, 8, 12]
    np.testing.assert_allclose(states(now, x, [12], "h", resets)[12], whole.h[12].numpy(), atol=1e-6)
