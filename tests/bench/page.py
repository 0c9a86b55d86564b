"""How fast the page is in headless Chromium: ``python tests/bench/page.py``. Prints medians; asserts nothing.

Everything runs on this machine at once, browser included, so the figures are those of a visitor on the server itself.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.store.folder import data_folder
from core.store.temporary import Temporary

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import FLAGS, Server  # pyright: ignore

DRAWN = "() => document.querySelector('[data-view=strip] :is(i, .main-svg)')"
PLOTTED = "() => document.querySelector('[data-view=curve] .main-svg')"
TRAINED = "() => Number(document.querySelector('.ub')?.dataset.step) > 0"
COUNT = "() => Number(document.querySelector('.ub').dataset.updates)"


def opened(browser: Browser, url: str) -> tuple[Page, float, float]:
    """A fresh visitor's page, the seconds until its first picture (the strip) and until the curve is drawn."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_function(DRAWN, polling=10)
    first = time.perf_counter() - began
    page.wait_for_function(PLOTTED, polling=10)
    return page, first, time.perf_counter() - began


def measure(browser: Browser, url: str, seed: int) -> tuple[float, float, float, float]:
    """Seconds to the first picture, to the curve, and from Train to the first new frame; board updates a second."""
    page, first, curve = opened(browser, f"{url}/gradient_flow?preset=adding-lstm&seed={seed}")
    began = time.perf_counter()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(TRAINED, polling=10)
    frame = time.perf_counter() - began
    before, began = page.evaluate(COUNT), time.perf_counter()
    page.wait_for_function(f"() => ({COUNT})() >= {before} + 40", polling=50)
    rate = (page.evaluate(COUNT) - before) / (time.perf_counter() - began)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.context.close()
    return first, curve, frame, rate


def main() -> None:
    """Five visitors, one after the other, on a server that has been up for a while."""
    with Temporary(data_folder()) as folder:
        server = Server(folder)
        server.start()
        try:
            with sync_playwright() as playwright:
                path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
                browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
                opened(browser, server.url)[0].context.close()  # the worker has started by then
                rows = [measure(browser, server.url, seed) for seed in range(5)]
                browser.close()
        finally:
            server.stop()
    names = (
        "first picture (strip), s",
        "curve drawn, s",
        "Train to first new frame, s",
        "board updates per second while training",
    )
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        print(f"{name:42s} median {statistics.median(values):5.2f}   {min(values):5.2f} … {max(values):5.2f}")


if __name__ == "__main__":
    main()
