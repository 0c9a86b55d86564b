"""Three kinds of clipping on one gradient: what the picture reads off is what was measured."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.clipping_lab.kinds import KINDS, ClipEffect, clip_kinds, effect, words
from app.figures.theme import Style

NORM = 4.0


def arrays() -> dict[str, np.ndarray]:
    theta = np.geomspace(1e-4, 1e2, 40)
    taken = {"theta": theta, "norm": np.array([NORM])}
    for k, kind in enumerate(KINDS):
        ratio = np.minimum(1, theta * 4**k / NORM)
        taken |= {f"{kind}.ratio": ratio, f"{kind}.angle": 30.0 * k * (1 - ratio), f"{kind}.share": 1 - ratio}
    return taken


def test_lines_are_the_answer() -> None:
    taken = arrays()
    view = clip_kinds(taken, 1.0, 7, 7, Style())
    lines = [trace for trace in view.figure.data if trace.mode == "lines"]
    drawn = {(trace.name, trace.yaxis): trace.y for trace in lines}
    for kind, (name, _, _) in KINDS.items():
        np.testing.assert_allclose(drawn[name, "y"], taken[f"{kind}.ratio"], rtol=1e-6)
        np.testing.assert_allclose(drawn[name, "y2"], taken[f"{kind}.angle"], rtol=1e-6, atol=1e-6)
    assert len(view.table()) == 40 and view.table().iloc[-1, 1] == NORM


def test_a_moved_threshold_moves_the_reading_and_nothing_else() -> None:
    taken = arrays()
    one, other = (clip_kinds(taken, theta, 7, 7, Style()) for theta in (1.0, 0.01))
    assert one.keys[0].label == "by norm: × 0.25, same direction"
    assert other.keys[0].label == "by norm: × 0.0025, same direction"
    assert [key.label.split(":")[0] for key in other.keys] == [name for name, _, _ in KINDS.values()]
    assert one.table().equals(other.table()) and one.knobs[0].value == "1" and other.knobs[0].value == "0.01"
    assert one.figure.layout.shapes[0].x0 == 1 and other.figure.layout.shapes[0].x0 == 0.01


@pytest.mark.parametrize("theta", [1e-9, 1e9])
def test_the_threshold_stays_on_the_grid(theta: float) -> None:
    knob = clip_kinds(arrays(), theta, 7, 7, Style()).knobs[0]
    assert knob.minimum is not None and knob.maximum is not None and knob.log
    assert knob.minimum <= float(knob.value) <= knob.maximum


@pytest.mark.parametrize("theta", [0.0123, 0.5, 3.9, 4.1, 77.0])
def test_between_two_points_the_ratio_is_what_clipping_gives(theta: float) -> None:
    taken = arrays()
    assert effect(taken, "norm", theta).ratio == pytest.approx(min(1, theta / (NORM + 1e-6)), rel=1e-12)
    if theta < 0.5:  # all three grow in proportion to θ here
        for k, kind in enumerate(KINDS):
            assert effect(taken, kind, theta).ratio == pytest.approx(theta * 4**k / NORM, rel=1e-6)


def test_between_two_points_the_angle_is_read_evenly_in_the_logarithm() -> None:
    taken = arrays()
    middle = float(np.sqrt(taken["theta"][3] * taken["theta"][4]))
    assert effect(taken, "value", middle).angle == pytest.approx(taken["value.angle"][3:5].mean())


def test_what_is_not_clipped_is_called_unchanged() -> None:
    taken = arrays()
    assert words("value", effect(taken, "value", 100.0)) == "unchanged"
    assert words("value", ClipEffect(0.5, 12, 0.25)) == "× 0.50, 12° off, 25\u00a0% of the components cut"
    assert words("backprop", ClipEffect(0.5, 12, np.nan)) == words("value", ClipEffect(0.5, 12, 0.25), short=True)
    view = clip_kinds(taken, 100.0, 7, 9, Style(narrow=True))
    assert view.hint.startswith("At θ = 100 the raw gradient of norm 4.00 would pass unchanged.")
    assert "Weights of training step 7" in view.hint


def test_a_broken_gradient_can_be_drawn() -> None:
    taken = {name: values if name == "theta" else np.full_like(values, np.nan) for name, values in arrays().items()}
    view = clip_kinds(taken, 1.0, 7, 7, Style())
    go.Figure(view.figure.to_plotly_json())
    assert "not finite" in view.hint
