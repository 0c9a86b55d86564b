"""Behind nginx and Caddy, with the examples of docs/hosting, at a host's root and under a path."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.board.taking import OFFERED
from core.store import Catalog, load_run
from core.store.classes import Classes

pytestmark = pytest.mark.browser
HOSTING = Path(__file__).parents[2] / "docs" / "hosting"
DOCKERFILE = Path(__file__).parents[2] / "Dockerfile"
PREFIX = "/teach/unrolled"
SYSTEM = "/usr/sbin:/usr/local/sbin"


class Proxy:
    """nginx or Caddy with its example, under ``prefix`` of a free port.

    ``keeps``: it leaves the prefix on. ``secure``: Caddy serves https://localhost.
    """

    def __init__(
        self, folder: Path, kind: str, server: Any, prefix: str, *, keeps: bool = False, secure: bool = False
    ) -> None:
        self.folder, self.kind, self.prefix = folder, kind, prefix
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        site = f"https://localhost:{self.port}" if secure else f"http://127.0.0.1:{self.port}"
        self.url = site + prefix
        config = nginx(server.port, self.port, keeps) if kind == "nginx" else caddy(server.port, site, keeps)
        self.config = folder / kind
        self.config.write_text(config.replace(PREFIX, prefix))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it listens."""
        program = shutil.which(self.kind) or shutil.which(self.kind, path=SYSTEM)
        if program is None:
            pytest.skip(f"{self.kind} is not installed: sudo apt-get install {self.kind}")
        own = {"nginx": ["-p", self.folder, "-c", self.config], "caddy": ["run", "--config", self.config]}[self.kind]
        adapter = ["--adapter", "caddyfile"] if self.kind == "caddy" else []
        with (self.folder / "log").open("ab") as log:
            environment = {"HOME": str(self.folder), "PATH": SYSTEM}
            command = [program, *map(str, own), *adapter]
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        deadline = monotonic() + 30
        while not self.listens():
            log_says = (self.folder / "log").read_text()
            assert monotonic() < deadline and self.process.poll() is None, f"{self.kind} did not come up:\n{log_says}"
            sleep(0.02)

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)


def nginx(server: int, port: int, keeps: bool) -> str:
    """The example as a whole configuration, run by nobody in particular and writing only beside itself."""
    example = filled((HOSTING / "nginx.conf").read_text(), "127.0.0.1:8501", f"127.0.0.1:{server}")
    example = filled(filled(example, "listen 80;", f"listen 127.0.0.1:{port};"), "example.org", "127.0.0.1")
    if keeps:
        example = filled(example, "proxy_pass http://unrolled/;", "proxy_pass http://unrolled;")
    places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{name}_temp_path {name};" for name in places)
    return f"daemon off; pid pid; error_log stderr; events {{}} http {{ access_log off; {temporary}\n{example} }}"


def caddy(server: int, site: str, keeps: bool) -> str:
    """The example, with a certificate of its own where one is needed."""
    example = filled((HOSTING / "Caddyfile").read_text(), "127.0.0.1:8501", f"127.0.0.1:{server}")
    example = filled(example, "\nexample.org {", f"\n{site} {{")
    if keeps:
        example = filled(filled(example, "handle_path", "handle"), f"header_down Location ^/ {PREFIX}/", "")
    return "{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n" + example


def filled(text: str, example: str, value: str) -> str:
    """``text`` with what its reader is to change changed; comments stay."""
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert example in f"\n{code}", f"the example says {example!r} no more"
    return f"\n{code}".replace(example, value)


MakeProxy = Callable[..., Proxy]


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[MakeProxy]:
    """``proxy(kind, server, prefix, keeps=False, secure=False)``: a proxy that runs as long as the test."""
    started: list[Proxy] = []

    def start(kind: str, server: Any, prefix: str, **how: bool) -> Proxy:
        started.append(Proxy(tmp_path, kind, server, prefix, **how))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture(scope="module")
def under(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that knows its path."""
    based = type(server)(tmp_path_factory.mktemp("under"), PREFIX)
    based.start()
    yield based
    assert based.stop() == []


def walk(proxy: Proxy, server: Any, flow: Any, seed: int, picture: Callable[..., Path]) -> None:
    """Opens a page, trains, downloads where there is a prefix, goes to another page: all of it under the prefix."""
    asked: list[str] = []
    # The start of the site leads to the first page, also without its last slash.
    visitor = flow(server, link=f"{proxy.url}?preset=temporal-order-lstm&seed={seed}&steps=3000", asked=asked)
    visitor.until(f"location.pathname === '{proxy.prefix}/gradient_flow'")
    run = visitor.train(beyond=20)
    before = visitor.drawn("curve")
    visitor.until(f"JSON.stringify({visitor.plot('curve')}.data) !== {json.dumps(before)}")
    visitor.pause()
    if proxy.prefix:
        takes(visitor)
    visitor.go("Truncation lab")
    visitor.press("Share")
    expect(visitor.page.locator(".us-link")).to_have_value(
        re.compile(f"^{re.escape(proxy.url)}/truncation_lab\\?.*run={run}")
    )
    picture(visitor.page)
    stream = f"{proxy.url}/_stcore/stream".replace("http:", "ws:")
    ours = (f"{proxy.url}/", f"{proxy.url}?", stream, "data:", "blob:")
    assert stream in asked and any("/assets/plotly-" in url for url in asked)
    assert not [url for url in asked if not url.startswith(ours)], "every request stays under the prefix"


def takes(visitor: Any) -> None:
    """Downloads the run, and finds it again after a reload."""
    run = visitor.address["run"]
    visitor.press("Take it with you")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("dialog").get_by_role("button", name=OFFERED["run"].title, exact=True).click()
    assert load_run(download.value.path()).frame(0) is not None
    visitor.page.reload()
    visitor.until("step > 0")
    assert visitor.address["run"] == run


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        ("nginx", PREFIX),
        ("caddy", ""),
        *(pytest.param(*each, marks=pytest.mark.long) for each in (("nginx", ""), ("caddy", PREFIX))),
    ],
)
def test_behind_a_proxy_that_takes_its_path_away(
    kind: str, prefix: str, server: Any, proxy: MakeProxy, flow: Any, picture: Any
) -> None:
    walk(proxy(kind, server, prefix), server, flow, 900 + len(kind) + len(prefix), picture)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["nginx"])
def test_behind_a_proxy_that_leaves_its_path_on(
    kind: str, under: Any, proxy: MakeProxy, flow: Any, picture: Any
) -> None:
    walk(proxy(kind, under, PREFIX, keeps=True), under, flow, 950 + len(kind), picture)


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_what_a_class_is_told_comes_through_at_once(kind: str, server: Any, proxy: MakeProxy) -> None:
    """The stream stays open behind it, so whoever waits for its end would wait for ever."""
    classes = Classes(Catalog(server.data))
    code, _ = classes.create("a teacher")
    classes.show(code, {"page": "gradient_flow", "query": ""})
    with urllib.request.urlopen(f"{proxy(kind, server, PREFIX).url}/classes/{code}/events", timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert b"view" in stream.readline() and b"gradient_flow" in stream.readline()
    classes.end(code)


def test_the_image_s_health_check_asks_where_the_app_is(server: Any, under: Any) -> None:
    """The command of the Dockerfile, as Docker runs it."""
    check = re.search(r"HEALTHCHECK.*?CMD (\[.*?\])\n", DOCKERFILE.read_text().replace("\\\n", ""), re.DOTALL)
    assert check
    _, *arguments = json.loads(check[1])
    for asked, base, healthy in (
        (server, "", True),
        (under, PREFIX, True),
        (under, "", False),
        (server, "/else", False),
    ):
        command = [sys.executable, *(argument.replace("8501", str(asked.port)) for argument in arguments)]
        done = subprocess.run(command, env={"STREAMLIT_SERVER_BASE_URL_PATH": base}, capture_output=True)
        assert (done.returncode == 0) == healthy, done.stderr.decode()


@pytest.mark.long
def test_who_answers_in_the_server_s_place_is_named_and_a_lost_connection_is_not(
    server: Any, flow: Any, script_errors: Any
) -> None:
    visitor = flow(server, seed=960, steps=3000)
    notice = visitor.page.locator(".ub-notice")
    page = "<!doctype html><title>404</title><h1>Not Found</h1>"

    def answer(status: int) -> None:
        visitor.page.unroute("**/runs/**")
        visitor.page.route(
            "**/runs/**", lambda route: route.fulfill(status=status, content_type="text/html", body=page)
        )

    for status in (404, 200, 403):
        answer(status)
        expect(notice).to_contain_text("This address does not lead to Unrolled's server: ", timeout=30_000)
        expect(notice).to_contain_text(f"/board was answered with {status} by something else.")
    answer(502)
    expect(notice).to_contain_text("Reconnecting", timeout=30_000)
    visitor.page.unroute("**/runs/**")
    expect(notice).to_be_hidden(timeout=30_000)
    assert all(re.search("status of (404|403|502)", error) for error in script_errors)
    script_errors.clear()


def test_in_a_frame_over_https_a_cookie_of_its_own_keeps_who_steers(
    server: Any, proxy: MakeProxy, flow: Any, course: Callable[[str], str]
) -> None:
    """Behind Caddy with a certificate of its own."""
    site = proxy("caddy", server, PREFIX, secure=True).url
    link = f"{site}/gradient_flow?preset=temporal-order-lstm&seed=965&steps=8000"
    visitor = flow(server, link=course(link), framed=True)
    run = visitor.train()
    visitor.pause()
    visitor.page.evaluate("location.reload()")
    visitor.until("document.readyState === 'complete' && step > 0")
    visitor.train(beyond=visitor.step)
    visitor.pause()
    assert visitor.address["run"] == run
    (cookie,) = [each for each in visitor.page.page.context.cookies() if each.get("name") == "unrolled_visitor"]
    assert (cookie.get("sameSite"), cookie.get("secure"), cookie.get("httpOnly")) == ("None", True, True)
    assert "127.0.0.1" in str(cookie.get("partitionKey")), "apart for each page that frames us"


@pytest.mark.long
def test_the_visitor_s_cookie_is_for_the_app_s_path_alone(
    server: Any, proxy: MakeProxy, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"{proxy('caddy', server, PREFIX).url}/gradient_flow")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    (cookie,) = [each for each in page.context.cookies() if each.get("name") == "unrolled_visitor"]
    assert (cookie.get("path"), cookie.get("sameSite"), cookie.get("httpOnly")) == (PREFIX, "Lax", True)
