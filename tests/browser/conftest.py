"""The real app in a process of its own and pages of a headless Chromium, which fail their test on any script error."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import cast
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, TimeoutError, expect, sync_playwright

from core.config import RunConfig
from core.lab.client import Lab
from core.schedule import Schedule
from core.store import Catalog
from core.store.catalog import UNFINISHED

ROOT = Path(__file__).parents[2]
PICTURES = Path(__file__).parent / "pictures"
SIZES = {"wide": (1400, 900), "phone": (390, 844)}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# 503: a worker that has only just started is slow to answer
LOST = ("net::ERR_", "Failed to fetch", "is not responding", "status of 503", "reaching server endpoint")

expect.set_options(timeout=15_000)


class Server:
    """The app on a free port with a folder of runs of its own; what it prints is in ``log``. ``base``: the path it is
    served under."""

    def __init__(self, folder: Path, base: str = "") -> None:
        self.data, self.log = folder / "data", folder / "server.log"
        self.port, self.base = free_port(), base
        self.url = f"http://127.0.0.1:{self.port}{base}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the app, on the same port and folder as before, and waits until it is healthy."""
        command = [sys.executable, "-m", "streamlit", "run", "app/main.py", f"--server.port={self.port}"]
        environment = os.environ | {
            "UNROLLED_DATA": str(self.data),
            "STREAMLIT_SERVER_BASE_URL_PATH": self.base,
            "UNROLLED_FRAME_ANCESTORS": "'self' http://127.0.0.1:*",  # a course that shows the app in a frame
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        deadline = monotonic() + 60
        while not self.healthy():
            assert monotonic() < deadline and self.lives(), f"the server did not come up:\n{self.log.read_text()}"
        Lab(self.data).preview(RunConfig(), wait=60)  # so its worker is there too, also on a busy machine

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def lives(self, seconds: float = 0.1) -> bool:
        """Whether the server still runs after at most this long."""
        assert self.process
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def kill(self) -> None:
        """The server dies at once, as by ``kill -9``; its worker is not told."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> list[str]:
        """Ends the server as a service manager does and then, by force, whatever is left; returns the latter."""
        assert self.process
        self.process.terminate()
        stubborn = self.lives(20)
        if stubborn:
            self.kill()
        deadline = monotonic() + 30  # only a process that would stay for ever waits for it to pass
        while (left := self.relatives()) and monotonic() < deadline:
            sleep(0.05)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return ["the server"] * stubborn + list(left.values())

    def relatives(self) -> dict[int, str]:
        """Processes other than the server that work in its folder, worker and trainers, with their command lines."""
        mark, found = f"UNROLLED_DATA={self.data}".encode(), {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # it went while we looked, or is not ours to look at
        if self.process:
            found.pop(self.process.pid, None)
        return {pid: command for pid, command in found.items() if command}  # a zombie has none


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one server that most tests share. Nothing of it may be left when it has ended."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    left = server.stop()
    assert not left, f"the server ended and left these running: {left}"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server for tests that kill it."""
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Browser]]:
    """Starts the system's Chromium, or Playwright's own where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        yield partial(playwright.chromium.launch, executable_path=path, args=FLAGS)


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    """The one that the tests share."""
    with launch() as browser:
        yield browser


@pytest.fixture
def script_errors() -> Iterator[list[str]]:
    """Script errors, error messages and requests to other hosts of all pages of this test: none, when it ends."""
    errors: list[str] = []
    yield errors
    assert not errors, "the browser shows errors:\n" + "\n".join(errors)


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, script_errors: list[str], request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """``open_page(url=None, theme="light", size="wide", asked=None)``: a page of a visitor of its own, with nothing
    remembered; the addresses of all that it asks for are added to ``asked``."""
    contexts = []
    # A test that ends its own server or goes offline loses connections; only there that is no error.
    loses = {"own_server", "offline"} & set(request.fixturenames)
    ignored = LOST if loses else ()

    def note(error: str) -> None:
        if not any(text in error for text in ignored):
            script_errors.append(error)

    def at_home(url: str) -> None:
        if urlsplit(url).hostname not in (None, "127.0.0.1", "localhost"):  # no host for data: and blob:
            script_errors.append(f"asked of another host: {url}")

    def on_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            note(f"{message.text} ({message.location.get('url')})")

    def open_one(
        url: str | None = None, theme: str = "light", size: str = "wide", asked: list[str] | None = None
    ) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=size == "phone",
            reduced_motion="reduce",
            ignore_https_errors=True,  # a test may be its own authority
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: note(str(error)))
        page.on("console", on_message)
        page.on("request", lambda request: at_home(request.url))
        page.on("websocket", lambda socket: at_home(socket.url))
        if asked is not None:
            page.on("request", lambda request: asked.append(request.url))
            page.on("websocket", lambda socket: asked.append(socket.url))
        if url:
            page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()


class Flow:
    """A page with a board in one visitor's browser: its board, its buttons, its address."""

    def __init__(self, page: Page) -> None:
        self.page, self.board = page, page.locator(".ub")
        self.headline, self.where = page.locator(".ub-headline"), page.locator(".ub-where")
        self.until("Number(board?.dataset.updates) > 0")

    def until(self, condition: str) -> None:
        """Waits until a JavaScript expression is true; ``board`` and ``step`` (the one on screen) are at hand."""
        known = "const board = document.querySelector('.ub'), step = Number(board?.dataset.step ?? -1)"
        self.page.wait_for_function(f"() => {{ {known}; return {condition} }}", timeout=60_000)

    def plot(self, name: str) -> str:
        """JavaScript for a picture's plot."""
        return f"document.querySelector('[data-view={name}] .js-plotly-plot')"

    def drawn(self, name: str) -> str:
        """All that a picture draws now, as one text."""
        self.until(self.plot(name))
        return self.page.evaluate(f"JSON.stringify({self.plot(name)}.data)")

    @property
    def step(self) -> int:
        """The training step on screen."""
        return int(self.board.get_attribute("data-step") or -1)

    @property
    def updates(self) -> int:
        """How often the board has drawn."""
        return int(self.board.get_attribute("data-updates") or 0)

    def beyond(self, step: int) -> int:
        """Waits for a later step than this; returns the one that came."""
        self.until(f"step > {step}")
        return self.step

    def at(self, step: int) -> None:
        """Waits for exactly this step."""
        self.until(f"step === {step}")

    def updated(self, times: int = 3) -> None:
        """Waits until the board has drawn so many times more."""
        self.until(f"Number(board.dataset.updates) >= {self.updates + times}")

    def no_news(self) -> None:
        """The server says that what is on screen is the newest there is."""
        self.page.wait_for_event("response", lambda response: "/board?" in response.url and response.status == 204)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def press(self, name: str) -> None:
        self.button(name).click()

    def train(self, beyond: int = 0) -> str:
        """Presses Train and waits for frames; returns the run's id."""
        self.press("Train")
        self.in_address("run=")
        self.beyond(beyond)
        return self.address["run"]

    def go(self, title: str) -> None:
        """Goes to another page by the navigation, in the menu that holds it, and waits for its board."""
        places = "[data-testid=stTopNavLink], [data-testid=stTopNavDropdownLink], [data-testid=stPopoverBody] a"
        link = self.page.locator(places).locator("visible=true").filter(has_text=title)
        for menu in self.page.locator("[data-testid=stTopNavSection], .st-key-pages button").all():
            if not link.count() and menu.is_visible():
                menu.click()
        link.first.click()
        self.until(f"document.title.startsWith({title!r}) && Number(board?.dataset.updates) > 0")

    def knob(self, view: str, label: str) -> Locator:
        """A knob of a picture, which is brought into sight."""
        self.page.locator(f"[data-view={view}]").scroll_into_view_if_needed()
        self.until(f"document.querySelector('[data-view={view}] [data-knob]')")
        return self.page.locator(f"[data-view={view}]").get_by_label(label, exact=True)

    def drag(self, slider: Locator, start: float, end: float) -> None:
        """Takes hold of a slider at a share of its width and moves it to another, without letting go."""
        box = slider.bounding_box()
        assert box
        mouse, middle = self.page.mouse, box["y"] + box["height"] / 2
        mouse.move(box["x"] + box["width"] * start, middle)
        mouse.down()
        mouse.move(box["x"] + box["width"] * end, middle, steps=8)

    def pause(self) -> int:
        """Presses Pause and waits till it holds; returns the step."""
        self.press("Pause")
        expect(self.where).to_contain_text("paused")
        return self.step

    @property
    def address(self) -> dict[str, str]:
        """The query in the address bar."""
        return {key: values[-1] for key, values in parse_qs(urlsplit(self.page.url).query).items()}

    @property
    def stride(self) -> int:
        """Training steps from one recorded step to the next, in the small preset with the steps of the address."""
        return Schedule.of(RunConfig.preset("temporal-order-lstm", steps=int(self.address["steps"]))).profile

    def in_address(self, text: str) -> None:
        """Waits for ``name=`` or ``name=value`` in the address bar."""
        self.until(f"location.search.split(/[?&]/).some(part => ('&' + part + '&').startsWith('&{text}'))")

    def not_in_address(self, text: str) -> None:
        self.until(f"!location.search.split(/[?&]/).some(part => part.startsWith('{text}'))")

    def choose(self, label: str, option: str) -> None:
        """Picks an option of a select box. The box shuts when the page moves under it, and is then opened again."""
        box = self.page.get_by_role("combobox", name=label, exact=True)
        wanted = self.page.get_by_role("option", name=option, exact=True)
        for patience in (2_000, 4_000, 15_000):
            box.focus()
            if box.get_attribute("aria-expanded") != "true":
                box.press("ArrowDown")
            try:
                wanted.click(timeout=patience)
                break
            except TimeoutError:
                continue
        expect(wanted).to_be_hidden()
        box.blur()

    def enter(self, label: str, value: str) -> None:
        """Types into a number field."""
        field = self.page.get_by_label(label, exact=True)
        field.fill(value)
        field.press("Enter")


OpenFlow = Callable[..., Flow]


@pytest.fixture
def flow(open_page: OpenPage) -> Iterator[OpenFlow]:
    """``flow(server, seed=…, steps=…)``: a fresh visitor on the small preset with these settings; or ``link=…``.
    ``page`` is the first page. ``framed``: the link's page frames another one, and the visitor is there.

    What they left unfinished is stopped when the test ends. Finished runs answer for their settings: every test has
    seeds of its own.
    """
    servers: dict[Path, Server] = {}

    def open_flow(
        server: Server,
        *,
        page: str = "gradient_flow",
        link: str = "",
        theme: str = "light",
        size: str = "wide",
        asked: list[str] | None = None,
        framed: bool = False,
        **query: object,
    ) -> Flow:
        servers[server.data] = server
        settings = {"preset": "temporal-order-lstm"} | {key.replace("__", "."): value for key, value in query.items()}
        opened = open_page(link or f"{server.url}/{page}?{urlencode(settings)}", theme, size, asked)
        return Flow(cast(Page, opened.frames[1]) if framed else opened)  # a frame has what a Flow asks of a page

    yield open_flow
    for data in servers:
        catalog = Catalog(data)
        for run in catalog.list(*UNFINISHED):
            catalog.stop(run.id, "The test is over.")
        catalog.engine.dispose()


@pytest.fixture
def offline() -> Callable[[Flow, bool], None]:
    """``offline(flow, True)`` cuts its browser off, ``False`` brings it back."""
    return lambda flow, off: flow.page.context.set_offline(off)


@pytest.fixture
def course() -> Iterator[Callable[[str], str]]:
    """``course(link)``: the address of a page of another site that frames this link."""
    frame = '<!doctype html><title>A course</title><iframe src="{}" width="1300" height="800"></iframe>'

    class Course(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = frame.format(escape(unquote(self.path.removeprefix("/")))).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Course) as site:
        threading.Thread(target=site.serve_forever).start()
        yield lambda link: f"http://127.0.0.1:{site.server_port}/{quote(link, safe='')}"
        site.shutdown()


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """``eventually(state)`` waits until what is outside any browser is so."""

    def wait(state: Callable[[], object]) -> None:
        deadline = monotonic() + 60
        while not state():
            assert monotonic() < deadline, "it never came"
            time.sleep(0.01)

    return wait


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page], Path]:
    """``picture(page)`` keeps a screenshot under tests/browser/pictures, named after the test."""

    def take(page: Page, name: str = "") -> Path:
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"{request.node.name}{name and '-'}{name}.png".replace("/", "-")
        page.screenshot(path=path)
        return path

    return take
