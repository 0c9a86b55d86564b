"""Sweeps on a lab: killed in the middle one ends with every run once; held, it rests; what others trained counts."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO

import pandas as pd
import pytest

from core.__main__ import main
from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.client import Lab
from core.lab.sweeps import Sweeps
from core.store import Ended, load_run
from core.sweep import sweep
from core.training import train

SMALL = ["task.length=12", "cell.hidden_size=2", "batch_size=2", "steps=8"]
AXES = ["cell.name=rnn,gru", "lr=log:0.001:0.1:5", "batch_size=2,3"]
SIXTY = ["sweep", *AXES, "--seeds", "3", "--set", *SMALL]


@pytest.fixture
def own_signals() -> Iterator[None]:
    """A worker in this process takes the signals; they are given back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers):
        signal.signal(number, handler)


@pytest.mark.slow
def test_sixty_runs_killed_in_the_middle_and_started_again_are_exactly_sixty_results(
    lab: Lab, wait_until, own_signals: None, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = lab.catalog
    first = subprocess.Popen([sys.executable, "-m", "core", *SIXTY], stderr=subprocess.DEVNULL)
    wait_until(lambda: len(catalog.list("finished")) >= 5 or first.poll() is not None, "some are through")
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = {row.id for row in catalog.list("finished")}
    assert 5 <= len(before) < 60

    assert main([*SIXTY, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = catalog.list("finished")
    assert len(told["runs"]) == len(rows) == len({row.digest for row in rows}) == 60
    assert {run["run"] for run in told["runs"]} == {row.id for row in rows} > before
    assert len(list((lab.folder / "runs").glob("*.sqlite"))) == 60 and not catalog.list("queued", "running", "paused")

    assert main([*SIXTY, "--csv"]) == 0  # all there: nothing is trained
    said = capsys.readouterr()
    table = pd.read_csv(StringIO(said.out))
    assert "all of them there already" in said.err and len(table) == 60 and set(table["seed"]) == {0, 1, 2}
    for told_run in (told["runs"][0], told["runs"][-1]):
        config = load_run(told_run["run"], lab.folder).config
        assert config.to_flat()["lr"] == told_run["lr"] and config.cell.name == told_run["cell.name"]
        *_, last = train(config)
        stored = load_run(told_run["run"], lab.folder).frame(config.steps)
        assert stored is not None and (stored.loss, *stored.flow) == (last.loss, *last.flow)
        assert told_run["score"] == last.score


SMALL_CONFIG = RunConfig.from_flat(dict(pair.split("=") for pair in SMALL))


def test_a_sweep_is_held_and_goes_on_and_counts_what_others_trained(lab: Lab) -> None:
    sweeps, wanted = Sweeps(lab), sweep(SMALL_CONFIG, ["lr=0.1,0.2"], seeds=2)
    other = lab.submit(wanted.in_turn[0], "you")
    results = sweeps.start(wanted, "me")
    assert results.count("waiting") == 4 and results.runs[0].run == other.id  # joined
    assert sweeps.find(wanted.digest) == wanted and sweeps.started("me") == [wanted] and sweeps.started("you") == []
    assert not results.through and results.verdict is None and results.share == 0
    sweeps.hold(wanted, "me")
    assert sweeps.look(wanted).count("paused") == 3 and lab.info(other.id).status == "queued"
    sweeps.start(wanted, "me")
    assert sweeps.look(wanted).count("waiting") == 4 and len(lab.catalog.list("queued", "paused")) == 4
    sweeps.forget(wanted, "me")
    assert sweeps.started("me") == [] and sweeps.find(wanted.digest) is None
    sweeps.note(wanted)
    assert sweeps.find(wanted.digest) == wanted and sweeps.started("me") == []


def test_a_sweep_gives_way_to_other_runs_and_has_a_share_of_its_own(lab: Lab, monkeypatch) -> None:
    wanted = sweep(SMALL_CONFIG, ["lr=linear:0.1:0.4:30"], seeds=2)
    sweeps = Sweeps(lab)
    sweeps.start(wanted, "me")  # 60 runs, where a visitor may have 24 beside
    mine = lab.submit(SMALL_CONFIG.replace(lr=0.7), "me")
    assert lab.info(mine.id).position == 0
    first = lab.catalog.claim()
    assert first is not None and first.id == mine.id
    lab.catalog.settle(first.id, first.attempt, Ended("stopped", 3))
    begun = [row for row in (lab.catalog.claim(), lab.catalog.claim()) if row]
    assert [row.config for row in begun] == wanted.in_turn[:2]
    lab.catalog.settle(begun[0].id, begun[0].attempt, Ended("queued", 3))  # held up, it goes on before others begin
    again = lab.catalog.claim()
    assert again is not None and again.id == begun[0].id
    orders = lab.catalog.orders(begun[1].id, begun[1].attempt)
    assert orders is not None and orders.waiting == 0
    with pytest.raises(UnrolledError, match="hours of a processor"):
        Sweeps(Lab(lab.folder, limits=type(lab.limits)(minutes=0.001))).start(
            sweep(SMALL_CONFIG.replace(steps=5000), ["lr=linear:0.1:0.4:40"]), "you"
        )
