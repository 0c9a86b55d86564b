"""What a visitor brings is part of the run: trained, copied and deleted with it, and nothing is left."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from core import RunConfig, load_run, own_data, train
from core.brought import with_data
from core.errors import ConfigError, UnrolledError
from core.lab.client import Lab, hashed
from core.lab.trainer import run_stint
from core.own_data import DataMissing, Table, shelf
from core.own_data.content import unpacked
from core.store import export
from core.store.folder import own_data_path, run_path
from core.store.own_data import KEPT_SECONDS

SMALL = {"task.length": 8, "cell.hidden_size": 3, "batch_size": 4, "steps": 4}


def made(seed: int) -> Table:
    values = np.sin(np.arange(200) / 3)[:, None] + np.random.default_rng(seed).normal(0, 0.1, (200, 1))
    return Table((f"of {seed}",), values)


def forget_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """As another process begins: nothing at hand, no place known."""
    monkeypatch.setattr(shelf, "_at_hand", type(shelf._at_hand)(shelf.AT_HAND))
    monkeypatch.setattr(shelf, "_places", {})


def bring(lab: Lab, owner: str, seed: int) -> RunConfig:
    data = made(seed)
    lab.bring(data, owner)
    return with_data(RunConfig.from_flat({"task.name": "own-series"} | SMALL), data)


def trained(lab: Lab, config: RunConfig, owner: str) -> str:
    info = lab.submit(config, owner)
    row = lab.catalog.claim()
    assert row is not None and row.id == info.id
    lab.catalog.settle(row.id, row.attempt, run_stint(str(lab.folder), row.id, row.attempt))
    return info.id


def test_it_trains_where_nothing_is_at_hand_and_goes_with_the_last_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(tmp_path)
    config = bring(lab, "ann", 1)
    digest = config.task.data_digest
    lab.request_preview(config)
    forget_all(monkeypatch)
    lab = Lab(tmp_path)
    one = trained(lab, config, "ann")
    two = trained(lab, config.replace(seed=5), "bob")  # who was given the link
    expected = [frame.loss for frame in train(config)]
    assert [frame.loss for frame in load_run(run_path(tmp_path, one)).frames()] == expected
    lab.delete(one, "ann")
    assert own_data_path(tmp_path, digest).exists() and own_data.known(digest)
    lab.delete(two, "bob")
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not own_data_path(tmp_path, digest).exists() and made(1).values.tobytes() not in left
    forget_all(monkeypatch)
    with pytest.raises(DataMissing, match=r"`task.data` .* Upload the file again"):
        Lab(tmp_path).submit(config, "ann")


def test_a_copy_of_the_run_has_all_that_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere it is read, and trained from, by the file alone."""
    here, there = Lab(tmp_path / "here"), Lab(tmp_path / "there")
    config = bring(here, "ann", 2)
    run = trained(here, config, "ann")
    export(load_run(run_path(here.folder, run)), run_path(there.folder, run))
    here.delete(run, "ann")
    forget_all(monkeypatch)
    there = Lab(tmp_path / "there")
    info = there.info(run)
    assert info is not None and info.config == config
    assert unpacked(own_data.content(config.task.data_digest).body, made(2).digest).names == ("of 2",)  # type: ignore[union-attr]
    assert trained(there, config.replace(seed=8), "bob")


def test_what_nobody_trains_on_goes_after_a_day(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    used, unused = bring(lab, "ann", 3), bring(lab, "ann", 4)
    lab.submit(used, "ann")
    lab.own_data.sweep()
    paths = [own_data_path(tmp_path, config.task.data_digest) for config in (used, unused)]
    assert all(path.exists() for path in paths)
    for path in paths:
        os.utime(path, (0, 0))
    lab.own_data.sweep(-1.0)  # all were brought before that
    assert [path.exists() for path in paths] == [True, False] and KEPT_SECONDS == 24 * 3600
    stray = paths[1]
    stray.write_bytes(made(4).body)  # as a run leaves it that was removed to make room
    os.utime(stray, (time.time() - 2 * KEPT_SECONDS,) * 2)
    lab.own_data.sweep()
    assert not stray.exists()


def test_a_visitor_has_a_share_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what no run needs the oldest makes room; what runs need is not taken from them."""
    size = len(made(0).body)
    monkeypatch.setenv("UNROLLED_MAX_OWN_MB", str(2.5 * size / 1e6))
    lab = Lab(tmp_path)
    first, second, third = (bring(lab, "ann", seed) for seed in (5, 6, 7))
    there = [own_data_path(tmp_path, config.task.data_digest).exists() for config in (first, second, third)]
    assert there == [False, True, True]
    for config in (second, third):
        lab.submit(config, "ann")
    with pytest.raises(UnrolledError, match=r"as much as one visitor may have. Delete a run"):
        bring(lab, "ann", 8)
    assert bring(lab, "bob", 8) and hashed("ann") != hashed("bob")


@pytest.mark.parametrize("digest", ["../../etc/passwd", "x" * 32, "0" * 32, "A" * 32])
def test_what_names_nothing_is_a_sentence(tmp_path: Path, digest: str) -> None:
    lab = Lab(tmp_path)
    with pytest.raises(ConfigError, match=r"`task.data`"):
        config = RunConfig.from_flat({"task.name": "own-series", "task.data": digest})
        lab.request_preview(config)


def test_damaged_data_is_not_taken_for_the_right_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(tmp_path)
    config = bring(lab, "ann", 9)
    path = own_data_path(tmp_path, config.task.data_digest)
    path.write_bytes(made(10).body)
    forget_all(monkeypatch)
    Lab(tmp_path)
    with pytest.raises(DataMissing):
        config.task.check()
