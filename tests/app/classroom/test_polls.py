"""Questions to a class: what counts as an answer, how answers add up, and the truth that they are held against."""

import math

import numpy as np
import pytest

from app.classroom import polls
from core.errors import UnrolledError

CHOICE = polls.question("choice", "  Which \n one? ", ["a", " b ", "", "c"])
NUMBER, CURVE = polls.question("number", "How much?"), polls.question("curve", "Draw it.")


def test_a_question_is_tidied_and_bounded() -> None:
    assert CHOICE == {"kind": "choice", "words": "Which one?", "choices": ["a", "b", "c"]}
    for words, choices in (
        (" ", ["a", "b"]),
        ("x" * 201, ["a", "b"]),
        ("w", ["a"]),
        ("w", ["a", "a"]),
        ("w", "abcdefghi"),
    ):
        with pytest.raises(UnrolledError):
            polls.question("choice", words, list(choices))


@pytest.mark.parametrize(
    "body, good, bad",
    [
        (CHOICE, [0, 2], [3, -1, 1.0, True, "a", None, []]),
        (NUMBER, [0, -2.5, 1e-9], [math.nan, math.inf, 1e13, "1", True, None]),
        (CURVE, [[0.0] * 33, [1] * 33], [[0.0] * 32, [math.nan] * 33, ["0"] * 33, 3, {}]),
    ],
)  # fmt: skip
def test_only_answers_count(body, good, bad) -> None:
    assert [polls.checked(body, value) for value in good] == good
    for value in bad:
        with pytest.raises(UnrolledError):
            polls.checked(body, value)


def test_a_curve_is_bounded_by_its_paper() -> None:
    assert polls.checked(CURVE, [99.0, -99.0] + [0.0] * 31)[:2] == [polls.HIGHEST, polls.LOWEST]


def test_answers_add_up() -> None:
    assert polls.tally(CHOICE, [0, 2, 2]) == {"counts": [1, 0, 2]}
    assert polls.tally(NUMBER, [3.0, 1.0, 2.0, 9.0]) == {"values": [1.0, 2.0, 3.0, 9.0], "median": 2.5}
    assert polls.tally(NUMBER, []) == {"values": [], "median": None}
    curves = [[float(k)] * 33 for k in range(100)]
    added = polls.tally(CURVE, curves)
    assert added["median"] == [49.5] * 33 and len(added["curves"]) <= polls.MOST_CURVES
    assert polls.tally(CURVE, []) == {"curves": [], "median": []}


def test_the_truth_is_the_share_of_the_last_step() -> None:
    flow = 0.5 * 0.9 ** np.arange(40, -1, -1.0)
    points = polls.arriving(flow)
    places = np.linspace(0, 40, polls.POINTS)
    np.testing.assert_allclose(points, (40 - places) * math.log10(0.9), atol=1e-3)  # straight on this paper
    flow[:10] = 0.0
    flow[20] = np.nan
    broken = polls.arriving(flow)
    assert broken[:8] == [None] * 8 and broken[16] is None and broken[-1] == 0.0
    assert polls.arriving(np.zeros(41)) == [None] * polls.POINTS
