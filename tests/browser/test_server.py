"""The server's life as a visitor sees it: it opens everywhere, may be killed without loss, and stops clean."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("theme", "size"), [("light", "wide"), ("dark", "phone")])
def test_the_front_page_opens(
    server: Any, open_page: Callable[..., Page], picture: Callable[[Page], Path], theme: str, size: str
) -> None:
    page = open_page(server.url, theme, size)
    expect(page.get_by_text("Why do gradients vanish?").locator("visible=true").first).to_be_visible()
    page.wait_for_function("() => Number(document.querySelector('.ub')?.dataset.updates) > 0")
    picture(page)


def test_a_run_survives_every_kill_and_a_stopped_server_leaves_no_process(own_server: Any, flow: Any) -> None:
    """``kill -9`` of its process, of the worker, and of the web process; a page stays open all the time."""
    visitor = flow(own_server, seed=404, steps=8000)
    run = visitor.train(beyond=50)
    processes = own_server.relatives()
    trainers = [pid for pid, command in processes.items() if "core worker" not in command]
    assert trainers and len(processes) == len(trainers) + 1
    for pid in trainers:
        os.kill(pid, signal.SIGKILL)
    seen = visitor.beyond(visitor.step + 50)
    for pid in workers(own_server):  # the one of now: it may have been started again itself
        os.kill(pid, signal.SIGKILL)
    seen = visitor.beyond(seen + 50)
    adopted = workers(own_server)
    own_server.kill()
    own_server.start()
    visitor.page.reload()
    visitor.beyond(seen)
    assert visitor.address["run"] == run
    assert adopted and workers(own_server) == adopted
    assert own_server.stop() == []


def workers(server: Any) -> list[int]:
    """The worker's process, by its command."""
    return [pid for pid, command in server.relatives().items() if "core worker" in command]
