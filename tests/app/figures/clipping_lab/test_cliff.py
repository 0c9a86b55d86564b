"""The cliff: the wall where the formula has it, both descents as far as shown, and what leaves the picture."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.clipping_lab.cliff import DEFAULTS, HIGH, LOW, UPDATES, cliff, leaves
from app.figures.theme import DARK, Style
from core.theory.cliff import descent, gradient, loss, wall

START = {name: value for name, value in DEFAULTS.items() if name != "step"}


def trace(figure: go.Figure, name: str) -> go.Scatter3d:
    return next(trace for trace in figure.data if trace.name == name)


def test_the_surface_is_the_loss_and_steps_over_the_wall_within_a_hair() -> None:
    surface = trace(cliff(Style(), **START, step=0).figure, "loss")
    row = int(np.argmin(abs(surface.x[:, 0] - 5)))
    w, b, height = (np.asarray(part[row], float) for part in (surface.x, surface.y, surface.z))
    middle = len(b) // 2
    assert b[middle] == pytest.approx(float(wall(w[0])), abs=1e-6)
    assert height[middle - 7] > 0.3 and height[middle + 7] < 0.05
    assert b[middle + 7] - b[middle - 7] < 2e-3
    far = abs(np.arange(len(b)) - middle) > 8
    np.testing.assert_allclose(height[far], loss(w[far], b[far]), atol=2e-3)
    sizes = np.hypot(*gradient(w[far], b[far]))
    np.testing.assert_allclose(surface.surfacecolor[row][far], np.log10(sizes), atol=0.05)


def test_the_wall_is_drawn_by_its_formula_and_says_its_gradient() -> None:
    line = trace(cliff(Style(), **START, step=0).figure, "wall")
    np.testing.assert_allclose(line.y, wall(np.asarray(line.x, float)), atol=1e-5)
    assert line.x[0] == pytest.approx(4.25525, abs=1e-4) and line.x[-1] == pytest.approx(HIGH[0])
    (at,) = np.flatnonzero(np.asarray(line.x) == 5)
    assert line.text[at] == "wall at w = 5.000: b = −2.612297, gradient norm 779.4"


@pytest.mark.parametrize("step", [0, 1, 10, 11, 40])
def test_paths_go_as_far_as_the_step_shown(step: int) -> None:
    view = cliff(Style(), **START, step=step)
    kept = descent(START["w"], START["b"], START["lr"], step, START["theta"])
    drawn = trace(view.figure, "clipped")
    np.testing.assert_allclose(drawn.x, kept.w, rtol=1e-5)
    np.testing.assert_allclose(drawn.y, kept.b, rtol=1e-5)
    assert len(trace(view.figure, "not clipped").x) == len(view.table()) == step + 1
    assert view.table().iloc[-1, 8] == pytest.approx(kept.loss[-1])


def test_the_throw_is_drawn_to_the_edge_and_said() -> None:
    path = descent(START["w"], START["b"], START["lr"], UPDATES, None)
    out = leaves(path)
    assert out == 11 and path.norm[out - 1] == pytest.approx(362, abs=1)
    before, after = (cliff(Style(), **START, step=step) for step in (out - 1, out))
    assert "thrown off" not in [trace.name for trace in before.figure.data] and "threw" not in before.hint
    throw = trace(after.figure, "thrown off")
    ends = np.array([throw.x[1], throw.y[1]])
    assert (np.isclose(ends, HIGH) | np.isclose(ends, LOW)).any()
    direction = np.array([path.w[out] - path.w[out - 1], path.b[out] - path.b[out - 1]])
    moved = ends - np.array([throw.x[0], throw.y[0]])
    np.testing.assert_allclose(moved / np.linalg.norm(moved), direction / np.linalg.norm(direction), atol=1e-6)
    assert f"threw update {out} out of the picture" in after.hint and "thrown to w 140" in throw.text[1]
    drawn = trace(after.figure, "not clipped")
    assert np.isnan(drawn.x[-1]) and not np.isnan(drawn.x[:-1]).any()


def test_a_drift_out_of_the_picture_is_not_blamed_on_the_wall() -> None:
    view = cliff(Style(), w=4.1, b=-1.5, lr=2.0, theta=1000.0, step=40)
    path = descent(4.1, -1.5, 2.0, UPDATES, None)
    out = leaves(path)
    assert out and path.norm[:out].max() < 1
    assert "drifted out of the picture" in view.hint and "threw" not in view.hint
    assert f"with clipping, which left the picture with update {out}." in view.hint
    assert [trace.name for trace in view.figure.data].count("leaves") == 2  # so large a θ changes nothing


@pytest.mark.parametrize(("w", "b", "lr", "theta", "step"), [
    (-1e9, 1e9, 1e9, -1.0, 10**9), (1e9, -1e9, 0.0, 1e9, -5), (4.1, -1.5, 2.0, 1000.0, 40), (5.5, -3.1, 2.0, 0.01, 40),
])  # fmt: skip
@pytest.mark.parametrize("style", [Style(), Style(DARK, narrow=True)], ids=["light", "dark phone"])
def test_any_setting_gives_a_valid_picture(
    style: Style, w: float, b: float, lr: float, theta: float, step: int
) -> None:
    view = cliff(style, w=w, b=b, lr=lr, theta=theta, step=step)
    go.Figure(view.figure.to_plotly_json())
    knobs = {knob.name: knob for knob in view.knobs}
    assert all(knob.minimum <= float(knob.value) <= knob.maximum for knob in knobs.values())
    assert set(knobs) == {"cliff_step", "cliff_theta", "cliff_lr", "cliff_w", "cliff_b"}
    assert view.hint and view.alt
