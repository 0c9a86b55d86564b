"""In a frame on a page of another site: whoever trains there steers one run, and where the
frame may store anything also after it was loaded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from core.store import Catalog

pytestmark = pytest.mark.browser
OWN = "localhost"
"""The course is at 127.0.0.1; to a browser that is another site."""


@pytest.fixture(scope="module", params=["apart", "denied"])
def storage(request: pytest.FixtureRequest) -> str:
    """What a frame of another site may store: something apart for each page that frames it, as browsers come, or
    nothing, as they are under Playwright."""
    return request.param


@pytest.fixture(scope="module")
def browser(storage: str, browser: Browser, launch: Callable[..., Browser]) -> Iterator[Browser]:
    if storage == "denied":
        yield browser
        return
    switch = next(part for part in arguments() if "ThirdPartyStoragePartitioning" in part)
    with launch(ignore_default_args=[switch]) as own:
        yield own


def arguments() -> Iterator[str]:
    """Those of every process, and so of the browser that Playwright has started."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has gone meanwhile
            yield from path.read_bytes().decode(errors="replace").split("\0")


def test_over_plain_http_whoever_trains_steers_one_run(
    storage: str, server: Any, flow: Any, course: Callable[[str], str]
) -> None:
    asked: list[str] = []
    seed = 970 + len(storage)
    link = f"http://{OWN}:{server.port}/gradient_flow?preset=temporal-order-lstm&seed={seed}&steps=8000"
    visitor = flow(server, link=course(link), framed=True, asked=asked)
    run = visitor.train()
    visitor.pause()
    visitor.train(beyond=visitor.step)
    visitor.go("Truncation lab")
    visitor.pause()
    if storage == "apart":
        visitor.page.evaluate("location.reload()")
        visitor.until("document.readyState === 'complete' && step > 0 && board.dataset.known === 'true'")
        visitor.train(beyond=visitor.step)
        visitor.pause()
        token = visitor.page.evaluate("localStorage.getItem('unrolled_visitor')")
        assert token and not any(token in url for url in asked), "who steers stands in no address"
    assert visitor.address["run"] == run and runs(server, seed) == [run]
    other = flow(server, link=course(link.replace("?", f"?run={run}&")), framed=True)
    other.press("Step")
    expect(other.button("Run my own copy")).to_be_visible()


def runs(server: Any, seed: int) -> list[str]:
    """Ids of all runs with this seed."""
    catalog = Catalog(server.data)
    found = catalog.list("queued", "running", "paused", "finished", "stopped", "failed")
    catalog.close()
    return [row.id for row in found if row.config.seed == seed]
