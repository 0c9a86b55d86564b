"""The server's life as a visitor sees it: may be killed without loss, and stops clean."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_a_run_survives_every_kill_and_a_stopped_server_leaves_no_process(
    own_server: Any, flow: Any, eventually: Any
) -> None:
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
    eventually(lambda: workers(own_server))
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
