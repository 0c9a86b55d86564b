"""What the losses see, against the definitions written out step by step."""

from __future__ import annotations

import numpy as np
import pytest

from core.config import RunConfig
from core.reach import MODES, loss_steps, questions, reach_of, shares_in_sight
from core.truncation import Mode

TASKS = {
    "temporal-order": {},
    "temporal-order at every step": {"task.asked": "every"},
    "adding": {},
    "copy": {},
    "two-lag": {},
    "review": {},
}


def config(task: str = "temporal-order", mode: Mode = "full", K: int = 10, T: int = 50, **more: object) -> RunConfig:
    settings = {"task.name": task.split()[0], "task.length": T, "truncation": mode, "truncation_length": K}
    return RunConfig.from_flat(settings | TASKS[task] | more)


def first_by_hand(mode: Mode, T: int, K: int, stride: int, loss: int) -> int:
    """Walks back from the loss till the definition of the mode stops it."""
    update = T
    while update - stride >= loss:
        update -= stride
    step = loss
    while step > 1:
        before = step - 1
        boundary = (T - before) % K == 0  # windows are counted back from the end
        stops = {"full": False, "windows": boundary, "reset": boundary, "sliding": loss - before >= K,
                 "stream": update - before >= K}  # fmt: skip
        if stops[mode]:
            return step
        step = before
    return step


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("K, stride", [(1, 1), (7, 3), (20, 20), (50, 10), (80, 80)])
def test_every_loss_sees_what_its_mode_allows(task: str, mode: Mode, K: int, stride: int) -> None:
    found = reach_of(config(task, mode, K, truncation_stride=stride))
    hand = [first_by_hand(mode, 50, min(K, 50), min(stride, 50), loss) for loss in found.losses.tolist()]
    np.testing.assert_array_equal(found.first, hand)


@pytest.mark.parametrize("mode", MODES)
def test_the_last_loss_sees_k_inputs(mode: Mode) -> None:
    assert reach_of(config(mode=mode, K=20)).seen.tolist() == [50 if mode == "full" else 20]


def test_losses_of_their_own_reach_have_no_common_boundary() -> None:
    assert reach_of(config("two-lag", "sliding", 5)).boundaries == ()
    assert reach_of(config("two-lag", "stream", 5, truncation_stride=2)).boundaries == ()
    assert reach_of(config("two-lag", "stream", 20)).boundaries == (10, 30)
    assert reach_of(config("two-lag", "windows", 20)).boundaries == (10, 30)


def test_stream_updates_only_where_a_loss_is() -> None:
    assert reach_of(config("two-lag", "stream", 20)).updates == (10, 30, 50)
    assert reach_of(config("temporal-order", "stream", 20)).updates == (50,)
    assert reach_of(config("two-lag", "windows", 20)).updates == (50,)


def test_questions_are_those_that_need_memory() -> None:
    late, worst, best = questions(config("copy", T=30).task)  # five symbols, recalled one after the other
    assert late.tolist() == [26, 27, 28, 29, 30] and worst.tolist() == best.tolist() == [1, 2, 3, 4, 5]
    late, worst, best = questions(config("temporal-order").task)
    assert (late.tolist(), worst.tolist(), best.tolist()) == ([50], [6], [10])
    assert loss_steps(config("copy", T=30).task).tolist() == list(range(1, 31))


def test_shares_in_sight() -> None:
    two = config("two-lag", "windows", 20)  # of 20 losses in a window the first 8 do not see lag 8
    whole = reach_of(two)
    share = np.mean(whole.losses - whole.first >= 8)
    assert shares_in_sight(two) == (share, share) and 0 < share < 1
    assert shares_in_sight(two, "sliding", 9) == (1, 1) and shares_in_sight(two, "sliding", 8) == (0, 0)
    order = config("temporal-order", "windows", 45)
    assert shares_in_sight(order) == (1, 1)
    assert shares_in_sight(order, K=44) == (0, 1)  # the first symbol is in sight in some of the sequences
    assert shares_in_sight(order, K=40) == (0, 0)
