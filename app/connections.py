"""What Streamlit lets nobody set about its web server (uvicorn): how long a silent connection is kept, how many
sessions wait for a visitor who has gone, what becomes of a request that breaks off in its middle, what SIGHUP does.

Streamlit's version is pinned, and tests hold a running server to all of it.
"""

from __future__ import annotations

import os
import signal
from typing import Any

import streamlit as st
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from uvicorn.protocols.http.auto import AutoHTTPProtocol

SILENCE_SECONDS = 20.0
"""A connection on which nothing was asked, or nothing read, from one look to the next is closed."""

DESCRIPTORS_OF_A_SESSION = 3
"""Each has an event loop of its own."""

MOST_WAITING = 128
"""Sessions kept for visitors who may come back; Streamlit's own number."""


def leave_when_the_terminal_closes() -> None:
    """SIGHUP ends the server as SIGTERM does, and with it the worker; not where it is ignored, as ``nohup`` has it."""
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))


def bound_waiting_sessions(app: st.App, descriptors: int) -> int:
    """Keep so few sessions of visitors who have gone that they take a quarter of the ``descriptors``; how many.

    Who comes back to a session that is no longer kept gets a new one from the address, which says all that is shown.
    """
    most = min(MOST_WAITING, descriptors // 4 // DESCRIPTORS_OF_A_SESSION)
    sessions: Any = app._runtime._session_mgr  # type: ignore[union-attr]
    seconds = st.get_option("server.disconnectedSessionTTL")
    sessions._session_storage = MemorySessionStorage(maxsize=most, ttl_seconds=seconds)
    return most


def watch_connections(protocol: Any = AutoHTTPProtocol, seconds: float = SILENCE_SECONDS) -> None:
    """Have every connection of the server looked at, and a broken request end without a trace in the log."""
    made, refuse = protocol.connection_made, protocol.send_400_response

    def connection_made(self: Any, transport: Any) -> None:
        made(self, transport)
        self.loop.call_later(seconds, _look, self, None, seconds)

    def send_400_response(self: Any, message: str) -> None:
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:  # the body broke off: nobody waits for the answer
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.close()
                return
        refuse(self, message)

    protocol.connection_made, protocol.send_400_response = connection_made, send_400_response


def _look(connection: Any, before: Any, seconds: float) -> None:
    """Close a connection that stands as it stood ``before``."""
    transport, cycle = connection.transport, connection.cycle
    if transport.get_protocol() is not connection or connection not in connection.connections:
        return  # it is a web socket now, which has a heartbeat, or gone
    unread = transport.get_write_buffer_size()
    now = (cycle, unread)
    if now == before and unread:
        transport.abort()
    elif now == before and (cycle is None or cycle.response_complete):
        transport.close()
    else:
        connection.loop.call_later(seconds, _look, connection, now, seconds)
