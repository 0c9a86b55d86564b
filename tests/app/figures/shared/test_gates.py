"""Gates and states: the right plane in the right row, on the right scale."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.shared.gates import UNITS, gates
from app.figures.theme import Style
from core.config import RunConfig
from core.data import probes


def draw(make_frame, cell: str, probe: int = 1, **overrides):
    config = RunConfig.from_flat({"task.length": 30, "cell.name": cell, "cell.hidden_size": 6} | overrides)
    planes = make_frame(config, planes=True).planes
    events = config.task.events(probes(config).x[:, probe])
    return gates(planes, probe, events, config, Style(), step=7), planes, events


@pytest.mark.parametrize("cell, names", [("rnn", "h"), ("gru", "rznh"), ("lstm", "ifogch"), ("peephole", "ifogch")])
def test_every_gate_and_state_has_its_row(make_frame, cell: str, names: str) -> None:
    view, _, _ = draw(make_frame, cell)
    assert "".join(trace.name for trace in view.figure.data) == names
    go.Figure(view.figure.to_plotly_json())


def test_values_are_the_probe_s(make_frame) -> None:
    view, planes, _ = draw(make_frame, "lstm")
    rows = {trace.name: trace for trace in view.figure.data}
    np.testing.assert_allclose(rows["f"].z, planes.gates["f"][:, 1].T, rtol=1e-6)
    np.testing.assert_allclose(rows["h"].z, planes.h[1:, 1].T, rtol=1e-6)
    assert (rows["f"].zmin, rows["f"].zmax) == (0, 1)
    assert (rows["g"].zmin, rows["g"].zmax) == (-1, 1)
    assert (rows["c"].zmin, rows["c"].zmax) == (-5, 5)


def test_events_are_marked_and_named(make_frame) -> None:
    view, _, events = draw(make_frame, "gru")
    assert len(view.figure.layout.shapes) == 2 * len(events)
    assert {label for _, label in events} <= {note.text for note in view.figure.layout.annotations}
    assert f"{events[0][1]} at step {events[0][0]}" in view.alt


def test_wide_and_long_planes_are_thinned(make_frame) -> None:
    view, _, _ = draw(make_frame, "gru", **{"cell.hidden_size": 128, "task.length": 700})
    assert np.shape(view.figure.data[0].z) == (UNITS, 200)
    assert len(view.table()) == 100


def test_table_holds_means_over_units(make_frame) -> None:
    view, planes, _ = draw(make_frame, "gru")
    assert [*view.table()] == ["time step", "mean r", "mean z", "mean |n|", "mean |h|"]
    assert view.table().iloc[3, 1] == pytest.approx(planes.gates["r"][3, 1].mean())


def test_a_state_that_exploded_can_be_drawn(make_frame) -> None:
    config = RunConfig.from_flat({"task.length": 30, "cell.name": "rnn", "cell.hidden_size": 6})
    planes = make_frame(config, planes=True).planes
    planes.h[5:] = np.nan
    view = gates(planes, 0, [], config, Style(narrow=True), step=0)
    go.Figure(view.figure.to_plotly_json())


@pytest.mark.parametrize(("variant", "title"), [
    ("standard", "forget gate f"), ("coupled", "forget gate f = 1 − i"), ("no-forget-gate", None),
])  # fmt: skip
def test_a_forget_gate_is_named_as_what_it_is_and_not_drawn_where_there_is_none(
    make_frame, variant: str, title: str | None
) -> None:
    view, _, _ = draw(make_frame, "lstm", **{"cell.variant": variant})
    titles = [note.text for note in view.figure.layout.annotations]
    assert [text for text in titles if text.startswith("forget")] == ([title] if title else [])
