"""What visitors write on runs: a name, a star, a note, each visitor their own."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select

from core.store import tables
from core.store.catalog import Catalog

LONGEST = 500
_notes = tables.notes.c


@dataclass(frozen=True)
class Note:
    """What one visitor has written on one run."""

    name: str = ""
    star: bool = False
    text: str = ""


def notes_of(catalog: Catalog, owner: str) -> dict[str, Note]:
    """By run, of this owner (a hash)."""
    query = select(_notes.run, _notes.name, _notes.star, _notes.text).where(_notes.owner == owner)
    with catalog.read() as connection:
        return {row.run: Note(row.name, bool(row.star), row.text) for row in connection.execute(query)}


def write_note(catalog: Catalog, run_id: str, owner: str, note: Note) -> None:
    """Put ``note`` in the place of what this owner had written on the run; an empty one takes it away."""
    cut = Note(note.name.strip()[:LONGEST], note.star, note.text.strip()[:LONGEST])
    with catalog.write() as connection:
        connection.execute(delete(tables.notes).where(_notes.run == run_id, _notes.owner == owner))
        if cut != Note():
            connection.execute(insert(tables.notes).values(run=run_id, owner=owner, **asdict(cut)))
