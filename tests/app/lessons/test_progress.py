"""Where somebody is in a lesson stands in the link, and a link is anyone's input."""

from __future__ import annotations

import pytest

from app.board.views import PAGES
from app.lessons.progress import Progress, read
from core.lessons.grading import HANDLES
from core.lessons.pictures import PICTURES


def test_what_a_link_says_is_read_again() -> None:
    sketch = tuple(round(-0.9 * at, 1) for at in range(HANDLES))
    for progress in (
        Progress("vanishing"),
        Progress("vanishing", 4, {2: sketch, 3: (0.6,), 4: (2.0,)}),
        Progress("unrolling", 6, {2: (164.0,)}, sheet=True),
    ):
        assert read(progress.query()) == (progress, [])


def test_an_answer_is_given_and_taken_back() -> None:
    progress = Progress("vanishing", 3).answered((0.3,))
    assert progress.answer == (0.3,) and progress.at(4).answer is None
    assert progress.answered(None).answers == {} and progress.at(4).answered((1.0,)).answers == {3: (0.3,), 4: (1.0,)}


@pytest.mark.parametrize(
    "query, told",
    [
        ({"lesson": "vanishing", "step": "0"}, "`step` (=0) must be a whole number from 1 to 6"),
        ({"lesson": "vanishing", "step": "²"}, "from 1 to 6"),
        ({"lesson": "vanishing", "answer.4": "3"}, "`answer.4` (=3) is no answer"),
        ({"lesson": "vanishing", "answer.4": "nan"}, "is no answer"),
        ({"lesson": "vanishing", "answer.3": "1e9"}, "is no answer"),
        ({"lesson": "vanishing", "answer.3": "nan"}, "is no answer"),
        ({"lesson": "vanishing", "answer.2": "0,0"}, "is no answer"),
        ({"lesson": "vanishing", "answer.2": ",".join(["1"] * HANDLES)}, "is no answer"),
    ],
)
def test_what_is_no_answer_is_a_sentence_and_left_out(query: dict[str, str], told: str) -> None:
    progress, problems = read(query)
    assert progress is not None and progress.step == 1 and not progress.answers
    assert len(problems) == 1 and told in problems[0]


def test_no_lesson_and_an_unknown_one() -> None:
    assert read({"v": "1"}) == (None, [])
    progress, problems = read({"lesson": "<b>"})
    assert progress is None and "is no lesson here" in problems[0]


def test_every_picture_that_a_lesson_may_show_is_on_its_page() -> None:
    for page, pictures in PICTURES.items():
        assert set(pictures) <= set(PAGES[page].views), page
