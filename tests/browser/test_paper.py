"""What stands on paper and in the ears of who sees no screen; and words that explain themselves."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from app.board.views import PAGES
from app.text.glossary import GLOSSARY
from core.config import RunConfig

pytestmark = pytest.mark.browser

SHOWN = ".ub-view:not([hidden])"
STEPS = f"[...document.querySelectorAll('{SHOWN}')].map(view => view.dataset.step)"
LABELS = (
    f"[...document.querySelectorAll('{SHOWN} .ub-plot [role=img]')].map(plot => plot.getAttribute('aria-label') ?? '')"
)
WHEN_PRINTED = (
    f"window.addEventListener('beforeprint', () => {{ window.printed = {{ steps: {STEPS}, labels: {LABELS} }} }})"
)
EXPONENT = re.compile(r"\d[eE][+−-]?\d")


def printed(visitor: Any, folder: Path) -> tuple[str, dict[str, list[str]]]:
    """The text of the page as a PDF, and the step and text alternative of every picture while it was printed."""
    visitor.page.evaluate(WHEN_PRINTED)
    pdf = visitor.page.pdf(path=folder / "page.pdf", format="A4", print_background=True)
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.split()).replace("ﬁ", "fi"), visitor.page.evaluate("window.printed")


@pytest.mark.parametrize("size, theme", [("phone", "dark")])
def test_a_page_prints_every_picture_at_one_step_while_its_run_goes_on(
    server: Any, flow: Any, tmp_path: Path, size: str, theme: str
) -> None:
    visitor = flow(server, seed=710, steps=20_000, size=size, theme=theme)
    visitor.train(beyond=20)
    text, then = printed(visitor, tmp_path)
    page = PAGES["gradient_flow"]
    views = set(page.views) - set(page.left_out(RunConfig.preset("temporal-order-lstm")))
    (step,) = set(then["steps"])
    assert len(then["steps"]) == len(then["labels"]) == len(views) and int(step) >= 20
    assert all(f"training step {int(step):,}." in label for label in then["labels"])
    assert f"recorded: step {int(step):,} · live: step" in text
    for title in ("How much of the gradient arrives", "The same as a curve", "The same strip over the whole training",
                  "Loss", "Score", "Gradient norm", "Inside the LSTM"):  # fmt: skip
        assert title in text
    assert "Show me" not in text and not EXPONENT.search(text), "the settings and the buttons stay off the paper"
    before = visitor.updates
    visitor.until(f"Number(board.dataset.updates) > {before + 2} && !board.classList.contains('ub-paper')")
    visitor.pause()


def test_all_pictures_catch_up_when_a_run_ends(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=711, steps=30)
    visitor.press("Train")
    expect(visitor.where).to_contain_text("finished")
    visitor.until(
        f"{STEPS}.every(step => step === '30') && {LABELS}.every(label => label.includes('training step 30.'))"
    )
    assert visitor.page.locator("[data-testid=stMain]").evaluate("main => main.scrollTop") == 0


def test_a_word_opens_its_sentence_by_key_and_by_finger(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=713, steps=30)
    term, box = visitor.page.locator(".ub-figures .ub-term", has_text="horizon"), visitor.page.locator(".ub-gloss")
    (sentence,) = [each.sentence for each in GLOSSARY if "horizon" in each.forms]
    term.focus()
    visitor.page.keyboard.press("Enter")
    expect(box).to_be_visible()
    expect(box).to_have_text(sentence)
    visitor.page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    for seen in (True, False):
        term.click()
        expect(box).to_be_visible(visible=seen)
