"""Each group of weights, what it moves by beside how large it is."""

import numpy as np
import pytest

from app.figures.clipping_lab.update_groups import update_groups
from app.figures.theme import Style
from core.config import RunConfig
from core.training import train

SETTINGS = {"task.length": 10, "cell.name": "lstm", "cell.hidden_size": 3, "cell.normalisation": "batch",
            "cell.layers": 2, "batch_size": 3, "steps": 2}  # fmt: skip


@pytest.mark.parametrize("trained", ["all", "readout"])
def test_a_mark_for_each_group_says_how_far_it_moved(trained):
    config = RunConfig.from_flat(SETTINGS | {"trained": trained})
    first, second, last = train(config)
    moved = {name: second.weights[name] - value for name, value in first.weights.items()}
    assert np.sqrt(sum(norm**2 for norm in first.update_norms.values())) == pytest.approx(first.update_size)
    for name, norm in first.update_norms.items():
        assert norm == pytest.approx(np.linalg.norm(moved[name]), rel=1e-4), name
    assert not last.update_norms
    view = update_groups(first, config, Style())
    table = view.table().set_index("weights")
    of_readout = [name for name in first.weights if name.startswith("readout")]
    assert ("recurrent weights U, layer 2" in table.index) == (trained == "all")
    share = np.linalg.norm([np.linalg.norm(moved[n]) for n in of_readout])
    share /= np.linalg.norm([np.linalg.norm(first.weights[n]) for n in of_readout])
    assert table.loc["readout", "share"] == pytest.approx(share, rel=1e-4)
