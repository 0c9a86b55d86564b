"""The server's life as a visitor sees it: it opens everywhere, stops clean, and may be killed without loss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
PROGRESS = "/step \\d+ of \\d+/.test(document.body.innerText)"


def train(page: Page) -> str:
    """Press Train, wait for progress; the URL of the run."""
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**run=**")
    page.wait_for_function(PROGRESS)
    return page.url


def test_the_front_page_opens_in_both_themes_at_both_widths(any_page: Page, picture: Callable[[Page], Path]) -> None:
    expect(any_page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    picture(any_page)


def test_a_stopped_server_leaves_no_process_behind(own_server: Any, open_page: Callable[..., Page]) -> None:
    """With a page open and a run going on, which is where a clean end is hard."""
    train(open_page(own_server.url))
    assert own_server.relatives(), "worker and trainers are there"
    assert own_server.stop() == []


def test_a_killed_server_comes_back_to_the_same_run(own_server: Any, open_page: Callable[..., Page]) -> None:
    """``kill -9`` of the web process: worker and run go on, the next server adopts them, the link still holds."""
    page = open_page(own_server.url)
    url = train(page)
    workers = [pid for pid, command in own_server.relatives().items() if "core worker" in command]
    own_server.kill()
    own_server.start()
    page.goto(url)
    page.wait_for_function(PROGRESS)
    assert "run=" in page.url and page.url.split("run=")[1][:12] == url.split("run=")[1][:12]
    assert [pid for pid, command in own_server.relatives().items() if "core worker" in command] == workers
