"""Slow motion: every place on a drawing and in a sentence has its number, and the number is the measured one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.board.wire import compressed
from app.board.wire import view as wire_view
from app.figures.microscope.slow_motion import drawing, slow_motion
from app.figures.theme import DARK, Style
from app.text.microscope.slow_motion import PLACE, filled, plain
from core.config import RunConfig
from core.data import training_batch
from core.questions import TrainingStep
from core.questions.over_training import Earlier
from core.training.replay import moment_of

BASE = {"task.name": "temporal-order", "task.length": 12, "cell.hidden_size": 4, "batch_size": 9, "steps": 20}
EVERY = {"task.name": "adding", "task.asked": "every"}
VARIANTS = {
    "rnn": {"cell.name": "rnn"},
    **{name: {"cell.name": "rnn", "cell.activation": name} for name in ("relu", "leaky-relu", "logistic", "linear")},
    "lstm": {"cell.name": "lstm"},
    "peephole": {"cell.name": "peephole"},
    "gers": {"cell.name": "peephole", "cell.peephole_gradient": "gers"},
    "gru": {"cell.name": "gru"},
    "gru-before": {"cell.name": "gru", "cell.reset": "before"},
    **{
        f"{cell}-{variant}": {"cell.name": cell, "cell.variant": variant}
        for cell in ("lstm", "peephole")
        for variant in ("no-forget-gate", "coupled", "no-output-activation")
    },
    **{
        f"{cell}-{norm}": {"cell.name": cell, "cell.normalisation": norm}
        for cell, norm in (("rnn", "layer"), ("peephole", "batch"), ("gru", "batch"))
    },
}
each_variant = pytest.mark.parametrize("name", VARIANTS)


def shown(unit: str = "norm", step: int = 0, sequence: int = 2, style: Style | None = None, **settings: Any):
    config = RunConfig.from_flat(BASE | {key.replace("__", "."): value for key, value in settings.items()})
    question = TrainingStep(sequence=sequence, unit=None if unit == "norm" else int(unit))
    arrays, meta = question.answer(moment_of(config, step), Earlier())
    view = slow_motion(
        arrays, meta, training_batch(config, step), config, style or Style(),
        source="run", step=step, sequence=sequence, unit=unit, at=("forward", 1),
    )  # fmt: skip
    return view, arrays, config


def texts(player: dict[str, Any]) -> list[str]:
    """Every sentence and every equation with its numbers, frame by frame."""
    found = []
    for phase in player["phases"]:
        for frame, row in enumerate(phase["rows"]):
            own = {name: {row: values[frame]} for name, values in phase.get("own", {}).items()}
            values: Any = player["values"] | own
            sentence = phase["special"].get(str(frame), phase["sentence"])
            found += [filled(text, values, row) for text in (sentence, *(numbers for _, numbers in phase["equations"]))]
    return found


@each_variant
@pytest.mark.parametrize("unit", ["norm", "3"])
def test_every_place_has_a_number(name: str, unit: str) -> None:
    view, _, config = shown(unit, **VARIANTS[name])
    player = view.player
    assert player is not None
    names = set(re.findall(r'data-[fb]="([^"]+)"', player["svg"]))
    assert names <= player["values"].keys() and len(names) >= 8
    assert set(re.findall(r'data-meter="([^"]+)"', player["svg"])) <= player["meters"].keys()
    assert all(len(values) == config.task.length for values in player["values"].values())
    levels = (*player["sizes"].values(), *player["meters"].values())
    assert all(0 <= level <= 1 for values in levels for level in values)
    assert not [text for text in texts(player) if PLACE.search(text) or "nan" in text]
    assert set(re.findall(r'data-b="([^"]+)"', player["svg"])) <= player["sizes"].keys()


def computable(text: str) -> str:
    """What a line of the page says, as Python reads it."""
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    text = re.sub("\u00a0×\u00a010([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda power: f"e{power[1].translate(raised)}", text)
    return text.replace("−", "-")


def test_a_unit_s_equations_come_out() -> None:
    """c = f c₋ + i g and α_f = δc c₋ f (1 − f), read off the page's own words."""
    view, _, _ = shown("1", cell__name="lstm")
    phases = {phase["name"]: phase for phase in view.player["phases"]}
    for name, symbols in (("forward", "c = f⊙c₋ + i⊙g"), ("forward", "h = o⊙tanh c"),
                          ("backward", "α_f = δc⊙c₋⊙f(1 − f)"),
                          ("backward", "δh = m_h + this step's own loss")):  # fmt: skip
        numbers = dict(phases[name]["equations"])[symbols]
        for row in range(12):
            left, right = computable(filled(numbers, view.player["values"], row)).split(" = ")
            right = re.sub(r"(?<=[\d)]) ?\(", "*(", right.replace("·", "*"))
            assert float(left) == pytest.approx(eval(right), rel=0.02, abs=1e-4 if name == "forward" else 1e-9)


@pytest.mark.parametrize(
    "name", [n for n in VARIANTS if n.startswith(("lstm-", "peephole-")) or n in ("logistic", "linear")]
)
def test_every_equation_of_a_variant_comes_out(name: str) -> None:
    view, _, _ = shown("1", **VARIANTS[name])
    pairs = [(phase["name"], *pair) for phase in view.player["phases"][:3:2] for pair in phase["equations"]]
    equations = [each for each in pairs if " = " in each[2]]
    assert len(pairs) - len(equations) <= 1  # what the plain RNN hands back is one number
    for phase, symbols, numbers in equations:
        row = 7  # far enough from the end for all of them to be there, near enough for three digits to do
        left, right = computable(filled(numbers.split(" (through")[0], view.player["values"], row)).split(" = ")
        right = re.sub(r"(?<=[\d)]) ?\(", "*(", right.replace("·", "*").replace("²", "**2"))
        right = right.replace("σ", "1/(1+np.exp(-1)**").replace("tanh", "np.tanh") + ")" * ("σ" in right)
        size = max(
            1e-4 if phase == "forward" else 0, *(abs(float(number)) for number in re.findall(r"\d[\d.e-]*", right))
        )
        assert float(left) == pytest.approx(eval(right), rel=0.02, abs=0.01 * size), (symbols, numbers)
    told = [symbols for _, symbols, _ in equations]
    assert ("f = 1 − i" in told) == ("coupled" in name) and ("h = o⊙c" in told) == ("output" in name)
    assert ("c = c₋ + i⊙g" in told) == ("forget" in name)


def test_the_phases_go_there_and_back() -> None:
    view, _, _ = shown(**EVERY, cell__name="gru")
    phases = {phase["name"]: phase for phase in view.player["phases"]}
    assert list(phases) == ["forward", "losses", "backward", "sum", "clip", "update"]
    assert phases["forward"]["rows"] == phases["losses"]["rows"] == list(range(12))
    assert phases["backward"]["rows"] == phases["sum"]["rows"] == list(range(12))[::-1]
    assert phases["clip"]["rows"] == phases["update"]["rows"] == [0]


def sentence(view: Any, phase: str, t: int) -> str:
    """What is said of time step ``t``."""
    found = next(each for each in view.player["phases"] if each["name"] == phase)
    frame = found["rows"].index(t - 1)
    own = {name: {t - 1: values[frame]} for name, values in found.get("own", {}).items()}
    return filled(found["special"].get(str(frame), found["sentence"]), view.player["values"] | own, t - 1)


def test_cuts_losses_and_clamps_are_told() -> None:
    view, _, _ = shown(truncation="windows", truncation_length=5, cell__name="lstm")
    assert "Here it is cut" in sentence(view, "backward", 8)
    assert "No gradient reaches step 7" in sentence(view, "backward", 7)
    assert "from its own loss" in sentence(view, "backward", 12)
    view, _, _ = shown(truncation="sliding", truncation_length=5, cell__name="rnn", **EVERY)
    assert "truncation lets" in sentence(view, "backward", 4) and "from its own loss" in sentence(view, "backward", 4)
    view, _, _ = shown(clip="backprop", clip_threshold=1e-3, cell__name="rnn")
    assert "the clamp lets" in sentence(view, "backward", 12)
    view, _, _ = shown()
    assert "the initial state" in sentence(view, "backward", 1)


def test_losses_of_classes_and_of_numbers() -> None:
    view, arrays, _ = shown()
    chance = float(np.exp(-arrays["loss"][0]))
    assert f"gets a chance of {100 * chance:.0f}\u00a0%" in sentence(view, "losses", 12)
    assert "counts" not in sentence(view, "losses", 12)
    view, arrays, _ = shown(**EVERY)
    assert "squared, the loss is" in sentence(view, "losses", 5) and "It counts 1/12" in sentence(view, "losses", 5)


@pytest.mark.parametrize("settings, words", [
    ({"clip": "none"}, "Nothing is clipped"), ({"clip_threshold": 100}, "passes unchanged"),
    ({"clip_threshold": 0.01}, "same direction"),
    ({"clip": "value", "clip_threshold": 0.001}, "Each component is limited"),
    ({"clip": "value", "clip_threshold": 100}, "none was larger"),
    ({"clip": "backprop", "clip_threshold": 1e-3}, "On the way back"),
])  # fmt: skip
def test_clipping_in_words(settings: dict[str, Any], words: str) -> None:
    view, _, _ = shown(**settings)
    assert words in sentence(view, "clip", 1)


def test_the_update_says_whose_memory_it_has(monkeypatch) -> None:
    assert "remembers no earlier step" in sentence(shown()[0], "update", 1)
    assert "remembers the 3 steps before" in sentence(shown(step=3)[0], "update", 1)
    assert "remembers no earlier step" in sentence(shown(step=3, optimizer="sgd")[0], "update", 1)
    assert "ends before this update" in sentence(shown(step=20)[0], "update", 1)
    monkeypatch.setattr("core.training.optimizer_memory.MOST_SECONDS", 0.0)
    assert "a fresh optimiser would do" in sentence(shown(step=3)[0], "update", 1)


@each_variant
@pytest.mark.parametrize("style", [Style(), Style(DARK, narrow=True)], ids=["light", "dark narrow"])
def test_the_curves_are_the_numbers(name: str, style: Style) -> None:
    view, arrays, _ = shown(style=style, **VARIANTS[name])
    go.Figure(view.figure.to_dict())
    lines = {trace.name: trace for trace in view.figure.data}
    np.testing.assert_allclose(lines["h"].y, arrays["h"], rtol=1e-6)
    np.testing.assert_allclose(np.nan_to_num(lines["∂ℓ/∂h"].y), np.abs(arrays["dh"]), rtol=1e-6)
    assert len(view.table()) == 12 and view.table().iloc[0, 0] == 1
    sequence, unit, phase, t = view.knobs
    assert len(sequence.options) == 8 and len(unit.options) == 5
    assert phase.hidden and t.hidden and not sequence.hidden


def test_what_is_not_finite_is_shown_as_such() -> None:
    config = RunConfig.from_flat(BASE | {"cell.name": "rnn"})
    now = moment_of(config, 0)
    now.layer.params["weight_ih"][:] = float("nan")
    arrays, meta = TrainingStep().answer(now, Earlier())
    view = slow_motion(arrays, meta, training_batch(config, 0), config, Style(),
                       source="run", step=0, sequence=1, unit="norm", at=("forward", 1))  # fmt: skip
    go.Figure(view.figure.to_dict())
    assert "not a number" in sentence(view, "clip", 1) and "not a number" in sentence(view, "forward", 3)


def test_drawings_have_words_for_whoever_does_not_see_them() -> None:
    for settings in VARIANTS.values():
        assert 'aria-label="The ' in drawing(RunConfig.from_flat(BASE | settings)).svg


def test_of_a_long_sequence_some_steps_are_shown_with_their_own_numbers() -> None:
    long = {**EVERY, "task__length": 900, "cell__hidden_size": 2, "batch_size": 2}
    view, arrays, _ = shown(sequence=1, **long)
    values = view.player["values"]
    steps = [int(t) for t in values["t"]]
    assert steps[0] == 1 and steps[-1] == 900 and 400 <= len(steps) <= 800
    assert f"{len(steps)} of its 900 steps" in view.hint
    assert values["h"] == [plain(arrays["h"][t - 1]) for t in steps]
    t = steps[len(steps) // 3]
    assert f"Step {t} is asked" in sentence_at(view, "losses", t) and f"Step {t} adds" in sentence_at(view, "sum", t)
    assert len(compressed({"view": wire_view(view, table=False)})) < 120_000


def sentence_at(view: Any, phase: str, t: int) -> str:
    return sentence(view, phase, view.player["values"]["t"].index(str(t)) + 1)


def test_what_is_normalised_is_drawn_so():
    view, *_ = shown(cell__name="lstm", cell__normalisation="batch")
    equations = [line for phase in view.player["phases"] for line in phase["equations"]]
    written = " ".join(str(line) for line in equations)
    for part in ("σ(N(W_i x) + b_i + N(U_i h₋))", "h = o⊙tanh N(c)", "m_c + N′(δh⊙o⊙(1 − tanh²N(c)))", "U_qᵀN′(α_q)"):
        assert part in written, written
    assert "N(W x) + b" in view.player["svg"] and "9 times those of the batch's loss" in view.hint
