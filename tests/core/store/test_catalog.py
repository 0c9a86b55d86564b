import random
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from core.config import RunConfig
from core.errors import UnrolledError
from core.store import Catalog, Ended, RunFileError, StorageFull, run_path
from core.store.catalog import UNREADABLE
from core.store.folder import new_run_id, run_size


@pytest.fixture
def catalog():
    catalog = Catalog()
    yield catalog
    catalog.close()


def begun(catalog: Catalog, config: RunConfig):
    """A run that a trainer has."""
    catalog.add(config, "me")
    row = catalog.claim()
    assert row is not None
    return row


def test_a_missing_folder_is_made(tmp_path, config) -> None:
    catalog = Catalog(tmp_path / "deep" / "down")
    row = catalog.add(config, "me")
    assert catalog.get(row.id) == row
    catalog.close()


def test_ids_are_random_and_no_options() -> None:
    ids = {new_run_id() for _ in range(2000)}
    assert len(ids) == 2000 and not any(run_id.startswith("-") for run_id in ids)


@pytest.mark.parametrize("text", ["../catalog", "a/b", "", "x" * 100, "..", "abc\0def"])
def test_only_an_id_names_a_run_file(tmp_path, text) -> None:
    with pytest.raises(ValueError):
        run_path(tmp_path, text)


def test_runs_are_claimed_in_order_and_once(catalog, config) -> None:
    rows = [catalog.add(config.replace(seed=seed), "me") for seed in range(3)]
    assert [catalog.position(row) for row in rows] == [0, 1, 2]
    assert [catalog.claim().id for _ in rows] == [row.id for row in rows]
    assert catalog.claim() is None
    assert all(row.status == "running" and row.attempt == 1 for row in catalog.list("running"))


def test_a_run_that_never_had_a_turn_comes_before_one_that_goes_back(catalog, config) -> None:
    first = begun(catalog, config)
    catalog.settle(first.id, 1, Ended("queued", 40))
    fresh = catalog.add(config.replace(seed=1), "me")
    assert catalog.position(catalog.get(first.id)) == 1 and catalog.position(fresh) == 0
    assert [catalog.claim().id, catalog.claim().id] == [fresh.id, first.id]


def test_a_visitor_with_many_runs_gets_no_more_of_the_machine_than_one_with_one(catalog, config) -> None:
    mine = catalog.add_all([config.replace(seed=seed) for seed in range(5)], "me")
    yours = catalog.add(config, "you")
    assert [catalog.position(row) for row in (*mine[:2], yours)] == [0, 2, 1]
    assert [catalog.claim().id, catalog.claim().id] == [mine[0].id, yours.id]  # two processes
    for turn in range(3):  # yours goes back and comes again, whatever else I have waiting
        catalog.settle(yours.id, turn + 1, Ended("queued", 10))
        assert catalog.position(catalog.get(yours.id)) == 0
        assert catalog.claim().id == yours.id
    catalog.settle(mine[0].id, 1, Ended("queued", 10))
    assert catalog.claim().id == mine[1].id  # of mine a fresh one first


def test_with_one_process_owners_take_turns(catalog, config) -> None:
    catalog.add_all([config.replace(seed=seed) for seed in range(3)], "me")
    catalog.add(config, "you")
    owners = []
    for _ in range(6):
        row = catalog.claim()
        owners.append(row.owner)
        catalog.settle(row.id, row.attempt, Ended("queued", 10))
    assert owners == ["me", "you"] * 3


def test_runs_are_added_in_order(catalog, config) -> None:
    rows = catalog.add_all([config.replace(seed=seed) for seed in (3, 1, 2)], "me", until=4)
    assert [row.config.seed for row in rows] == [3, 1, 2] and {row.until for row in rows} == {4}
    assert catalog.add_all([], "me") == []


def test_later_waves_have_their_turns_when_the_earlier_ones_are_over(catalog, config, monkeypatch) -> None:
    """Two runs of the first wave and two of the second: the second is no reason for the first to give way."""
    monkeypatch.setattr("core.store.catalog.time.time", iter(range(1000, 9000)).__next__)
    rows = catalog.add_all([config.replace(seed=seed) for seed in range(4)], "me", waves=[1, 0, 1, 0])
    seeds = []
    while row := catalog.claim():
        seeds.append(row.config.seed)
        orders = catalog.orders(row.id, row.attempt)
        assert (orders.waiting, orders.fresh) == ((1, 1), (0, 0), (1, 1), (0, 0))[len(seeds) - 1]
        catalog.settle(row.id, row.attempt, Ended("finished", 9))
    assert seeds == [1, 3, 0, 2]
    catalog.delete(rows[0].id)
    with catalog.read() as connection:
        assert connection.exec_driver_sql("SELECT run FROM waves").scalars().all() == [rows[2].id]


def test_runs_are_found_by_digest_status_and_owner(catalog, config) -> None:
    row = catalog.add(config, "me")
    assert catalog.find(config.digest(), "queued").id == row.id
    assert catalog.find(config.digest(), "finished") is None
    assert catalog.find(config.digest(), "queued", owner="you") is None
    assert catalog.find(config.replace(seed=9).digest(), "queued") is None


def test_orders_are_for_the_current_attempt(catalog, config) -> None:
    row = begun(catalog, config)
    orders = catalog.orders(row.id, 1)
    assert (orders.wanted, orders.until, orders.waiting) == ("run", None, 0)
    assert catalog.orders(row.id, 2) is None
    catalog.pause(row.id)
    assert catalog.orders(row.id, 1).wanted == "pause"
    catalog.resume(row.id, until=7)
    assert (catalog.orders(row.id, 1).wanted, catalog.orders(row.id, 1).until) == ("run", 7)


def test_what_only_waits_is_paused_and_stopped_at_once(catalog, config) -> None:
    row = catalog.add(config, "me")
    catalog.pause(row.id)
    assert catalog.get(row.id).status == "paused" and catalog.claim() is None
    catalog.resume(row.id)
    assert catalog.get(row.id).status == "queued"
    catalog.stop(row.id, "Stopped.")
    assert (catalog.get(row.id).status, catalog.get(row.id).outcome) == ("stopped", "Stopped.")
    catalog.resume(row.id)
    assert catalog.get(row.id).status == "stopped"


@pytest.mark.parametrize(
    "command, ended, status",
    [
        (None, Ended("finished", 9, "Done."), "finished"),
        (None, Ended("queued", 9), "queued"),
        ("pause", Ended("queued", 9), "paused"),
        ("stop", Ended("queued", 9), "stopped"),
        ("pause", Ended("paused", 9), "paused"),
        ("resume", Ended("paused", 9), "queued"),  # paused and resumed before the trainer was out
        ("stop", Ended("paused", 9), "stopped"),
        ("step", Ended("paused", 9), "queued"),  # another step was asked for meanwhile
        ("step", Ended("paused", 10), "paused"),
        (None, Ended("paused", 9, "The disk is full."), "paused"),
    ],
)
def test_how_a_stint_ends_meets_what_was_wanted_last(catalog, config, command, ended, status) -> None:
    row = begun(catalog, config)
    commands = {
        "pause": lambda: catalog.pause(row.id),
        "stop": lambda: catalog.stop(row.id, ""),
        "resume": lambda: (catalog.pause(row.id), catalog.resume(row.id)),
        "step": lambda: catalog.resume(row.id, until=10),
        None: lambda: None,
    }
    commands[command]()
    catalog.settle(row.id, 1, ended)
    assert (catalog.get(row.id).status, catalog.get(row.id).step) == (status, ended.step)


def test_only_the_current_attempt_settles(catalog, config) -> None:
    row = begun(catalog, config)
    catalog.settle(row.id, 5, Ended("finished", 9))
    assert catalog.get(row.id).status == "running"
    catalog.settle("nobody-here", 1, Ended("finished", 9))


def test_failures_count_crashes_without_progress(catalog, config) -> None:
    row = begun(catalog, config)
    for attempt, step, failures in ((1, -1, 1), (2, -1, 2), (3, 50, 0), (4, 50, 1)):
        catalog.settle(row.id, attempt, Ended("queued", step, crashed=True))
        assert catalog.get(row.id).failures == failures
        catalog.claim()


def test_deleting_takes_the_files_too(catalog, config) -> None:
    row = catalog.add(config, "me")
    path = run_path(catalog.folder, row.id)
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).write_bytes(b"x")
    path.with_suffix(".lock").touch()
    assert run_size(path) == 3
    catalog.delete(row.id)
    assert catalog.get(row.id) is None and list(path.parent.iterdir()) == []


def test_changes_are_noticed_whoever_made_them(catalog, config) -> None:
    other = Catalog(catalog.folder)
    assert catalog.changed() and not catalog.changed()
    other.add(config, "you")
    assert catalog.changed() and not catalog.changed()
    catalog.add(config, "me")
    assert catalog.changed() and not catalog.changed()
    other.close()


def test_a_damaged_catalog_is_a_sentence(catalog) -> None:
    catalog.path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(RunFileError, match=r"damaged \(file is not a database\)\. Move it away"):
        catalog.get("abcdefgh")


def test_a_full_disk_is_a_sentence(catalog, config) -> None:
    with catalog.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageFull, match=r"full\. Free some space"):
        for seed in range(500):
            catalog.add(config.replace(seed=seed), "me")
    assert catalog.claim() is not None


def test_threads_share_a_catalog(catalog, config) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda seed: catalog.add(config.replace(seed=seed), "me").id, range(40)))
        claimed = list(pool.map(lambda _: catalog.claim().id, range(40)))
    assert sorted(claimed) == sorted(ids)


WRITE_MUCH = """
import sys
from core.config import RunConfig
from core.errors import UnrolledError
from core.store import Catalog, Ended
catalog, name = Catalog(sys.argv[1]), sys.argv[2]
config = RunConfig.preset("temporal-order-lstm")
for seed in range(15):
    row = catalog.add(config.replace(seed=seed), name)
    catalog.pause(row.id)
    catalog.orders(row.id, 0)
    catalog.resume(row.id)
    claimed = catalog.claim()
    assert claimed is not None
    catalog.settle(claimed.id, claimed.attempt, Ended("finished", seed))
catalog.close()
"""


@pytest.mark.slow
def test_many_processes_share_a_catalog(catalog) -> None:
    catalog.list("queued")
    command = [sys.executable, "-c", WRITE_MUCH, str(catalog.folder)]
    writers = [subprocess.Popen([*command, f"writer {n}"]) for n in range(8)]
    assert [writer.wait() for writer in writers] == [0] * 8
    rows = catalog.list("finished")
    assert len(rows) == 8 * 15 and all(row.attempt == 1 for row in rows)
    with sqlite3.connect(catalog.path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_a_damaged_catalog_that_is_moved_away_is_begun_anew(catalog, config) -> None:
    catalog.add(config, "me")
    catalog.path.write_bytes(b"not a database at all" * 500)
    for _ in range(2):
        with pytest.raises(RunFileError):
            catalog.changed()
    catalog.path.rename(catalog.path.with_suffix(".damaged"))
    assert catalog.list("queued") == [] and catalog.add(config, "me").status == "queued"


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_is_read_or_said_but_never_a_crash(catalog, config, seed) -> None:
    rows = [catalog.add(config.replace(seed=k), "me") for k in range(12)]
    catalog.close()
    draw, content = random.Random(seed), bytearray(catalog.path.read_bytes())
    for _ in range(draw.choice((1, 20, 2000))):
        content[draw.randrange(100 if seed % 4 == 0 else len(content))] = draw.randrange(256)
    catalog.path.write_bytes(content)
    for look in (lambda: catalog.get(rows[3].id), lambda: catalog.list("queued"), catalog.claim, catalog.changed,
                 lambda: catalog.pause(rows[4].id), lambda: catalog.find(rows[5].digest, "queued"),
                 lambda: catalog.orders(rows[6].id, 0)):  # fmt: skip
        with suppress(UnrolledError):
            look()


def test_a_row_of_another_version_fails_with_a_sentence_and_holds_up_nobody(catalog, config) -> None:
    old, new = catalog.add(config, "me"), catalog.add(config.replace(seed=1), "me")
    with catalog.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET config = '{\"cells\": 3}' WHERE id = ?", (old.id,))
    assert catalog.get(old.id) is None and [row.id for row in catalog.list("queued")] == [new.id]
    assert catalog.claim().id == new.id and catalog.claim() is None
    with catalog.read() as connection:
        found = connection.exec_driver_sql("SELECT status, outcome FROM runs WHERE id = ?", (old.id,)).one()
    assert found == ("failed", UNREADABLE)


def test_a_catalog_that_another_program_holds_is_a_sentence(catalog, config, monkeypatch) -> None:
    monkeypatch.setattr("core.store.database.BUSY_SECONDS", 0.0)
    catalog.add(config, "me")
    other = sqlite3.connect(catalog.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageFull, match="held by another program"):
        catalog.add(config, "me")
    other.close()
