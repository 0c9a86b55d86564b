"""Bias against K: what is marked is what the arrays say."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.theme import DARK, Style
from app.figures.truncation_lab.bias import Bias, Choice, truncation_bias
from core.config import RunConfig
from core.reading.adaptive import adaptive_k

CONFIG = RunConfig.preset("temporal-order-lstm-truncated")
FULL = CONFIG.replace(truncation="full")
T = CONFIG.task.length


def answer(beta: float = 0.95) -> dict[str, np.ndarray]:
    """A geometric decay: the bias is (β^K − β^T)/(1 − β^T); short windows point the other way."""
    K = np.arange(1, T + 1)
    bias = (beta**K - beta**T) / (1 - beta**T)
    arrays = {"K": K, "cell_relative_bias": bias, "cell_cosine": 1 - 1.6 * bias, "cell_norm_ratio": 1 - bias,
              "relative_bias": bias / 2, "cosine": 1 - bias, "norm_ratio": 1 - bias / 2}  # fmt: skip
    return {f"{kind}.{name}": values for kind in ("windows", "sliding") for name, values in arrays.items()}


def draw(choice: Choice, config: RunConfig = CONFIG, beta: float = 0.95, style: Style | None = None):
    adaptive = adaptive_k(beta ** np.arange(T + 1.0), choice.delta, 5)
    bias = Bias.of(answer(beta), choice.kind, 30, (32, 32), choice.weights)
    return truncation_bias(bias, adaptive, choice, config, style or Style())


def trace(view, name: str):
    return next(trace for trace in view.figure.data if trace.name == name)


@pytest.mark.parametrize("weights, own, other", [("cell", "cell_", ""), ("all", "", "cell_")])
def test_curves_are_the_arrays(weights: str, own: str, other: str) -> None:
    view = draw(Choice(20, "windows", 0.1, weights))
    arrays = answer()
    np.testing.assert_allclose(trace(view, "relative bias").y, arrays[f"windows.{own}relative_bias"], rtol=1e-6)
    np.testing.assert_allclose(trace(view, "cosine").y, arrays[f"windows.{own}cosine"], rtol=1e-5, atol=1e-6)
    name = "of everything trained" if weights == "cell" else "of the cell's weights"
    np.testing.assert_allclose(trace(view, name).y, arrays[f"windows.{other}relative_bias"], rtol=1e-6)
    assert view.table()["K"].tolist() == list(range(1, 51))


def test_the_knob_reads_the_three_numbers_out() -> None:
    view = draw(Choice(20, "windows", 0.1))
    k = 19
    bias, cosine = answer()["windows.cell_relative_bias"][k], answer()["windows.cell_cosine"][k]
    off, alone, norm = (f"{100 * share:.0f}\u00a0%" for share in (bias, bias / 2, 1 - bias))
    assert view.hint == (
        f"K = 20: the gradient of the cell's weights is off by {off} (everything trained: {alone}), cosine "
        f"{cosine:.2f}, {norm} of its norm. Measured at training step 30; moving K retrains nothing."
    )
    np.testing.assert_allclose(trace(view, "at K").y, [bias, cosine, 1 - bias])
    knobs = {knob.name: knob for knob in view.knobs}
    assert (knobs["k"].value, knobs["k"].minimum, knobs["k"].maximum) == ("20", 1, T)
    assert knobs["delta"].value == "0.1" and dict(knobs["cut"].options)["sliding"]


def test_moving_k_moves_the_words_and_nothing_else() -> None:
    one, other = draw(Choice(20, "windows", 0.1)), draw(Choice(40, "windows", 0.1))
    assert one.hint != other.hint and one.table().equals(other.table())


@pytest.mark.parametrize("delta", [0.02, 0.1, 0.5])
def test_the_smallest_k_under_delta_is_marked(delta: float) -> None:
    view = draw(Choice(20, "windows", delta))
    K = 1 + int(np.flatnonzero(answer()["windows.cell_relative_bias"] < delta)[0])
    assert trace(view, "smallest K").x == (K,)
    assert f"smallest K under δ: {K}" in [key.label for key in view.keys]


def test_windows_that_point_the_wrong_way_are_hatched() -> None:
    view = draw(Choice(2, "windows", 0.1))
    last = int(np.flatnonzero(answer()["windows.cell_cosine"] < 0)[-1]) + 1
    assert max(x for x in trace(view, "points the wrong way").x if x is not None) == last + 0.5
    assert "It points the wrong way." in view.hint and "points the wrong way" in [key.label for key in view.keys]
    assert not [t for t in draw(Choice(2, "windows", 0.1), beta=0.2).figure.data if t.name == "points the wrong way"]


def test_a_growing_flow_has_no_safe_k() -> None:
    view = draw(Choice(20, "windows", 0.1), beta=1.05)
    assert any("no K is safe" in key.label for key in view.keys) and "no K is safe" in view.alt
    assert not [t for t in view.figure.data if t.name == "K from the decay"]


def test_the_k_of_the_training_is_told_from_the_knobs() -> None:
    def uprights(view) -> list[tuple[int, str]]:
        return [(line.x0, line.line.dash) for line in view.figure.layout.shapes if line.xref != "paper"]

    assert uprights(draw(Choice(30, "windows", 0.1))) == [(30, "solid"), (20, "dot")]
    assert uprights(draw(Choice(30, "windows", 0.1), FULL)) == [(30, "solid")]
    texts = [note.text for note in draw(Choice(20, "windows", 0.1)).figure.layout.annotations]
    assert "K = 20, as trained" in texts


def test_pending_says_so_and_offers_the_knobs() -> None:
    view = truncation_bias(None, None, Choice(20, "windows", 0.1), CONFIG, Style(DARK, True))
    go.Figure(view.figure.to_plotly_json())
    assert "Being worked out" in view.hint and len(view.knobs) == 4 and view.table().empty


def test_a_gradient_that_is_no_number_says_so() -> None:
    arrays = {name: values if name.endswith(".K") else np.full(T, np.nan) for name, values in answer().items()}
    view = truncation_bias(Bias.of(arrays, "sliding", 30, (32, 32)), None, Choice(20, "sliding", 0.1), CONFIG, Style())
    go.Figure(view.figure.to_plotly_json())
    assert "not finite" in view.hint and "nan" not in view.alt.lower()


def test_between_measured_k_the_nearest_is_read() -> None:
    arrays = {name: values[[0, 9, 29, 49]] for name, values in answer().items()}
    assert Bias.of(arrays, "windows", 30, (8, 32)).at(22) == Bias.of(answer(), "windows", 30, (8, 32)).at(30)


def test_few_sequences_are_told() -> None:
    bias = Bias.of(answer(), "windows", 30, (8, 32))
    view = truncation_bias(bias, None, Choice(20, "windows", 0.1), CONFIG, Style())
    assert "8 of the batch's 32 sequences" in view.hint and "8 of the batch's 32 sequences" in view.alt


def test_of_few_k_the_dots_stand_where_they_were_measured() -> None:
    some = answer()
    arrays = {name: values[::7] for name, values in some.items()}  # K = 1, 8, 15, 22, …
    view = truncation_bias(
        Bias.of(arrays, "windows", 30, (32, 32)), None, Choice(20, "windows", 0.1), CONFIG, Style()
    )  # fmt: skip
    assert list(trace(view, "at K").x) == [22] * 3 and view.figure.layout.shapes[0].x0 == 20
    assert "K = 22 (nearest measured)" in view.hint and "At K = 22 the relative bias" in view.alt


def test_only_the_runs_own_kind_is_called_as_trained() -> None:
    def name(kind: str, config: RunConfig) -> str:
        return draw(Choice(20, kind, 0.1), config).figure.layout.annotations[0].text

    assert name("windows", CONFIG) == "K = 20, as trained"
    assert name("sliding", CONFIG) == name("windows", CONFIG.replace(truncation="reset")) == "K = 20"


def test_a_run_that_resets_is_told_apart() -> None:
    hint = draw(Choice(20, "windows", 0.1), CONFIG.replace(truncation="reset")).hint
    assert hint.endswith("The state is carried on here, as this run's own is not.")
