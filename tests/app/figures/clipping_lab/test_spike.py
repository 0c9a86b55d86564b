"""Whose gradient it was, and of which steps."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.clipping_lab.spike import COLUMNS, ROWS, half, ranked, spike
from app.figures.theme import DARK, Style
from core.config import RunConfig

CONFIG = RunConfig.from_flat({"task.length": 50, "batch_size": 6})


def arrays(N: int = 6, T: int = 50, share: list[float] | None = None) -> dict[str, np.ndarray]:
    shares = np.full(N, 1 / N) if share is None else np.array(share)
    steps = np.zeros(T)
    steps[[9, 20]] = 0.7, 0.3
    flow = np.outer(1 + np.arange(N), 0.9 ** np.arange(T, -1, -1.0)).astype(np.float32)
    return {"flow": flow, "share": shares, "step_share": steps, "loss": np.ones(N), "grad_norm": np.ones(N)}


def test_rows_are_sorted_by_share() -> None:
    view = spike(arrays(3, share=[0.2, 0.9, -0.1]), 7, 7, CONFIG, Style())
    heat = view.figure.data[0]
    batch = np.mean([1, 2, 3])
    np.testing.assert_allclose(heat.z[:, -1], np.log10(np.array([2, 1, 3]) / batch), atol=1e-6)
    assert view.table()["sequence"].tolist() == [2, 1, 3]
    names = view.figure.layout.yaxis.ticktext
    assert names[0] == "sequence 2, 90\u00a0% of the batch's gradient" and len(names) == 3


def test_bars_in_the_margin_are_the_shares() -> None:
    view = spike(arrays(3, share=[0.2, 0.9, -0.1]), 7, 7, CONFIG, Style())
    bars = [shape for shape in view.figure.layout.shapes if shape.type == "rect"]
    sizes = np.array([bar.x0 - bar.x1 for bar in bars])  # leftwards, away from the picture
    np.testing.assert_allclose(sizes / sizes[0], [1, 2 / 9, -1 / 9])
    assert all(-Style().left <= min(bar.x0, bar.x1) and max(bar.x0, bar.x1) <= 0 for bar in bars)


def test_bars_below_are_the_steps_shares() -> None:
    bars = spike(arrays(), 7, 7, CONFIG, Style()).figure.data[-1]
    assert bars.type == "bar" and bars.y[9] == pytest.approx(0.7) and bars.y.sum() == pytest.approx(1)
    assert bars.x[9] == 10 and bars.text[9] == "step 10: 70\u00a0%"


def test_words_name_who_and_when() -> None:
    view = spike(arrays(3, share=[0.2, 0.9, -0.1]), 7, 7, CONFIG.replace(batch_size=3), Style())
    assert (
        view.hint
        == "Sequence 2 alone makes 90\u00a0% of the batch's gradient; input step 10 makes half of the cell's or more."
    )
    part = spike(arrays(), 7, 7, CONFIG.replace(batch_size=100), Style()).hint
    assert part.startswith("3 of 6 sequences make half of the gradient of the batch's first 6 sequences or more;")
    several = spike(arrays(), 7, 9, CONFIG, Style()).hint
    assert several.startswith("3 of 6 sequences make half of the batch's gradient or more;")
    assert several.endswith("Measured on the weights of training step 7, the nearest stored before 9.")


def test_a_broken_gradient_has_no_shares() -> None:
    taken = {name: np.full_like(values, np.nan) for name, values in arrays().items()}
    view = spike(taken, 7, 7, CONFIG, Style())
    assert view.hint == "This gradient is zero or not finite: there are no shares of it."
    assert any(trace.name == "not a number" for trace in view.figure.data)
    go.Figure(view.figure.to_plotly_json())


def test_kinds_of_zero_are_hatched_where_they_are() -> None:
    taken = arrays(3)
    taken["flow"][1, :20] = 0
    taken["flow"][2, :10] = 1e-40
    view = spike(taken, 7, 7, CONFIG, Style())
    named = {trace.name: trace for trace in view.figure.data}
    assert set(named["zero behind dead or saturated units"].y[:5]) == {0.5, 1.5}
    assert set(named["below the float32 floor"].y[:5]) == {1.5, 2.5}
    assert {"zero behind dead or saturated units", "below the float32 floor"} <= {key.label for key in view.keys}
    assert np.isnan(view.figure.data[0].z[1, :19]).all() and np.isfinite(view.figure.data[0].z[1, 19:]).all()


def test_truncation_is_drawn_and_told() -> None:
    config = CONFIG.replace(truncation="windows", truncation_length=10)
    taken = arrays(3)
    taken["flow"][:, :41] = 0
    view = spike(taken, 7, 7, config, Style())
    assert {"cut by truncation", "truncation"} <= {trace.name for trace in view.figure.data}
    assert "Truncation cuts 41 steps." in view.alt


@pytest.mark.parametrize("N", [1, 2, 512])
@pytest.mark.parametrize("T", [10, 57, 1000])
def test_any_size_fits(N: int, T: int) -> None:
    config = CONFIG.replace(**{"task.length": T})
    taken = arrays(N, max(T, 21))
    taken["flow"], taken["step_share"] = taken["flow"][:, -T - 1 :], taken["step_share"][:T]
    for style in (Style(), Style(DARK, narrow=True)):
        view = spike(taken, 0, 0, config, style)
        figure = go.Figure(view.figure.to_plotly_json())
        assert view.figure.data[0].z.shape == (min(N, ROWS), min(T, COLUMNS))
        assert figure.layout.xaxis.range == (0.5, T + 0.5) and len(view.table()) <= 100


def test_half_and_order() -> None:
    assert half(np.array([0.1, 0.6, 0.3])) == 1 and half(np.array([0.4, 0.3, 0.3])) == 2
    assert half(np.array([np.nan])) == 0
    assert ranked(np.array([0.1, np.nan, 0.6])).tolist() == [2, 0, 1]


def test_a_dead_cell_leaves_the_gradient_to_the_readout() -> None:
    taken = arrays()
    taken["step_share"][:] = np.nan
    view = spike(taken, 7, 7, CONFIG, Style())
    assert view.hint.endswith("all of it is the readout's, for nothing reaches the cell.")
    go.Figure(view.figure.to_plotly_json())
