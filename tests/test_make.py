"""What `make` says before it does anything."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "-s", *arguments], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("port", ["99999", "65536", "0", "-1", "abc", "8501x", "", "99999999999999999999"])
def test_a_port_that_cannot_be_is_a_sentence(port: str) -> None:
    done = make("port", f"PORT={port}")
    assert done.returncode and f"PORT (={port}) must be a whole number from 1 to 65535" in done.stderr


def test_the_app_is_for_this_machine_alone_unless_a_word_opens_it() -> None:
    assert make("port").returncode == 0
    closed, opened = (make("-n", "run", *words).stdout for words in ((), ("OPEN=1",)))
    assert "--server.address 127.0.0.1" in closed and "--server.address 0.0.0.0" in opened
    assert "make run OPEN=1" in closed and "app.address" in opened and "OPEN=1" in make("help").stdout
