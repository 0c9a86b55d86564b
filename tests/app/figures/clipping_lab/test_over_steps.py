"""Loss, score and clipping over training."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.base import spread, thinned
from app.figures.shared.clipping import clipping
from app.figures.shared.learning import loss, score
from app.figures.theme import Style
from core.config import RunConfig
from core.frames import SCALARS

CONFIG = RunConfig.from_flat({"task.length": 20, "steps": 5000, "cell.hidden_size": 4})


def scalars(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(0.1, 1, n) for name in SCALARS} | {"step": np.arange(n)}
    values["grad_norm"] = 4 * values["grad_norm"]
    values["grad_norm_clipped"], values["clip_angle"] = np.minimum(values["grad_norm"], 1), np.zeros(n)
    values["score"][np.arange(n) % 10 != 0] = np.nan
    return values


def test_short_series_are_drawn_whole() -> None:
    taken = scalars(100)
    view = loss(taken, 50, CONFIG, Style())
    np.testing.assert_allclose(view.figure.data[0].y, taken["loss"], rtol=1e-6)
    assert view.table()["loss"].tolist() == pytest.approx(taken["loss"].tolist())


def test_long_series_keep_their_extremes() -> None:
    values = np.ones(4000)
    values[1234] = 50
    thin = thinned(np.arange(4000), values)
    assert thin.binned and thin.high.max() == 50 and len(thin.mean) <= 300
    assert 1234 in spread(values, 100)


def test_score_is_drawn_where_it_was_measured() -> None:
    view = score(scalars(100), 50, CONFIG, Style())
    np.testing.assert_array_equal(view.figure.data[0].x, np.arange(0, 100, 10))
    lines = [shape.y0 for shape in view.figure.layout.shapes[:2]]
    assert lines == [CONFIG.task.chance, CONFIG.task.solved]


def test_every_floor_has_its_line_and_its_key() -> None:
    config = RunConfig.from_flat({"task.name": "two-lag", "steps": 100})
    taken = scalars(100)
    for style in (Style(), Style(narrow=True)):
        view = loss(taken, 50, config, style)
        lines = [shape.y0 for shape in view.figure.layout.shapes[:3]]
        assert lines == [y for y, _ in config.task.floors()]
        assert len({shape.line.dash for shape in view.figure.layout.shapes[:3]}) == 3
        labels = ["sees no lag: 0.662", "sees lag 3 only: 0.519", "sees both lags: 0.454"]
        assert [key.label for key in view.keys[1:]] == labels
        assert [key.dash for key in view.keys[1:]] == [shape.line.dash for shape in view.figure.layout.shapes[:3]]
        low, high = (10**end for end in view.figure.layout.yaxis.range)
        assert low < min(lines) and max(lines) < high
        assert "“sees both lags” at 0.454" in view.alt
        assert list(view.figure.layout.yaxis.ticktext) == ["0.66", "0.52", "0.45"]


def test_one_floor_is_what_guessing_gets() -> None:
    view = loss(scalars(100), 50, CONFIG, Style())
    assert view.figure.layout.shapes[0].y0 == CONFIG.task.baseline_loss
    assert [key.label for key in view.keys] == ["loss", "guessing: 1.4"]
    assert "ignores the sequence gets 1.4" in view.alt


@pytest.mark.parametrize(
    ("task", "words"),
    [("adding", "1 − MSE ÷ variance"), ("review", "accuracy"), ("two-lag", "share of the learnable nats gained")],
)
def test_the_score_says_what_it_is(task: str, words: str) -> None:
    view = score(scalars(10), 5, RunConfig.from_flat({"task.name": task}), Style())
    assert view.hint == f"{words}, unseen sequences"


def test_clipped_steps_are_told_apart_and_counted() -> None:
    taken = scalars(200)
    view = clipping(taken, 50, CONFIG, Style())
    before, after, cut = (next(t for t in view.figure.data if t.name == name) for name in
                          ("before", "after clipping", "clipped from"))  # fmt: skip
    assert len(before.x) + len(cut.x) == 200 and len(after.x) == len(cut.x)
    np.testing.assert_array_equal(cut.x, np.flatnonzero(taken["grad_norm"] > 1))
    share = round(100 * float(np.mean(taken["grad_norm"] > 1)))
    assert view.hint == f"{share}\u00a0% of 200 steps so far clipped"
    assert view.table().iloc[0, 1] == pytest.approx(taken["grad_norm"][view.table().iloc[0, 0]])


def test_without_clipping_there_is_no_threshold() -> None:
    view = clipping(scalars(50), 50, CONFIG.replace(clip="none"), Style())
    assert view.hint == "no clipping" and len(view.figure.layout.shapes) == 1


@pytest.mark.parametrize("draw", [loss, score, clipping])
@pytest.mark.parametrize("n", [0, 1, 3000])
def test_any_history_can_be_drawn(draw, n: int) -> None:
    taken = scalars(n)
    if n:
        for name in ("loss", "grad_norm", "grad_norm_clipped"):
            taken[name][-1] = np.inf
    go.Figure(draw(taken, n, CONFIG, Style(narrow=True)).figure.to_plotly_json())
