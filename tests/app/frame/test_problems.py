"""What a link says is shown, and does nothing."""

import re

import pytest

from app.frame.problems import MOST, as_markdown, few
from app.visit import link

HOSTILE = [
    "![](http://x.y/z.png)",
    "[log in](http://x.y)",
    "<b>x</b>",
    "`![](http://x.y)",
    "$x$",
    ":red[x]",
    "# x",
    "a`b`![](u)",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("key", ["cell.name", "lr", "preset", "run", "nonsense"])
def test_no_markdown_of_a_link_survives(text: str, key: str) -> None:
    for problem in link.read({key: [text]}).problems:
        shown = as_markdown(problem)
        outside = "".join(shown.split("`")[::2])
        assert shown.count("`") % 2 == 0
        assert not re.search(r"(?<!\\)([\[\]<>$!#*]|://|www\.)", outside), shown


def test_names_stay_code() -> None:
    assert as_markdown("`batch_size` (=513) must") == "`batch_size` (=513) must"


def test_long_values_are_cut() -> None:
    (problem,) = link.read({"lr": ["9" * 500 + "x"]}).problems
    assert len(problem) < 150 and "…" in problem


def test_of_many_the_first_are_shown_and_how_many_more_there_are() -> None:
    problems = link.read({f"nonsense{k}": ["1"] for k in range(999)}).problems
    assert len(problems) == 999
    assert few(problems) == [*problems[:MOST], f"And {999 - MOST} more."]
    assert few(problems[: MOST + 1]) == list(problems[: MOST + 1]) and few([]) == []
