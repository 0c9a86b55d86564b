"""The page for whoever hosts the server: its runs and its queue, the worker, and how to stop, remove, empty.

It is there where UNROLLED_ADMIN_TOKEN is set, and asks for that token; nothing leads to it.
"""

from __future__ import annotations

import os
import secrets
import signal
import time
from contextlib import suppress

import pandas as pd
import streamlit as st

from app.host.health import problems
from app.host.metrics import memory
from app.services import hub, lab, supervisor
from core.errors import UnrolledError
from core.lab.heartbeat import Heartbeat
from core.numbers import duration, plural
from core.store.catalog import OVER, UNFINISHED, RunRow
from core.store.census import census
from core.store.drain import draining, set_draining
from core.store.lock import WORKER_LOCK, FileLock
from core.store.retention import limit_bytes, total_bytes

TOKEN = "UNROLLED_ADMIN_TOKEN"
_KNOWN = "_admin"
SHORTEST = 12
MOST_ROWS = 500


def offered() -> bool:
    """Whether this server has the page at all: a token that could be guessed is none."""
    return len(os.environ.get(TOKEN, "")) >= SHORTEST


def admin_page() -> None:
    """The token's field first, then the page."""
    if not offered():
        st.error(f"This server has no such page. Set {TOKEN} to at least {SHORTEST} characters to have it.")
        return
    if not st.session_state.get(_KNOWN):
        _ask()
        return
    st.subheader("This server")
    _overview()
    _runs()


def _ask() -> None:
    with st.form("admin"):
        given = st.text_input("Token", type="password", key="admin-token", autocomplete="off")
        if st.form_submit_button("Open"):
            if secrets.compare_digest(given.encode(), os.environ[TOKEN].encode()):
                st.session_state[_KNOWN] = True
                st.rerun()
            time.sleep(0.5)  # who guesses, guesses slowly
            st.error("That is not the token.")


def _overview() -> None:
    folder, counted = lab().folder, census(lab().catalog)
    holder = FileLock(folder / WORKER_LOCK).holder()
    said = problems(lab(), supervisor().trouble)
    age = Heartbeat(folder).age(holder)
    facts = {
        "Ready": "yes" if not said else " ".join(said),
        "Worker": "none" if holder is None else f"process {holder}, heard of {duration(age)} ago"
        if age < float("inf") else f"process {holder}, warming up",
        "Memory": f"worker and trainers {_size(memory(holder))}, server {_size(memory(os.getpid()) - memory(holder))}",
        "Load": ", ".join(f"{load:.2f}" for load in os.getloadavg()) + f" on {os.cpu_count()} processors",
        "Runs": ", ".join(f"{counted.states.get(state, 0)} {state}" for state in (*UNFINISHED, *OVER)),
        "Queue": "empty" if counted.queued_since is None
        else f"the first has waited {duration(max(0.0, time.time() - counted.queued_since))}",
        "Disk": f"{_size(total_bytes(folder))} of {_size(limit_bytes())} for runs",
        "Classes": f"{hub().followed} followed now",
    }  # fmt: skip
    st.table(pd.DataFrame(facts.items(), columns=["", "now"]).set_index(""))
    with st.container(horizontal=True, gap="small"):
        st.button("Look again", key="admin-look")
        if draining(folder):
            st.button("Take new runs again", key="admin-fill", on_click=set_draining, args=(folder, False))
        else:
            st.button("Empty the server", key="admin-drain", on_click=set_draining, args=(folder, True),
                      help="What is queued goes on to its end; nothing new is begun. Before maintenance.")  # fmt: skip
        st.button("End the worker", key="admin-worker", on_click=_end_worker, disabled=holder is None,
                  help="Its runs save their state; another worker is started and goes on with them.")  # fmt: skip


def _runs() -> None:
    rows = sorted(lab().catalog.list(*UNFINISHED, *OVER), key=lambda row: (row.status in OVER, -row.created))[
        :MOST_ROWS
    ]
    if not rows:
        st.caption("Nothing was ever run here.")
        return
    table = pd.DataFrame([_told(row) for row in rows])
    chosen = st.dataframe(
        table, key="admin-runs", hide_index=True, on_select="rerun", selection_mode="multi-row", width="stretch"
    )
    picked = [rows[place] for place in chosen.selection.rows if place < len(rows)]  # pyright: ignore
    with st.container(horizontal=True, gap="small"):
        st.button(f"Stop {plural(len(picked), 'run')}", key="admin-stop", on_click=_stop, args=(picked,),
                  disabled=not any(row.status in UNFINISHED for row in picked))  # fmt: skip
        st.button(f"Delete {plural(len(picked), 'run')}", key="admin-delete", on_click=_delete, args=(picked,),
                  disabled=not picked)  # fmt: skip


def _told(row: RunRow) -> dict[str, object]:
    now = time.time()
    return {
        "run": row.id, "state": row.status, "settings": row.config.label,
        "step": f"{max(row.step, 0):,} of {row.config.steps:,}",
        "begun": f"{duration(max(0.0, now - row.created))} ago",
        "opened": f"{duration(max(0.0, now - row.opened))} ago",
        "owner": row.owner[:8], "attempts": row.attempt, "said": row.outcome,
    }  # fmt: skip


def _stop(rows: list[RunRow]) -> None:
    for row in rows:
        if row.status in UNFINISHED:
            lab().catalog.stop(row.id, "Stopped by whoever hosts this server.")


def _delete(rows: list[RunRow]) -> None:
    for row in rows:
        with suppress(UnrolledError):
            lab().catalog.delete(row.id)
            lab().questions.forget(row.id)


def _end_worker() -> None:
    holder = FileLock(lab().folder / WORKER_LOCK).holder()
    if holder:
        with suppress(ProcessLookupError):
            os.kill(holder, signal.SIGTERM)


def _size(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{max(count, 0) / 1e6:.0f} MB"
