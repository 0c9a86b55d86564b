"""Nothing is lost by a reload, a closed page, a lost connection or a killed process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from core.lab.client import Lab

pytestmark = pytest.mark.browser
LONG = 8000


def test_a_reload_in_the_midst_of_training(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=401, steps=LONG)
    run = visitor.train(beyond=50)
    seen = visitor.step
    visitor.page.reload()
    visitor.beyond(seen)
    assert visitor.address["run"] == run
    visitor.pause()  # it is still theirs to steer
    assert visitor.address["run"] == run


def test_training_goes_on_without_a_page(server: Any, flow: Any, eventually: Any) -> None:
    visitor = flow(server, seed=402, steps=LONG)
    run = visitor.train()
    seen, link = visitor.step, visitor.page.url
    visitor.page.context.close()
    lab = Lab(server.data)
    eventually(lambda: lab.info(run).step > seen + 100)
    other = flow(server, link=link)
    assert other.step > seen + 100
    other.beyond(other.step)


def test_a_lost_connection_comes_back(server: Any, flow: Any, offline: Callable[[Any, bool], None]) -> None:
    visitor = flow(server, seed=403, steps=LONG)
    visitor.train()
    offline(visitor, True)
    notice = visitor.page.locator(".ub-notice")
    expect(notice).to_contain_text("Reconnecting")
    seen = visitor.step
    offline(visitor, False)
    visitor.beyond(seen)
    expect(notice).to_be_hidden()


def test_a_run_survives_kill_9_of_its_process_and_of_the_worker(own_server: Any, flow: Any) -> None:
    visitor = flow(own_server, seed=404, steps=600)
    run = visitor.train(beyond=50)
    processes = own_server.relatives()
    trainers = [pid for pid, command in processes.items() if "core worker" not in command]
    assert trainers and len(processes) == len(trainers) + 1
    for pid in trainers:
        os.kill(pid, signal.SIGKILL)
    seen = visitor.beyond(visitor.step + 50)
    for pid, command in own_server.relatives().items():  # the one of now: it may have been started again itself
        if "core worker" in command:
            os.kill(pid, signal.SIGKILL)
    visitor.beyond(seen + 50)
    expect(visitor.where).to_contain_text("finished", timeout=90_000)
    visitor.at(600)
    assert visitor.address["run"] == run
