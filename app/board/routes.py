"""The board's routes: cached bytes for run, cursor and views; plotly's script; what of a run is taken along."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import plotly
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.board import taking
from app.board.cache import Shared
from app.board.downloads import Busy, Downloads
from app.board.errors import BadQuery, Unknown
from app.board.known import Known
from app.board.needed import Wanted, found, needed
from app.board.parsing import parse
from app.board.query import SWEEP, Query
from app.board.reply import reply
from app.board.shared_answers import Answers
from app.board.source import Directory, Snapshot, Source
from app.board.sources import BESIDE_SECONDS, Sources, patience
from app.board.views import PAGES
from app.board.wire import compressed
from app.entry import under
from core.errors import UnrolledError
from core.exports import Moment
from core.lab.asking import PREVIEW
from core.lab.client import NoAnswer
from core.store import RunFileError, StorageFull
from core.sweep import Results

PLOTLY_PATH = f"assets/plotly-{plotly.__version__}.min.js"
"""Under where the app is served, as every address that the page asks: it never knows more than its own."""
_SCRIPT = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


Look = Callable[[str], Results | None]


def _no_sweep(digest: str) -> None:
    """None is known."""


def routes(lab: Directory, base: str = "", trouble: Callable[[], str] = str, look: Look = _no_sweep) -> list[Route]:
    """Routes under the path ``base`` that answer from ``lab``; they share one memory of sources and of replies.
    ``trouble`` is what visitors should know of the worker, a sentence or empty; ``look`` finds a sweep by digest."""
    board, prefix = Board(lab, trouble, look), under(base)
    return [
        Route(prefix + "runs/{id}/board", board.board),
        Route(prefix + "runs/{id}/take/{form}", board.take),
        Route(prefix + PLOTLY_PATH, plotly_script),
    ]


class Board:
    """The endpoints with what they keep."""

    def __init__(self, lab: Directory, trouble: Callable[[], str], look: Look) -> None:
        self._lab, self._sources, self._shared = lab, Sources(lab), Shared()
        self._answers, self._downloads = Answers(lab), Downloads(lab.folder)
        self._trouble, self._look_at_sweep = trouble, look

    async def board(self, request: Request) -> Response:
        """A reply, 204 where nothing is newer than ``after``, or a sentence: 400 for a bad query, 404 for no run."""
        source_id = request.path_params["id"]
        try:
            after, query = request.query_params.get("after"), parse(request.query_params, PAGES)
            known = await self._known(source_id, query, again=after is not None)
            if after == known.seq:
                return Response(status_code=204, headers={"cache-control": "no-store"})
            body = await self._shared.get((source_id, known.seq, query), partial(self._build, known, query))
        except UnrolledError as error:
            if not isinstance(error, BadQuery):
                self._sources.forget(source_id)
            return _refused(NoAnswer(self._trouble()) if isinstance(error, NoAnswer) and self._trouble() else error)
        return _bytes(request, body, "application/json", "no-store")

    async def _known(self, source_id: str, query: Query, *, again: bool) -> Known:
        source, snapshot = await self._snapshot(source_id)
        runs = [run_id for run_id in query.beside if not run_id.startswith(SWEEP)]
        named = [name.removeprefix(SWEEP) for name in query.beside if name.startswith(SWEEP)]
        sweep = await anyio.to_thread.run_sync(self._look_at_sweep, named[0]) if named else None
        beside, late = await self._beside(runs)
        page, others = PAGES[query.page], [(other, now) for other, now in beside if other.id != source_id]
        wanted = [
            Wanted(source_id, snapshot, needed(page, query, source.config)),
            *(Wanted(other.id, now, needed(page, query, other.config, beside=True)) for other, now in others),
        ]
        answered, *rest = await found(self._answers, wanted, query, again=again)
        pending = late or any(each.pending for each in (answered, *rest))
        return Known(
            source,
            snapshot,
            beside=tuple((other.id, other.config, now) for other, now in beside),
            answered=replace(answered, pending=pending),
            others={other.id: other for other, _ in beside},
            answered_beside={other.id: each for (other, _), each in zip(others, rest, strict=True)},
            trouble=self._trouble(),
            sweep=sweep,
        )

    async def _snapshot(self, source_id: str) -> tuple[Source, Snapshot]:
        source = self._sources.kept(source_id) or await anyio.to_thread.run_sync(self._sources.get, source_id)
        return source, source.fresh() or await anyio.to_thread.run_sync(source.snapshot)

    async def _beside(self, ids: Sequence[str]) -> tuple[list[tuple[Source, Snapshot]], bool]:
        """The runs that were trained alongside, without those that are gone, which is no reason to show nothing; and
        whether there are previews among them that are still worked out."""
        older = patience(len(ids))
        kept = [self._sources.kept(run_id) for run_id in ids]
        looked: list[tuple[Source, Snapshot]] = [
            (source, snapshot) for source in kept if source and (snapshot := source.fresh(older))
        ]
        if len(looked) == len(ids):
            return looked, False
        return await anyio.to_thread.run_sync(self._look, ids, older)

    def _look(self, ids: Sequence[str], older: float) -> tuple[list[tuple[Source, Snapshot]], bool]:
        looked: list[tuple[Source, Snapshot]] = []
        late = False
        for run_id in ids:
            try:
                source = self._sources.get(run_id, BESIDE_SECONDS)
                looked.append((source, source.snapshot(older)))
            except NoAnswer:
                late = True
            except UnrolledError:
                self._sources.forget(run_id)
        return looked, late

    def _build(self, known: Known, query: Query) -> bytes:
        return compressed(reply(known, query, self._sources))

    async def take(self, request: Request) -> Response:
        """A moment of the run in one of the formats (app.board.taking); the run itself also while it trains."""
        run_id, form, params = request.path_params["id"], request.path_params["form"], dict(request.query_params)
        try:
            if run_id.startswith(PREVIEW):
                raise Unknown(f"`run` (={run_id}) is a preview and has no file. Press Train, then take the run.")
            link = taking.checked_link(params.pop("link", ""))
            query = parse(params, PAGES)
            run = await anyio.to_thread.run_sync(self._recorded, run_id)
            if form == "run":
                return await self._downloads.answer(run)
            moment = Moment(run, query.cursor, link)
            if form in taking.PROGRAMS:
                return await taking.program(self._lab, moment, form)
            known = await self._known(run_id, query, again=True) if form in taking.DRAWN else None
            return await taking.answer(form, moment, query, known)
        except UnrolledError as error:
            return _refused(error)

    def _recorded(self, run_id: str) -> Any:
        run = self._lab.run(run_id) if self._lab.info(run_id) else None
        if run is None:
            raise Unknown(f"`run` (={run_id}) is not on this server, or has recorded nothing yet.")
        return run


async def plotly_script(request: Request) -> Response:
    """Plotly's script from the installed package, under a path with its version, so it may be kept for good."""
    body = await anyio.to_thread.run_sync(_script)
    return _bytes(request, body, "text/javascript", "public, max-age=31536000, immutable")


@cache
def _script() -> bytes:
    return gzip.compress(_SCRIPT.read_bytes(), 9, mtime=0)


def _bytes(request: Request, body: bytes, kind: str, caching: str) -> Response:
    """``body`` is gzipped; Streamlit's middleware leaves alone what already has an encoding."""
    headers = {"cache-control": caching, "vary": "accept-encoding", "content-encoding": "gzip"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        body = gzip.decompress(body)
        headers["content-encoding"] = "identity"
    return Response(body, media_type=kind, headers=headers)


def _refused(error: UnrolledError) -> Response:
    """400 for what the asker can mend, 404 for what is not there or cannot be read, 503 for what may come yet."""
    kinds = (
        (BadQuery, 400), (Unknown, 404), (RunFileError, 404), (NoAnswer, 503), (Busy, 503), (StorageFull, 503),
        (UnrolledError, 404),
    )  # fmt: skip
    status = next(status for kind, status in kinds if isinstance(error, kind))
    return JSONResponse({"error": str(error)}, status, {"cache-control": "no-store"})
