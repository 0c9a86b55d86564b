"""The gallery's page, as Streamlit's own test harness sees it: cards open, and its runs are trained again."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import services
from app.gallery.evidence import _compared
from app.gallery.spread import _stacked
from core.gallery.shelf import cards, kept, measured
from core.lessons.expressions import filled
from core.promises.stored import SEEDS

ROUTER = Path(__file__).parents[3] / "app" / "router.py"


pytestmark = pytest.mark.usefixtures("own_lab")


def opened(**query: str) -> AppTest:
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    at.switch_page("../pages/gallery.py")
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.caption])


def test_a_card_opens_with_its_numbers_its_spread_and_its_paper() -> None:
    """With a recorded run, without one, and of a formula alone."""
    assert f"Of {len(cards())} results" in said(opened())
    for name in ("cooijmans_norm", "arjovsky_copy", "pascanu_cliff"):
        at, card = opened(card=name), cards()[name]
        assert [header.value for header in at.header] == [card.title]
        assert filled(card.measured, measured(card)) in said(at) and card.papers[0].in_words in said(at)
        dates = {run.date for runs in kept(card).values() for run in runs}
        assert all(date in said(at) for date in dates)
    assert "is not in the gallery" in " ".join(error.value for error in opened(card="nonsense").error)


def test_dots_that_would_hide_each_other_stand_on_top_of_each_other() -> None:
    assert _stacked([0.2, 0.5, 0.5, 0.51, 0.9]) == [(0.2, 0), (0.5, 0), (0.5, 1), (0.51, 2), (0.9, 0)]


def test_reproduce_trains_the_runs_of_one_task_side_by_side() -> None:
    card = cards()["gers_timing"]
    view = _compared(card)
    assert view.config == card.runs["peephole"].config.replace(seed=SEEDS[0]) and len(view.members or ()) == 2
    assert len(_compared(cards()["tallec_chrono"]).members or ()) == 1  # the other two learn another task
    at = opened(card="gers_timing")
    at.button(key="gallery-reproduce").click().run()
    assert not at.exception
    shown = at.session_state["_view"]
    configs = [services.lab().info(run).config for run in (shown.run, *shown.beside)]
    assert configs == [run.config.replace(seed=SEEDS[0]) for run in card.runs.values()]
