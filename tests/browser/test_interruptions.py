"""Nothing is lost by a reload, a closed page or a lost connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from core.lab.client import Lab

pytestmark = pytest.mark.browser
LONG = 8000


def test_training_goes_on_without_a_page(server: Any, flow: Any, eventually: Any) -> None:
    visitor = flow(server, seed=402, steps=LONG)
    run, lab = visitor.train(), Lab(server.data)
    seen = visitor.step
    visitor.page.context.close()
    eventually(lambda: lab.info(run).step > seen + 100)


def test_a_lost_connection_and_a_reload_in_the_midst_of_training(
    server: Any, flow: Any, offline: Callable[[Any, bool], None]
) -> None:
    visitor = flow(server, seed=403, steps=LONG)
    run = visitor.train()
    offline(visitor, True)
    notice = visitor.page.locator(".ub-notice")
    expect(notice).to_contain_text("Reconnecting")
    seen = visitor.step
    offline(visitor, False)
    seen = visitor.beyond(seen)
    expect(notice).to_be_hidden()
    visitor.page.reload()
    visitor.beyond(seen)
    assert visitor.address["run"] == run
    visitor.pause()  # it is still theirs to steer
    assert visitor.address["run"] == run
