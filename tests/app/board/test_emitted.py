"""What the board tells Python: taken where it is what the script says, refused otherwise, and never an error."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.board import component
from app.board.emitted import cursor_of, knobs_of, pins_of, visitor_of
from app.board.errors import BadQuery

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_what_the_script_says() -> None:
    assert (cursor_of("live"), cursor_of(7)) == (None, 7)
    assert pins_of(["run-one@3", "preview-f00@0", "run-one@3"]) == ("run-one@3", "preview-f00@0")
    assert knobs_of({"probe": "2", "micro_t": 7, "review_text": "so good; 100 %"}) == (
        ("probe", "2"), ("micro_t", "7"), ("review_text", "so good; 100 %"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "read, value",
    [(cursor_of, True), (cursor_of, -1), (cursor_of, 1.5), (cursor_of, 10**12), (cursor_of, "7"), (cursor_of, None),
     (pins_of, 5), (pins_of, None), (pins_of, "a@1"), (pins_of, [5]), (pins_of, ["a"]), (pins_of, ["a@1"] * 99),
     (knobs_of, 5), (knobs_of, [["probe", "2"]]), (knobs_of, {"probe": None}), (knobs_of, {"probe": {"a": 1}}),
     (knobs_of, {"../x": "1"}), (knobs_of, {"probe": "a b"}), (knobs_of, {f"k{k}": "1" for k in range(99)}),
     (visitor_of, None), (visitor_of, "short"), (visitor_of, "x" * 33), (visitor_of, ["x" * 32])],
)  # fmt: skip
def test_what_it_never_says(read: Any, value: Any) -> None:
    with pytest.raises(BadQuery):
        read(value)


@given(JUNK)
def test_anything_else_is_refused_and_never_an_error(value: Any) -> None:
    for read in (cursor_of, pins_of, knobs_of, visitor_of):
        with suppress(BadQuery):
            read(value)


@pytest.mark.parametrize("state", [{"pins": 5}, {"pins": None}, {}, 5, None, {"knobs": [[]]}, {"cursor": {"a": []}}])
def test_a_forged_message_changes_nothing(monkeypatch, state: Any) -> None:
    mounted: dict[str, Any] = {}
    monkeypatch.setattr(component, "_MOUNT", lambda **given: mounted.update(given))
    monkeypatch.setattr(component.st, "session_state", {"board-gradient_flow": state})
    heard: list[Any] = []
    told = SimpleNamespace(append=heard.append)
    component.board("preview-f00", on_cursor=told.append, on_pins=told.append, on_knobs=told.append, on_moving=list,
                    on_visitor=told.append)  # fmt: skip
    for name in ("cursor", "pins", "knobs", "moving", "visitor"):
        mounted[f"on_{name}_change"]()
    assert heard == []
