from core.store.turns import Waiting, in_turn


def waiting(*runs: str) -> list[Waiting]:
    """``"a1"``: the run 1 of owner a, begun; with a star it is fresh. Queued one second after the other."""
    return [Waiting(run.rstrip("*"), (run[0],), run.endswith("*"), float(at)) for at, run in enumerate(runs)]


def test_an_owner_s_runs_begin_with_the_fresh_ones_then_by_queue_time() -> None:
    assert in_turn(waiting("a1", "a2*", "a3", "a4*"), {}, {"a": 9.0}) == ["a2", "a4", "a1", "a3"]


def test_an_owner_s_later_waves_wait_for_the_earlier_ones_and_nobody_else_does() -> None:
    runs = [Waiting("a2", ("a",), True, 0.0, 1), Waiting("a1", ("a",), False, 5.0), Waiting("b1", ("b",), True, 9.0, 2)]
    assert in_turn(runs, {}, {"a": 1.0}) == ["b1", "a1", "a2"]
    assert in_turn(runs[:2], {}, {}) == ["a1", "a2"]


def test_twelve_runs_of_one_take_no_more_turns_than_one_of_another() -> None:
    runs = waiting(*[f"a{k}*" for k in range(12)], "b1*")
    assert in_turn(runs, {}, {})[:3] == ["a0", "b1", "a1"]
    assert in_turn(runs[1:], {"a": 1}, {})[0] == "b1"  # a has a process


def test_who_has_a_run_at_work_comes_after_who_has_none() -> None:
    assert in_turn(waiting("a1*", "a2*", "b1", "c1"), {"a": 2, "c": 1}, {"b": 50.0, "c": 1.0}) == [
        "b1", "c1", "a1", "a2",
    ]  # fmt: skip


def test_among_equals_whoever_had_a_turn_longest_ago() -> None:
    assert in_turn(waiting("a1", "b1", "c1"), {}, {"a": 30.0, "b": 10.0, "c": 20.0}) == ["b1", "c1", "a1"]


def test_a_new_run_is_seen_at_once_but_not_the_next_of_a_dozen() -> None:
    begun = waiting("b1", "c1")
    new = [Waiting("a1", ("a",), True, 100.0)]
    assert in_turn(begun + new, {}, {"a": 99.0, "b": 5.0, "c": 6.0})[0] == "a1"  # put there after a's last turn
    assert in_turn(begun + new, {}, {"a": 101.0, "b": 5.0, "c": 6.0})[-1] == "a1"  # one of its dozen has had it


def test_nobody_starves() -> None:
    """Three owners with one process between them; every turn puts the run back at the end."""
    runs = {run.id: run for run in waiting(*[f"a{k}*" for k in range(12)], "b1*", "b2*", "c1*")}
    served: dict[str, float] = {}
    turns = []
    for now in range(100, 160):
        first = in_turn(runs.values(), {}, served)[0]
        (owner,) = runs[first].owners
        turns.append(first)
        served[owner] = float(now)
        runs[first] = Waiting(first, (owner,), False, float(now))
    assert {owner: sum(turn.startswith(owner) for turn in turns) for owner in "abc"} == {"a": 20, "b": 20, "c": 20}
    assert set(turns) == set(runs)  # every run had a turn


def test_a_run_that_others_have_joined_comes_when_theirs_would() -> None:
    """b waits for the last of a's dozen, and has nothing else."""
    runs = waiting(*[f"a{k}*" for k in range(12)])
    runs[11] = Waiting("a11", ("a", "b"), True, 11.0)
    assert in_turn(runs, {}, {})[:2] == ["a0", "a11"]
    assert in_turn(runs, {"a": 2}, {})[0] == "a11"
    assert in_turn(runs, {"a": 2, "b": 1}, {})[0] == "a11"  # at work for b too: no better than a run of b's own
    assert in_turn([*runs, Waiting("c0", ("c",), True, 99.0)], {"a": 2, "b": 1}, {})[0] == "c0"


def test_nothing_waits() -> None:
    assert in_turn([], {}, {}) == []
