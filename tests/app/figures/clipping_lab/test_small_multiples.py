"""A panel a threshold, the same axes in all, each with how it went."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.base.course import Course, limits
from app.figures.clipping_lab.small_multiples import small_multiples
from app.figures.theme import Style
from core.companions import sweep
from core.config import RunConfig

CONFIG = RunConfig.from_flat({"steps": 300, "clip": "norm", "clip_threshold": 1})


@pytest.fixture
def panels(make_scalars):
    """``panels(config, **state)``: courses of the whole sweep; keys are places, values states or steps of breaking."""

    def make(config: RunConfig = CONFIG, **given: str | int) -> list[Course]:
        made = []
        for k, run in enumerate(sweep(config)):
            told = given.get(f"at{k}", "over")
            state, broke = ("over", told) if isinstance(told, int) else (told, None)
            n = 0 if state in ("missing", "waiting") else 301 if state == "over" else 120
            made.append(Course(run, state, make_scalars(n, run, broke), main=run == config))  # type: ignore[arg-type]
        return made

    return make


def test_every_panel_has_the_same_axes(panels) -> None:
    layout = go.Figure(
        small_multiples(panels(at0="waiting", at7=41), 5, CONFIG, Style()).figure.to_plotly_json()
    ).layout
    for axes in ([layout[f"xaxis{k or ''}"] for k in ("", *range(2, 9))],
                 [layout[f"yaxis{k or ''}"] for k in ("", *range(3, 17, 2))],
                 [layout[f"yaxis{k}"] for k in range(2, 17, 2)]):  # fmt: skip
        assert len(axes) == 8 and len({axis.range for axis in axes}) == 1


@pytest.mark.parametrize("steps, tick", [(1, 0), (20, 10), (60, 20), (400, 200), (3000, 2000), (100_000, 50_000)])
def test_a_tick_stands_well_inside(panels, steps: int, tick: int) -> None:
    config = CONFIG.replace(steps=steps)
    view = small_multiples(panels(config, **{f"at{k}": "missing" for k in range(8)}), 0, config, Style())
    assert view.figure.layout.xaxis.tickvals == (0, tick)


def test_each_panel_says_how_it_went(panels) -> None:
    view = small_multiples(
        panels(at0="missing", at1="waiting", at2="running", at4="paused", at7=41), 5, CONFIG, Style()
    )
    words = [note.text for note in view.figure.layout.annotations]
    assert words[::2][0] == "<b>θ = 0.01</b>" and words[::2][-1] == "<b>no clipping</b>"
    assert words[6] == "<b>θ = 1</b> · this run"
    outcomes = ["not trained yet", "waiting for its turn", "step 119 of 300", "accuracy 100\u00a0%",
                "paused at step 119 of 300", *["accuracy 100\u00a0%"] * 2, "not a number at step 41"]  # fmt: skip
    assert words[1::2] == outcomes == view.table()["outcome"].tolist()


def test_the_hint_follows_the_sweep(panels) -> None:
    def hint(**given: str | int) -> str:
        return small_multiples(panels(**given), 5, CONFIG, Style()).hint

    assert hint(at0="missing").startswith("1 panel not trained yet: choose")
    assert hint(at0="waiting", at1="running") == "6 of 8 are through."
    assert hint(at6=12, at7=41) == "2 of 8 broke; the others reached the last step."
    assert "hardly matters" in hint()


def test_the_best_score_is_named(panels) -> None:
    courses = panels()
    for course in courses[:-2]:
        course.scalars["score"][:] = 0.1
    courses[-1].scalars["score"][:] = 0.2
    assert small_multiples(courses, 5, CONFIG, Style()).hint == "All reached the last step. Best score: θ = 100."


def test_lines_are_the_runs(panels) -> None:
    courses = panels()
    lines = [trace for trace in small_multiples(courses, 5, CONFIG, Style()).figure.data if trace.mode == "lines"]
    assert len(lines) == 16
    for course, line in zip(courses, lines[1::2]):
        peak = float(np.nanmax(np.asarray(line.y)))
        assert 2 < peak <= course.scalars["grad_norm"].max()  # thinned to means, the spike among them


@pytest.mark.parametrize("clip", ["none", "value"])
@pytest.mark.parametrize("narrow", [False, True])
def test_any_state_can_be_drawn(panels, clip: str, narrow: bool) -> None:
    config = CONFIG.replace(clip=clip)
    for state in ("missing", "waiting", "running", "over", 0, 41):
        view = small_multiples(panels(config, **{f"at{k}": state for k in range(8)}), 0, config, Style(narrow=narrow))
        go.Figure(view.figure.to_plotly_json())
        assert "nan" not in view.alt + view.hint


def test_common_limits_leave_an_explosion_out() -> None:
    low, high = limits([np.ones(50), np.array([1.0, 1e30, np.nan])], 3.0, decades=4)
    assert 0.5 < low <= 1 and 1e4 <= high < 1e5
    assert limits([np.zeros(0)]) == (0.5, 2.0)
    assert limits([np.ones(3)], 100.0, decades=1)[1] >= 100


def test_what_ended_early_is_not_compared(panels, make_scalars) -> None:
    courses = panels()
    courses[2] = Course(courses[2].config, "over", make_scalars(120, courses[2].config))
    assert small_multiples(courses, 5, CONFIG, Style()).hint == "1 of 8 ended early, so they cannot be compared."
    none = [Course(course.config, "over", make_scalars(0, course.config)) for course in courses]
    assert small_multiples(none, 5, CONFIG, Style()).hint.startswith("8 of 8 ended early")
    broken = [*courses[:3], *panels(at3=41)[3:]]
    assert small_multiples(broken, 5, CONFIG, Style()).hint == "1 of 8 broke; others ended early."
