"""A worker's sign of life, and its log lines."""

import json
import logging
import math
import os

from core.lab.heartbeat import Heartbeat
from core.lab.logs import JsonLines


def test_its_age_is_that_of_the_asked_process_alone(tmp_path, monkeypatch) -> None:
    heartbeat = Heartbeat(tmp_path)
    assert heartbeat.age(os.getpid()) == math.inf
    heartbeat.beat()
    assert 0 <= heartbeat.age(os.getpid()) < 60
    assert heartbeat.age(os.getpid() + 1) == math.inf and heartbeat.age(None) == math.inf
    heartbeat.path.write_text(f"{os.getpid()} 1e18")  # of another boot: later than now
    assert heartbeat.age(os.getpid()) == math.inf
    heartbeat.path.write_bytes(b"\xff\x00")
    assert heartbeat.age(os.getpid()) == math.inf


def test_a_disk_that_refuses_stops_nobody(tmp_path) -> None:
    Heartbeat(tmp_path / "missing").beat()


def test_a_line_of_json_says_the_run_and_the_trace() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError as error:
        record = logging.LogRecord(
            "unrolled.worker", logging.ERROR, "", 0, "run %s: “%s”", ("r1", "no\n"), (ValueError, error, None)
        )
    record.run = "r1"
    line = JsonLines().format(record)
    said = json.loads(line)
    assert "\n" not in line and said["run"] == "r1" and said["level"] == "error" and said["message"] == "run r1: “no\n”"
    assert said["trace"].endswith("ValueError: a\nb") and said["time"].endswith("+00:00")
