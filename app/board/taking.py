"""What of a run can be taken along from a page, and how each is answered."""

from __future__ import annotations

from time import monotonic
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
from starlette.responses import Response

from app.board.drawn import HTML, document, picture_tables, views_of
from app.board.errors import BadQuery, Unknown
from app.board.known import Known
from app.board.query import Query
from app.board.source import Directory
from app.board.views import PAGES, Shown
from core.errors import quoted
from core.exports import EXPORTS, Export, Moment, file_name
from core.exports.numbers import FORMS, archive
from core.lab.client import NoAnswer
from core.questions import Program

PROGRAMS = {
    "script": Export("script", "PyTorch script", "The same training in plain torch, gradient picture and all.",
                     ".py", "text/x-python", lambda moment: b""),
    "notebook": Export("notebook", "Notebook", "The same script, cell by cell.",
                       ".ipynb", "application/x-ipynb+json", lambda moment: b""),
}  # fmt: skip
"""Written by the analysis process, which has torch."""

DRAWN = frozenset({"html", *FORMS})
"""Formats that hold the page's pictures, or their numbers."""

OFFERED: dict[str, Export] = {
    export.name: export
    for export in (HTML, *(EXPORTS[form] for form in FORMS), EXPORTS["run"], EXPORTS["weights"], *PROGRAMS.values(),
                   EXPORTS["tensorboard"], EXPORTS["bibtex"])
}  # fmt: skip
"""In the order of the box."""

PROGRAM_SECONDS, LOOK_SECONDS = 20.0, 0.05
LONGEST_LINK = 4000
AT_ONCE = anyio.CapacityLimiter(2)
"""Large ones take a second or two of a core, and everybody's pictures come from this process."""


def checked_link(link: str) -> str:
    """An address of a page, or nothing. Raises BadQuery: it will stand in a file, and may be anyone's input."""
    if not link:
        return ""
    parts = urlsplit(link) if len(link) <= LONGEST_LINK and link.isprintable() and " " not in link else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or '"' in link or "\\" in link:
        raise BadQuery(f"`link` (={quoted(link)}) must be the address of a page, as in https://example.org/?run=…")
    return link


async def program(lab: Directory, moment: Moment, form: str) -> Response:
    """The run as a program. Raises NoAnswer where nobody has written it in time."""
    question = Program(form="notebook" if form == "notebook" else "script", link=moment.link)
    deadline = monotonic() + PROGRAM_SECONDS
    while (answer := await anyio.to_thread.run_sync(lab.ask, question, moment.run.id, None)) is None:
        if monotonic() > deadline:
            raise NoAnswer("The worker that writes programs is busy with others. Try again in a moment.")
        await anyio.sleep(LOOK_SECONDS)
    return _file(PROGRAMS[form], moment, answer.arrays["text"].tobytes())


async def answer(form: str, moment: Moment, query: Query, known: Known | None) -> Response:
    """Everything else, in a thread. Raises Unknown for a format that there is not."""
    if form not in OFFERED:
        raise Unknown(f"`take` (={quoted(form)}) is not known. Choose one of: {', '.join(OFFERED)}.")
    content = await anyio.to_thread.run_sync(_made, form, moment, query, known, limiter=AT_ONCE)
    return _file(OFFERED[form], moment, content)


def _made(form: str, moment: Moment, query: Query, known: Known | None) -> bytes:
    if known is None:
        return OFFERED[form].make(moment)
    page, shown = PAGES[query.page], Shown(**vars(known), query=query, frame=moment.frame)
    if form == HTML.name:
        return document(page, shown, moment.link).encode()
    return archive(form, moment, picture_tables(views_of(page, shown)))


def _file(export: Export, moment: Moment, content: bytes) -> Response:
    name = file_name(export, moment)
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=export.media, headers=headers)
