"""A task's events above a time axis: neighbours that say the same are one label."""

from app.figures.base import Label, event_labels


def test_neighbours_that_say_the_same_share_a_label() -> None:
    events = [(2, "a"), (3, "a"), (4, "b"), (6, "b"), (7, "b"), (8, "b")]
    assert event_labels(events) == [Label("a × 2", 2, 3), Label("b", 4, 4), Label("b × 3", 6, 8)]
    assert event_labels([]) == []
