"""A class' addresses: the stream that its followers read, where the teacher's cursor goes, where answers go."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

import anyio.to_thread
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.board.emitted import TOKEN
from app.classroom.hub import Hub
from app.entry import under
from app.visit.visitor import COOKIE
from core.errors import UnrolledError, quoted
from core.lab.client import hashed

MOST_BYTES = 4096
STREAM = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""nginx would otherwise hold a stream back until it has a block of it."""


def class_routes(hub: Hub, base: str = "") -> list[Route]:
    """The routes under the path ``base``."""
    classroom, prefix = Classroom(hub), under(base) + "classes/"
    return [
        Route(prefix + "{code}/events", classroom.events),
        Route(prefix + "{code}/live", classroom.live, methods=["POST"]),
        Route(prefix + "{code}/answer", classroom.answer, methods=["POST"]),
    ]


class Classroom:
    """The endpoints."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def events(self, request: Request) -> Response:
        """What the class sees, event by event (``Hub.stream``); 404 where there is no such class."""
        code, steers = request.path_params["code"], await anyio.to_thread.run_sync(self._steers, request)
        try:
            await anyio.to_thread.run_sync(self._hub.room, code)
        except UnrolledError as error:
            return _refused(error, 404)
        return StreamingResponse(self._hub.stream(code, steers=steers), media_type="text/event-stream", headers=STREAM)

    async def live(self, request: Request) -> Response:
        """Where the teacher's cursor, knobs and pointer are; 403 for whoever does not steer."""
        if not await anyio.to_thread.run_sync(self._steers, request):
            return _refused(UnrolledError("Only who holds the class' control link steers it."), 403)
        try:
            self._hub.move(request.path_params["code"], moved(await _body(request)))
        except UnrolledError as error:
            return _refused(error, 400)
        return Response(status_code=204)

    async def answer(self, request: Request) -> Response:
        """An answer to the class' question, without a name: of a visitor no more than a hash is kept, which is another
        one in every class."""
        try:
            code, body = request.path_params["code"], await _body(request)
            who = hashlib.sha256(f"{code} {_visitor(request)}".encode()).hexdigest()[:20]
            number, value = body.get("number"), body.get("value")
            if not isinstance(number, int):
                raise UnrolledError(f"`number` (={quoted(number)}) must be that of the question.")
            await anyio.to_thread.run_sync(self._hub.answer, code, number, who, value)
        except UnrolledError as error:
            return _refused(error, 400)
        return JSONResponse({"taken": True})

    def _steers(self, request: Request) -> bool:
        code, visitor = request.path_params["code"], _visitor(request)
        return bool(visitor) and self._hub.classes.steers(code, hashed(visitor))


def moved(body: dict[str, Any]) -> dict[str, Any]:
    """What is passed on of a teacher's message, and nothing else. Raises UnrolledError where it is none."""
    board, pointer = body.get("board"), body.get("pointer")
    live: dict[str, Any] = {}
    if board is not None:
        live["board"] = _checked(Moment, board)
    if pointer is not None:
        live["pointer"] = _checked(Pointer, pointer)
    return live


Word = Annotated[str, Field(max_length=80)]


class Moment(BaseModel):
    """What a board shows."""

    model_config = ConfigDict(extra="forbid", strict=True)

    page: Word
    source: Word
    cursor: Annotated[int, Field(ge=0, lt=10**9)] | None
    knobs: Annotated[dict[Word, Annotated[str, Field(max_length=500)]], Field(max_length=64)]
    pins: Annotated[list[Word], Field(max_length=8)]
    beside: Annotated[list[Word], Field(max_length=64)]


class Pointer(BaseModel):
    """A place in a picture: shares of its width and height, from the left and from above; ``plot`` says in which of its
    panels, -1 for beside them."""

    model_config = ConfigDict(extra="forbid")

    view: Word
    plot: Annotated[int, Field(ge=-1, lt=100)]
    x: Annotated[float, Field(ge=-1, le=2)]
    y: Annotated[float, Field(ge=-1, le=2)]


def _checked(kind: type[BaseModel], value: Any) -> dict[str, Any]:
    try:
        return kind.model_validate(value).model_dump()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or kind.__name__.lower()
        raise UnrolledError(f"`{quoted(where)}` cannot be used: {first['msg']}.") from None


async def _body(request: Request) -> dict[str, Any]:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_BYTES:
            raise UnrolledError(f"A message has at most {MOST_BYTES:,} bytes.")
    try:
        body = json.loads(content)
    except ValueError:
        raise UnrolledError("The message is not JSON.") from None
    if not isinstance(body, dict):
        raise UnrolledError("The message must be a JSON object.")
    return body


def _visitor(request: Request) -> str:
    """The visitor's token, from the cookie, or from the script where a frame keeps none."""
    token = (
        request.cookies.get(COOKIE) or request.headers.get("x-visitor", "") or request.query_params.get("visitor", "")
    )
    return token if TOKEN.fullmatch(token) else ""


def _refused(error: UnrolledError, status: int) -> Response:
    return JSONResponse({"error": str(error)}, status, {"cache-control": "no-store"})
