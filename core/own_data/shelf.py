"""Data by its digest, for whoever in this process needs it. A digest only ever names one content, so it does not
matter where that was found; what is not at hand is looked up in the places where it is known to lie."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from core.bounded import Bounded
from core.errors import ConfigError, quoted
from core.own_data.content import Content, Table, Text, unpacked

AT_HAND = 64_000_000
"""Bytes of contents that are kept in memory."""

Place = Callable[[str], bytes | None]
"""Looks a digest up: the bytes of its content, or None where they do not lie there."""

BUNDLED = Path(__file__).parent / "bundled"
"""What comes with the app, a file each by its digest: tasks that take a file begin with one of these."""

_at_hand: Bounded[str, Content] = Bounded(AT_HAND)
_places: dict[str, Place] = {}
_lock = threading.Lock()


class DataMissing(ConfigError):
    """Settings that name data which is not here."""


def put(data: Content) -> str:
    """Have it at hand; the digest by which it is known."""
    _at_hand.keep(data.digest, data, len(data.body))
    return data.digest


def found_in(name: str, place: Place) -> None:
    """Look there too from now on, first of all; ``name`` tells one place from another."""
    with _lock:
        _places.pop(name, None)
        _places[name] = place
        while len(_places) > 256:
            del _places[next(iter(_places))]


def is_bundled(digest: str) -> bool:
    """Whether it comes with the app."""
    return digest.isalnum() and (BUNDLED / f"{digest}.safetensors").is_file()


def remove(digest: str) -> None:
    """Have it no longer at hand."""
    _at_hand.forget(digest)


def known(digest: str) -> bool:
    """Whether its content is here."""
    return _found(digest) is not None


def content(digest: str) -> Content:
    """The content of a digest, which may be anyone's text. Raises DataMissing."""
    found = _found(digest)
    if found is None:
        raise DataMissing(
            [f"`task.data` (={quoted(digest)}) is not on this server: it was deleted with its run, or the link is of "
             "another server. Upload the file again."]
        )  # fmt: skip
    return found


def table(digest: str) -> Table:
    """The same where it is a table. Raises DataMissing."""
    found = content(digest)
    if not isinstance(found, Table):
        raise DataMissing([f"`task.data` (={quoted(digest)}) is a text, and this task takes a table. Upload a CSV."])
    return found


def text(digest: str) -> Text:
    """The same where it is a text. Raises DataMissing."""
    found = content(digest)
    if not isinstance(found, Text):
        raise DataMissing([f"`task.data` (={quoted(digest)}) is a table, and this task takes a text. Upload one."])
    return found


def _found(digest: str) -> Content | None:
    kept = _at_hand.get(digest)
    if kept is not None:
        return kept
    with _lock:
        places = [*_places.values(), _bundled]
    for place in reversed(places):
        body = place(digest)
        if body is None:
            continue
        try:
            data = unpacked(body, digest)
        except ValueError:  # damaged there; another place may have it
            continue
        return _at_hand.keep(digest, data, len(body))
    return None


def _bundled(digest: str) -> bytes | None:
    return (BUNDLED / f"{digest}.safetensors").read_bytes() if is_bundled(digest) else None
