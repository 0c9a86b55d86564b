"""The strip shows the recorded flow and nothing else."""

import itertools

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.shared.flow_strip import flow_strip
from app.figures.theme import DARK, LIGHT, Style
from core.config import RunConfig

CONFIG = RunConfig.from_flat({"task.length": 50, "cell.hidden_size": 8})
CUT = CONFIG.replace(truncation="windows", truncation_length=10)


def test_cells_are_log_ratios_to_the_last_step(make_frame) -> None:
    frame = make_frame(CONFIG, beta=0.8)
    heat = flow_strip(frame, CONFIG, Style()).figure.data[0]
    np.testing.assert_allclose(heat.z[0], np.log10(0.8) * np.arange(49, -1, -1), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(heat.x, np.arange(1, 51))


def test_table_rows_are_the_profile(make_frame) -> None:
    frame = make_frame(CONFIG)
    table = flow_strip(frame, CONFIG, Style()).table()
    assert table["time step"].tolist() == list(range(51))
    np.testing.assert_array_equal(table["gradient (flow)"], frame.flow)


def test_hover_reads_as_a_sentence(make_frame) -> None:
    heat = flow_strip(make_frame(CONFIG, beta=0.8), CONFIG, Style()).figure.data[0]
    assert heat.text[0][40] == "step 41: 0.067, 13\u00a0% of the last step"


def test_cut_steps_are_hatched_named_and_counted(make_frame) -> None:
    view = flow_strip(make_frame(CUT), CUT, Style())
    names = {trace.name for trace in view.figure.data[1:]}
    assert names == {"cut by truncation", "truncation"}
    assert np.isnan(np.asarray(view.figure.data[0].z)[0, :40]).all()
    assert view.table().iloc[40, 3] == "cut by truncation" and view.table().iloc[41, 3] == ""
    assert "40 steps cut by truncation" in view.alt
    assert [key.label for key in view.keys] == ["cut by truncation", "truncated every 10 steps"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_any_profile_can_be_drawn(make_frame, bad: float) -> None:
    view = flow_strip(make_frame(CONFIG, flow=np.full(51, bad, np.float32)), CONFIG, Style())
    go.Figure(view.figure.to_plotly_json())
    assert "nan" not in view.alt


@pytest.mark.parametrize("T", [10, 57, 1000])
@pytest.mark.parametrize("style", [Style(LIGHT), Style(DARK, narrow=True)])
def test_labels_never_overlap(make_frame, T: int, style: Style) -> None:
    for task in ("temporal-order", "adding", "copy", "review"):
        config = CONFIG.replace(**{"task.name": task, "task.length": max(T, 12)})
        view = flow_strip(make_frame(config), config, style)
        figure = go.Figure(view.figure.to_plotly_json())
        assert figure.layout.margin.l == style.left and figure.layout.margin.r == style.right
        taken: dict[float, list[tuple[float, float]]] = {}
        for note in figure.layout.annotations:
            width, length = 7 * len(note.text), config.task.length
            at = (note.x - 0.5) / length * style.plot_width
            left = at - {"left": 0, "center": width / 2, "right": width}[note.xanchor]
            taken.setdefault(note.yshift, []).append((left, left + width))
        for spans in taken.values():
            spans.sort()
            assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
