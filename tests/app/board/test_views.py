"""The boards of all pages: every picture can be built, and every knob is known by its name."""

from __future__ import annotations

import pytest

from app.board.errors import Inapplicable, Untrained
from app.board.parsing import parse
from app.board.sources import RunSource
from app.board.views import KNOBS, PAGES, Shown, ViewSpec
from core.config import RunConfig
from core.data import PROBES

CONFIG = RunConfig.from_flat({"task.length": 30, "steps": 20, "cell.hidden_size": 4})
SPECS = [pytest.param(spec, id=f"{page}-{name}") for page in PAGES for name, spec in PAGES[page].views.items()]


@pytest.fixture
def shown(lab, make_frame):
    """``shown(knobs="")``: a moment of a run of eleven frames, no question answered."""
    lab.add("run-one", CONFIG, [make_frame(CONFIG, k, planes=k % 5 == 0) for k in range(11)])
    source = RunSource("run-one", lab)

    def make(knobs: str = "") -> Shown:
        snapshot = source.snapshot()
        query = parse({"knobs": knobs}, PAGES)
        return Shown(source, snapshot, query=query, frame=snapshot.last)

    return make


@pytest.mark.parametrize("spec", SPECS)
def test_a_picture_without_answers_is_drawn_or_left_out(shown, spec: ViewSpec) -> None:
    try:
        view = spec.build(shown())
    except Untrained as why:
        assert "press Train" in str(why) or "no update is recorded" in str(why)
        return
    except Inapplicable:
        return
    if view is None:
        assert spec.needs, "only a question that is still open is a reason to draw nothing of a recorded moment"
        return
    assert view.title and view.hint and view.alt and view.figure.layout.height
    assert {knob.name for knob in view.knobs} <= set(spec.knobs) <= KNOBS
    assert all(isinstance(knob.value, str) for knob in view.knobs)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_words_for_a_moment_without_answers(shown, page: str) -> None:
    words = PAGES[page].caption(shown())
    # One a member, and here there is one alone; a task that has no text and is no series; and nothing is varied.
    least = {"compare": 1, "language": 0, "series": 1, "sweep": 0}.get(page, 3)
    assert words.headline.endswith(".") and least <= len(words.figures) <= 5


def test_knobs_as_text_and_as_numbers(shown) -> None:
    moment = shown("k:20;delta:1e-2;tau:nan;mode:fast")
    assert moment.knob("mode", "slow") == "fast" and moment.knob("none", "slow") == "slow"
    assert [moment.number(name, 7.0) for name in ("k", "delta", "tau", "mode", "none")] == [20, 0.01, 7, 7, 7]


@pytest.mark.parametrize("wanted, stands", [("3", "3"), ("99", str(PROBES - 1)), ("-4", "0"), ("cat", "0")])
def test_the_gates_show_the_probe_that_is_chosen(shown, wanted: str, stands: str) -> None:
    (knob,) = PAGES["gradient_flow"].views["gates"].build(shown(f"probe:{wanted}")).knobs
    assert knob.value == stands and len(knob.options) == PROBES and len({name for _, name in knob.options}) > 1
