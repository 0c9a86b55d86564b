import pytest

from core.store import Catalog, Ended, run_path
from core.store.retention import limit_bytes, make_room, total_bytes


@pytest.fixture
def catalog(config):
    """Four finished runs of 1000 bytes, a paused, a running and a queued one."""
    catalog = Catalog()
    for seed in range(7):
        row = catalog.add(config.replace(seed=seed), "me")
        run_path(catalog.folder, row.id).write_bytes(b"x" * 1000)
        if seed < 6:
            catalog.claim()
        if seed < 5:
            catalog.settle(row.id, 1, Ended("finished" if seed < 4 else "paused", 9, "Paused: the disk." * (seed == 4)))
    yield catalog
    catalog.close()


def seeds(catalog: Catalog) -> list[int]:
    rows = catalog.list("finished", "paused", "running", "queued")
    return sorted(row.config.seed for row in rows)


def test_nothing_goes_while_there_is_room(catalog) -> None:
    assert total_bytes(catalog.folder) == 7000
    assert make_room(catalog, 7000, recent=0) == [] and make_room(catalog, recent=0) == []


def test_what_nobody_opened_lately_goes_first(catalog) -> None:
    catalog.opened(next(row.id for row in catalog.list("finished") if row.config.seed == 0))
    assert len(make_room(catalog, 5500, recent=0)) == 2
    assert seeds(catalog) == [0, 3, 4, 5, 6]
    assert total_bytes(catalog.folder) == 5000


def test_what_trains_or_waits_never_goes(catalog) -> None:
    make_room(catalog, 0, recent=0)
    assert seeds(catalog) == [5, 6]


def test_what_was_opened_just_now_stays(catalog) -> None:
    assert make_room(catalog, 0) == []


def test_the_bound_is_the_hosts(monkeypatch) -> None:
    assert limit_bytes() == 5e9
    monkeypatch.setenv("UNROLLED_MAX_GB", "0.5")
    assert limit_bytes() == 5e8
