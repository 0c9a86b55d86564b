"""The running server under hostile and unlucky visitors: what it holds, what it says, and how it goes."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.config import RunConfig
from core.store import Catalog, RunWriter, run_path
from core.store.lock import WORKER_LOCK, FileLock

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CONFIG = RunConfig.preset("temporal-order-lstm", steps=20)


def until(state: Callable[[], object], what: str = "") -> None:
    deadline = time.monotonic() + 240
    while not state():
        assert time.monotonic() < deadline, f"never came: {what or state}"
        time.sleep(0.02)


class Served:
    """The app on a free port, with a folder of runs of its own."""

    def __init__(self, folder: Path, *, files: int | None = None) -> None:
        self.data, self.log_file = folder / "data", folder / "server.log"
        self.worker = FileLock(self.data / WORKER_LOCK)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.files = files
        self.start()

    def start(self) -> None:
        def bound() -> None:
            if self.files is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (self.files, self.files))

        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app/main.py", f"--server.port={self.port}"],
                cwd=ROOT, env=os.environ | {"UNROLLED_DATA": str(self.data), "UNROLLED_PROCESSES": "1"},
                stdout=log, stderr=log, preexec_fn=bound,
            )  # fmt: skip
        until(lambda: self.process.poll() is not None or self.status("/_stcore/health") == 200, self.log)
        assert self.process.poll() is None, self.log

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def status(self, path: str, **headers: str) -> int:
        return self.get(path, **headers)[0]

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()
        except OSError:
            return 0, {}, b""

    def connect(self, sent: bytes = b"", *, buffer: int = 0) -> socket.socket:
        link = socket.socket()
        if buffer:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        link.settimeout(120)
        link.connect(("127.0.0.1", self.port))
        link.sendall(sent)
        return link

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(60)
        until(lambda: self.worker.holder() is None, "the worker has gone")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def serve(**settings: Any) -> Served:
        started.append(Served(tmp_path, **settings))
        return started[-1]

    yield serve
    for served in started:
        served.end()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served"))
    yield served
    served.end()


def record(data: Path, make_frame: Callable[..., Any], count: int) -> list[str]:
    """Ids of so many runs with one frame each."""
    catalog = Catalog(data)
    rows = catalog.add_all([CONFIG.replace(seed=seed) for seed in range(count)], "somebody")
    for row in rows:
        with RunWriter(run_path(data, row.id), row.id, row.config, 1) as writer:
            writer.append(replace(make_frame(row.config), param_norms={"w": 1.0}))
        catalog.stop(row.id, "Stopped.")
    catalog.close()
    return [row.id for row in rows]


async def visit(served: Served, run: str) -> None:
    """One who opens the page of a run, sees it and goes."""
    address = f"ws://127.0.0.1:{served.port}/_stcore/stream"
    async with websockets.connect(address, subprotocols=["streamlit"], max_size=None) as link:  # pyright: ignore
        asked = BackMsg()
        asked.rerun_script.query_string, asked.rerun_script.page_name = f"run={run}", "gradient_flow"
        await link.send(asked.SerializeToString())
        while True:
            heard = ForwardMsg()
            heard.ParseFromString(await link.recv())  # pyright: ignore
            if heard.WhichOneof("type") == "script_finished":
                return


def test_81_visits_of_as_many_runs_leave_most_of_256_descriptors(tmp_path, own, make_frame) -> None:
    runs = record(tmp_path / "data", make_frame, 81)
    served = own(files=256)
    most = 0
    for run in runs:
        asyncio.run(visit(served, run))
        assert served.status(f"/runs/{run}/board") == 200
        most = max(most, served.descriptors())
    assert most < 128 and "Too many" not in served.log


MALFORMED = {
    "garbage": b"\x00\x01garbage\r\n\r\n",
    "a handshake of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 60,
    "a chunk that is none": b"POST / HTTP/1.1\r\nHost: HERE\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a percent that is none": b"GET /runs/%zz%ff%ed%a0%80/board?page=%ff HTTP/1.1\r\nHost: HERE\r\n\r\n",
    "a host that is none": b"GET / HTTP/1.1\r\nHost: [\r\n\r\n",
    "a range that is none": b"GET /index.html HTTP/1.1\r\nHost: HERE\r\nRange: bytes=9-1\r\n\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: -1\r\n\r\n",
    "a huge header": b"GET / HTTP/1.1\r\nHost: HERE\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    "an upload": b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: HERE\r\nContent-Length: 3\r\n\r\nabc",
}
SOCKET = b"GET /_stcore/stream HTTP/1.1\r\nHost: %b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n%b"
MALFORMED |= {
    "a socket's origin": SOCKET % (b"HERE", b"Origin: http://[bad\r\n", b""),
    "a socket's host": SOCKET % (b"\xff", b"", b""),
    "a frame": SOCKET % (b"HERE", b"", b"\xff\xff\xff\xff"),
    "a message": SOCKET % (b"HERE", b"Sec-WebSocket-Protocol: streamlit\r\n", b"\x82\x83\0\0\0\0\xff\xff\xff"),
}


def test_malformed_requests_leave_no_trace_in_the_log(served) -> None:
    for request in MALFORMED.values():
        with served.connect(request.replace(b"HERE", f"127.0.0.1:{served.port}".encode())) as link:
            link.settimeout(1)
            try:
                while link.recv(65536):
                    pass
            except OSError:
                continue
    assert served.status("/_stcore/health") == 200
    assert "Traceback" not in served.log, served.log


def test_connections_that_say_or_read_nothing_are_closed(served) -> None:
    host = f"Host: 127.0.0.1:{served.port}\r\n".encode()
    health = b"GET /_stcore/health HTTP/1.1\r\n" + host
    _, _, page = served.get("/")
    name = page.decode().split('src="./static/js/')[1].split('"')[0]
    script = f"GET /static/js/{name} HTTP/1.1\r\n".encode() + host + b"\r\n"
    before = served.descriptors()
    deaf = served.connect(script * 40, buffer=4096)
    silent = [served.connect(sent) for sent in (b"", b"GET / HT", health, health + b"\r\n" + health)]
    until(lambda: served.descriptors() > before, "they are accepted")
    for link in silent:
        answer = b""
        while piece := link.recv(65536):  # until the server closes it
            answer += piece
        assert answer.count(b"200 OK") == (link is silent[-1])
        link.close()
    until(lambda: served.descriptors() <= before, "the deaf one is closed, though nothing of the answer was read")
    deaf.close()


def test_headers_and_refusals_of_the_running_server(served) -> None:
    for path in ("/", "/_stcore/health", "/runs/nothing-here/board", "/nothing"):
        headers = {name.lower(): value for name, value in served.get(path)[1].items()}
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
    assert served.status("/", Host="evil.example") == 421
    assert served.get("/_stcore/upload_file/a/b", "PUT")[0] == 403


def problem(served: Served, run: str) -> str:
    status, _, body = served.get(f"/runs/{run}/board?views=strip")
    return json.loads(body)["transport"]["problem"] if status == 200 else ""


def test_a_worker_that_cannot_be_started_is_said_on_the_page_and_in_the_log(tmp_path, own, make_frame) -> None:
    (run,) = record(tmp_path / "data", make_frame, 1)
    (tmp_path / "data" / "worker.log").mkdir()
    served = own()
    until(lambda: problem(served, run).startswith("The worker that trains cannot be started: Is a directory"))
    assert "The worker that trains cannot be started" in served.log
    (tmp_path / "data" / "worker.log").rmdir()
    until(lambda: served.worker.holder() and not problem(served, run), "it is tried again")


def test_a_closed_terminal_and_a_second_ctrl_c_end_server_and_worker(own) -> None:
    served = own()
    deaf = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN  # under nohup nobody hears that a terminal was closed
    for signals in (*([] if deaf else [[signal.SIGHUP]]), [signal.SIGINT, signal.SIGINT]):
        until(served.worker.holder, "a worker")
        for number in signals:
            served.process.send_signal(number)
            time.sleep(0.2)  # a person's two keystrokes; nothing depends on it
        served.process.wait(60)
        until(lambda: served.worker.holder() is None, "the worker leaves")
        assert "Traceback" not in served.log, served.log
        served.start()


def test_a_killed_server_s_worker_leaves_unless_another_server_comes(own) -> None:
    served = own()
    until(served.worker.holder, "a worker")
    worker = served.worker.holder()
    served.process.kill()
    served.process.wait()
    served.start()
    until(lambda: "serves" in (served.data / "worker.log").read_text(), "it is at work")
    assert served.worker.holder() == worker
    served.process.kill()
    served.process.wait()
    until(lambda: served.worker.holder() is None, "nobody came")
    assert "no server has minded it" in (served.data / "worker.log").read_text()


def test_a_setting_that_cannot_be_is_one_sentence(tmp_path) -> None:
    environment = os.environ | {"UNROLLED_DATA": str(tmp_path / "data"), "UNROLLED_HOSTS": "http://a.org"}
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port=0"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode and "error: `UNROLLED_HOSTS` (=http://a.org) must be names" in done.stderr
    assert "Traceback" not in done.stderr
