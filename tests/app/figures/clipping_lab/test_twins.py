"""A run and its twin in one picture."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.base.course import Course
from app.figures.clipping_lab.twins import twins
from app.figures.theme import DARK, Style
from core.config import RunConfig

CLIPPED = RunConfig.from_flat({"steps": 300, "clip": "norm", "clip_threshold": 3})
FREE = CLIPPED.replace(clip="none")
STATES = ("missing", "waiting", "running", "paused", "over")


def test_both_runs_loss_and_norm_are_drawn(make_scalars) -> None:
    a, b = make_scalars(100, CLIPPED), make_scalars(100, FREE, loss=np.linspace(1, 2, 100))
    view = twins(Course(CLIPPED, "running", a, True), Course(FREE, "running", b), 5, CLIPPED, Style())
    drawn = {(trace.name, trace.yaxis): np.asarray(trace.y) for trace in view.figure.data}
    np.testing.assert_allclose(drawn["without clipping: loss", "y"], b["loss"], rtol=1e-6)
    np.testing.assert_allclose(drawn["with clipping, θ = 3: gradient norm", "y2"], a["grad_norm"], rtol=1e-6)
    assert len(drawn) == 4


def test_the_run_that_broke_is_marked_and_named(make_scalars) -> None:
    clipped, free = (
        Course(CLIPPED, "over", make_scalars(301, CLIPPED), True),
        Course(FREE, "over", make_scalars(0, FREE, 41)),
    )
    view = twins(clipped, free, 300, CLIPPED, Style())
    assert view.hint == "Without: not a number at step 41; with: accuracy 100\u00a0%."
    assert view.figure.layout.annotations[0].text == "without: not a number at step 41"
    crosses = [trace for trace in view.figure.data if trace.mode == "markers"]
    assert [trace.x for trace in crosses] == [(40,), (40,)]


def test_an_explosion_leaves_the_picture_and_not_the_other_run(make_scalars) -> None:
    loss = np.ones(42)
    loss[-3:] = 1e20
    free = Course(FREE, "over", make_scalars(0, FREE, 41, loss=loss))
    view = twins(Course(CLIPPED, "over", make_scalars(301, CLIPPED), True), free, 300, CLIPPED, Style())
    assert go.Figure(view.figure.to_plotly_json()).layout.yaxis.range[1] < 2.5


@pytest.mark.parametrize("own", STATES)
@pytest.mark.parametrize("other", STATES)
def test_every_pair_of_states_can_be_drawn(make_scalars, own: str, other: str) -> None:
    def course(config: RunConfig, state: str) -> Course:
        return Course(config, state, make_scalars(0 if state in ("missing", "waiting") else 50, config))  # type: ignore

    view = twins(course(CLIPPED, own), course(FREE, other), 0, CLIPPED, Style(DARK, narrow=True))
    go.Figure(view.figure.to_plotly_json())
    assert "nan" not in view.alt + view.hint
