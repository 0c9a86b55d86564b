"""Influence balancing: the curve is the closed form, its wrong side is marked, the descents are what they say."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.theme import DARK, Style
from app.figures.truncation_lab.influence import LR, MOST, UPDATES, influence
from core.theory.influence import derivative, descent, full


def test_the_curve_and_the_ring_are_the_closed_form() -> None:
    view = influence(Style(), k=19)
    curve, ring = view.figure.data[:2]
    np.testing.assert_allclose(curve.y, [derivative(k) for k in range(1, MOST + 1)], rtol=1e-6)
    assert (ring.x[0], ring.y[0]) == (19, pytest.approx(16.476, abs=1e-3))
    assert view.table().iloc[40 - 1, 2] == "the wrong way" and view.table().iloc[41 - 1, 2] == "downhill"


def test_the_region_that_points_the_wrong_way_ends_between_40_and_41() -> None:
    band = influence(Style(), k=1).figure.layout.shapes[0]
    assert (band.x0, band.x1) == (0.5, 40.5)


@pytest.mark.parametrize(("k", "word"), [(20, "walks uphill"), (40, "walks uphill"), (41, "sees −0.219 of −6")])
def test_descents_and_words(k: int, word: str) -> None:
    view = influence(Style(), k=k)
    whole, cut = view.figure.data[2:]
    for drawn, of in ((whole, None), (cut, k)):
        want = 0.5 * (full() * descent(of, LR, UPDATES) - 1) ** 2
        np.testing.assert_allclose(drawn.y, want, rtol=1e-5)
    assert word in view.hint and (cut.y[-1] > cut.y[0]) == (k <= 40)
    low, high = (10**end for end in view.figure.layout.yaxis2.range)
    assert low < min(whole.y.min(), cut.y.min()) and high > max(whole.y.max(), cut.y.max())


@pytest.mark.parametrize("k", [-5, 0, 1, 80, 10**6])
def test_any_window_gives_a_valid_picture(k: int) -> None:
    view = influence(Style(DARK, narrow=True), k=k)
    go.Figure(view.figure.to_plotly_json())
    assert view.knobs[0].value == str(min(max(k, 1), MOST)) and view.alt
