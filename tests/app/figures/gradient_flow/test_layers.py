"""Layers × time: rows of measured size, and which way the gradient of each came."""

import numpy as np
import pytest

from app.figures.gradient_flow.layers import Ways, layers
from app.figures.theme import Style
from core import RunConfig, train

CONFIG = RunConfig.from_flat({"task.length": 20, "cell.layers": 3, "cell.hidden_size": 3, "batch_size": 4, "steps": 1})
STYLE = Style()


@pytest.fixture(scope="module")
def frame():
    return next(train(CONFIG))


def ways(*shares):
    """The same share of a flow of two at every step, a layer each, from the bottom."""
    flow = np.full((3, 21), 2.0)
    return Ways(flow, flow * np.array([*shares, 1.0])[:, None], {"sequences": 4, "of": 4}, 0)


def test_a_row_a_layer_measured_by_the_last_step_of_the_whole(frame):
    view = layers(frame, None, CONFIG, STYLE)
    heat = view.figure.data[0]
    assert heat.z.shape == (3, 20)
    for k in range(3):
        expected = np.log10(frame.flow_layers[k, 1:] / frame.flow[20])
        np.testing.assert_allclose(heat.z[k], expected, rtol=1e-5)
    assert list(view.figure.layout.yaxis.ticktext) == ["layer 1", "layer 2", "layer 3"]
    assert "layer 1" in view.alt and view.hint.startswith("The gradient comes in at the top right")
    table = view.table()
    np.testing.assert_allclose(table["layer 2, ÷ last step"], frame.flow_layers[1] / frame.flow[20])


def test_one_layer_has_no_such_picture(frame):
    one = CONFIG.replace(**{"cell.layers": 1})
    assert layers(next(train(one)), None, one, STYLE) is None


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.25, "25\u00a0% of what layer 1 got came down from layer 2 in that step, the rest back through time"),
        (0.001, "layer 1 got next to nothing from layer 2 in that step, and its gradient came back through time"),
        (1.0, "layer 1 got its gradient from layer 2 in that step, and next to nothing through time"),
        (-0.4, "what came down to layer 1 and what came back through time there work against each other"),
        (1.4, "what came down to layer 1 and what came back through time there work against each other"),
    ],
)
def test_what_is_said_is_what_was_measured(frame, share, said):
    view = layers(frame, ways(share, 0.5), CONFIG, STYLE)
    assert said in view.hint and "50\u00a0% of what layer 2 got came down from layer 3" in view.hint
    line = next(trace for trace in view.figure.data if trace.name == "layer 1")
    np.testing.assert_allclose(line.y, share, rtol=1e-6)
    low, high = view.figure.layout.yaxis2.range
    assert low <= share <= high


def test_without_a_gradient_nothing_is_said_of_ways(frame):
    none = Ways(np.zeros((3, 21)), np.zeros((3, 21)), {"sequences": 4, "of": 4}, 0)
    assert layers(frame, none, CONFIG, STYLE).hint.startswith("No gradient arrives in the layers below")
