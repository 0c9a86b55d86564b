"""A URL is anyone's input."""

from urllib.parse import quote

import pytest

from app.board.errors import BadQuery
from app.board.parsing import parse
from app.board.query import FRONT, Query
from app.board.views import PAGES


def asked(**params: str) -> Query:
    return parse(params, PAGES)


def test_nothing_asked_is_everything_of_the_front_page_live_and_light() -> None:
    query = asked()
    assert query.page == FRONT and query.views == tuple(PAGES[FRONT].views) and query.cursor is None
    assert query.style.theme.name == "light" and query.pins == query.knobs == query.beside == ()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_pictures_of_its_own(page: str) -> None:
    views = tuple(PAGES[page].views)
    assert views and asked(page=page).views == views
    assert asked(page=page, views=",".join(reversed(views))) == asked(page=page)


def test_all_of_it() -> None:
    query = asked(views="", cursor="12", theme="dark", width="narrow", pins="ab_c@3,preview-0f@0",
                  knobs="k:20;delta:0.1;probe:-3e-2", beside="ab_c,de-f,ab_c")  # fmt: skip
    assert query.views == () and query.cursor == 12 and query.style.narrow
    assert query.pins == (("ab_c", 3), ("preview-0f", 0)) and query.beside == ("ab_c", "de-f")
    assert (query.knob("k", ""), query.knob("probe", ""), query.knob("tau", "7")) == ("20", "-3e-2", "7")


def test_the_order_of_knobs_does_not_make_another_query() -> None:
    assert asked(knobs="k:20;delta:0.1") == asked(knobs="delta:0.1;k:20")


MANY = ",".join(f"run-{n}" for n in range(40))


@pytest.mark.parametrize(
    "params",
    [{"views": "strip,cats"}, {"cursor": "-1"}, {"cursor": "1e3"}, {"cursor": "9" * 400}, {"theme": "pink"},
     {"width": "0"}, {"pins": "../../etc@1"}, {"pins": "a@x"}, {"pins": "a@1,b@1,c@1,d@1,e@1"}, {"knobs": "k"},
     {"knobs": "K:1"}, {"knobs": "k:<b>"}, {"knobs": "k:²"}, {"knobs": "k:" + "1" * 99}, {"beside": "../etc"},
     {"beside": MANY}, {"knobs": ";".join(f"k{n}:1" for n in range(40))}, {"page": "home"}, {"page": ""},
     {"page": "truncation_lab", "views": "no_such"}, {"tables": "x"}, {"callback": "alert(1)"}, {"probe": "1"}],
)  # fmt: skip
def test_garbage_is_refused_with_a_sentence(params: dict[str, str]) -> None:
    with pytest.raises(BadQuery, match=r"^`\w+` .*\.$"):
        parse(params, PAGES)


@pytest.mark.parametrize("text", ["I loved this movie!", "a;b:c%20d", "I “hated” it \u2028 🙂 +1", "x" * 500])
def test_a_typed_line_travels_whole(text: str) -> None:
    query = asked(knobs=f"k:20;review_text:{quote(text, safe='')}")
    assert (query.knob("review_text", ""), query.knob("k", "")) == (text, "20")


@pytest.mark.parametrize("knobs", ["review_text:", "review_text:%00", "review_text:a%0Ab", "review_text:" + "x" * 501,
                                   "k:a%20b", "k:%3Cb%3E"])  # fmt: skip
def test_what_is_no_line_or_no_word_is_refused(knobs: str) -> None:
    with pytest.raises(BadQuery, match="must be <name>:<value>"):
        asked(knobs=knobs)
