"""What a visitor takes along: every offer is a file, pictures carry their words, the page opens without a network."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app.board.taking import OFFERED
from core.exports.numbers import read
from core.store import load_run

pytestmark = pytest.mark.browser


def test_everything_offered_is_a_file(server: Any, flow: Any, browser: Any, tmp_path: Path, picture: Any) -> None:
    visitor = flow(server, seed=930, steps=20)
    run = visitor.train()
    expect(visitor.where).to_contain_text("finished")
    visitor.press("Take it with you")
    box = visitor.page.get_by_role("dialog", name="Take it with you")
    got: dict[str, bytes] = {}
    for offer in OFFERED.values():
        with visitor.page.expect_download(timeout=60_000) as download:
            box.get_by_role("button", name=offer.title, exact=True).click()
        got[offer.name] = download.value.path().read_bytes()
        assert download.value.suggested_filename.endswith(offer.ending.lstrip("/"))
    picture(visitor.page)
    frame = load_run(server.data / "runs" / f"{run}.sqlite").frame(20)
    assert frame is not None
    tables = read("csv", got["csv"])
    assert tables["gradient"]["flow [nats]"].tolist() == pytest.approx(frame.flow.tolist(), rel=1e-5)
    assert len(tables["picture_curve"]) == len(frame.flow)
    assert run in got["script"].decode() and b"nbformat" in got["notebook"]
    assert got["run"].startswith(b"SQLite format 3") and b"rnn.weight_hh_l0" in got["weights"]

    with visitor.page.expect_download() as download:
        box.get_by_role("button", name=re.compile("as SVG")).first.click()
    svg = download.value.path().read_text()
    assert "How much of the gradient arrives" in svg and "Learning rate 0.02" in svg and run in svg
    with visitor.page.expect_download() as download:
        box.get_by_role("button", name=re.compile("as PNG")).first.click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    assert len(download.value.path().read_bytes()) > 10_000

    path = tmp_path / "page.html"
    path.write_bytes(got["html"])
    context = browser.new_context(offline=True)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: errors.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(path.as_uri())
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    assert page.locator(".js-plotly-plot").count() >= 5 and not errors
    assert io.BytesIO(got["html"]).getbuffer().nbytes < 8_000_000
    context.close()
