"""What a link says is shown, and does nothing."""

import re

import pytest

from app.frame.problems import as_markdown
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
