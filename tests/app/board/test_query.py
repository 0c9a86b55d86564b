"""A URL is anyone's input."""

import pytest

from app.board.errors import BadQuery
from app.board.query import VIEWS, parse


def test_nothing_asked_is_everything_live_and_light() -> None:
    query = parse({})
    assert query.views == VIEWS and query.cursor is None and query.style.theme.name == "light" and query.pins == ()


def test_the_order_of_views_does_not_make_another_query() -> None:
    assert parse({"views": "gates,strip"}) == parse({"views": "strip,gates"})


def test_all_of_it() -> None:
    query = parse({"views": "", "cursor": "12", "theme": "dark", "width": "narrow", "pins": "ab_c@3,preview-0f@0"})
    assert query.views == () and query.cursor == 12 and query.style.narrow
    assert query.pins == (("ab_c", 3), ("preview-0f", 0))


@pytest.mark.parametrize(
    "params",
    [{"views": "strip,cats"}, {"cursor": "-1"}, {"cursor": "1e3"}, {"cursor": "9" * 400}, {"theme": "pink"},
     {"width": "0"}, {"pins": "../../etc@1"}, {"pins": "a@x"}, {"pins": "a@1,b@1,c@1,d@1,e@1"}, {"probe": "NaN"},
     {"probe": "²"}, {"tables": "x"}, {"callback": "alert(1)"}],
)  # fmt: skip
def test_garbage_is_refused_with_a_sentence(params: dict[str, str]) -> None:
    with pytest.raises(BadQuery, match=r"^`\w+` .*\.$"):
        parse(params)
