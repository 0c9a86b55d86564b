"""The visitor's runs as a table: find, name, star, compare, replay, delete, and open one from a file.

Only a visitor's own runs are listed. Everybody else's are seen by whoever has their link, whose id nobody can guess.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from app.figures.thumbnail import thumbnail
from app.frame import dialogs, problems
from app.frame.confirmation import Confirmation
from app.services import lab
from app.visit import session
from app.visit.link import MAX_PINS
from app.visit.visitor import token
from core.errors import UnrolledError
from core.lab.client import RunInfo
from core.numbers import plural, sig
from core.store import RunFileError
from core.store.imported import MOST_BYTES
from core.store.notes import Note

INTRO = "What you have trained or opened from a file. Others see one of these runs by its link alone."
FLOW = Path(__file__).parents[2] / "pages" / "gradient_flow.py"
MOST = 200
"""Rows of the table; the search reaches all."""
_TIMES, _REFUSED = "_runs_times", "_runs_refused"


def runs_page() -> None:
    """The page."""
    st.title("Runs", anchor=False)
    st.markdown(INTRO)
    problems.show([*session.visit().problems, *([st.session_state[_REFUSED]] if _REFUSED in st.session_state else [])])
    runs = lab().own_runs(token())
    if runs:
        _listed(runs)
    else:
        st.markdown("There is none yet. Press **Train** on any page, or open a run file here.")
    _bring()
    dialogs.show()


def _listed(runs: list[RunInfo]) -> None:
    """Those that are looked for, and what can be done with them."""
    notes = lab().notes(token())
    wanted = st.text_input(
        "Find", key="runs.find", placeholder="lstm  lr=0.02  finished  a word of a note",
        help="Runs that have all these words in their settings, names and notes. A setting is its key, as in "
        "cell.hidden_size=8.",
    )  # fmt: skip
    found = [run for run in runs if _matches(run, notes.get(run.id, Note()), wanted)]
    found.sort(key=lambda run: not notes.get(run.id, Note()).star)
    chosen = _table(found[:MOST], notes)
    if len(found) > MOST:
        st.caption(f"{MOST} of {len(found):,} runs. Find narrows them down.")
    _actions(chosen)


def _matches(run: RunInfo, note: Note, wanted: str) -> bool:
    told = [f"{key}={value}" for key, value in run.config.to_flat().items()]
    words = " ".join([*told, run.config.label, run.config.task.title, run.status, run.id, note.name, note.text]).lower()
    return all(word in words for word in wanted.lower().split())


def _table(runs: list[RunInfo], notes: dict[str, Note]) -> list[RunInfo]:
    """Draws it and keeps what was written in it; the runs that are ticked."""
    rows = []
    for run in runs:
        note, recorded = notes.get(run.id, Note()), _last(run)
        rows.append({
            "tick": False, "star": note.star, "gradient": recorded[0], "name": note.name,
            "task": run.config.task.title, "network": run.config.label, "step": f"{max(run.step, 0):,} of "
            f"{run.config.steps:,}", "score": recorded[1], "state": run.status, "note": note.text,
        })  # fmt: skip
    table = pd.DataFrame(rows, index=[run.id for run in runs])
    columns = {
        "tick": st.column_config.CheckboxColumn("", help="Tick runs to do something with them.", width=40),
        "star": st.column_config.CheckboxColumn("★", help="Starred runs come first.", width=40),
        "gradient": st.column_config.ImageColumn(
            "Gradient", help="How much arrives at each time step: blue has faded, white is kept, red has grown."
        ),
        "name": st.column_config.TextColumn("Name", max_chars=80),
        "task": "Task", "network": "Network", "step": "Step", "score": "Score", "state": "State",
        "note": st.column_config.TextColumn("Note", max_chars=400, width="medium"),
    }  # fmt: skip
    fixed = ["gradient", "task", "network", "step", "score", "state"]
    edited = st.data_editor(
        table, key=f"runs.table.{hash(tuple(table.index))}", column_config=columns, disabled=fixed, hide_index=True,
        width="stretch", row_height=36,
    )  # fmt: skip
    for run in runs:
        row = edited.loc[run.id]
        written = Note(str(row["name"] or "").strip(), bool(row["star"]), str(row["note"] or "").strip())
        if written != notes.get(run.id, Note()):
            lab().write_note(run.id, token(), written)
    return [run for run in runs if bool(edited.loc[run.id, "tick"])]


def _last(run: RunInfo) -> tuple[str | None, str]:
    """The strip and the score of the newest frame."""
    try:
        stored = lab().run(run.id)
        frame = stored.frame(stored.last_step) if stored and stored.last_step >= 0 else None
    except RunFileError:
        return None, ""
    if frame is None:
        return None, ""
    return thumbnail(frame, run.config), sig(frame.score, 3) if frame.score == frame.score else ""


def _actions(chosen: list[RunInfo]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Open", disabled=len(chosen) != 1, help="Look at the ticked run, from its start.", type="primary"):
            session.change(config=chosen[0].config, run=chosen[0].id, cursor=None, beside=(), pins=())
            session.replay()
            st.switch_page(FLOW, query_params=session.address())
        enough = 2 <= len(chosen) <= MAX_PINS + 1
        if st.button("Compare", disabled=not enough, help=f"The gradients of two to {MAX_PINS + 1} runs as curves."):
            first, *others = chosen
            pins = tuple(f"{run.id}@{max(run.step, 0)}" for run in others)
            session.change(config=first.config, run=first.id, cursor=None, beside=(), pins=pins)
            st.switch_page(FLOW, query_params=session.address())
        if st.button("Delete", disabled=not chosen, help="Remove the ticked runs with all that they recorded."):
            _ask_to_delete(chosen)
        if not chosen:
            st.caption("Tick a run to open, compare or delete it.")


def _ask_to_delete(chosen: list[RunInfo]) -> None:
    what = plural(len(chosen), "run")
    text = f"{what}, with all that was recorded: links to them lead nowhere afterwards."
    title, keep, gone = f"Delete {what}?", "Keep", "Delete"
    dialogs.open_dialog(Confirmation(title, text, keep, gone, partial(_delete, [run.id for run in chosen])))


def _delete(ids: list[str]) -> None:
    session.stay()
    for run_id in ids:
        try:
            lab().delete(run_id, token())
        except UnrolledError as error:
            st.session_state[_REFUSED] = str(error)


def _bring() -> None:
    """A run file dropped here is opened."""
    key = f"runs.bring.{st.session_state.get(_TIMES, 0)}"
    st.file_uploader(
        "Open a run file", key=key, on_change=_brought, args=(key,), help="What *Take it with you* saves of a run.",
        type="sqlite", max_upload_size=MOST_BYTES // 1_000_000,
    )  # fmt: skip


def _brought(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        return
    session.stay()
    st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
    try:
        lab().bring_run(file.getvalue(), token())
        st.session_state.pop(_REFUSED, None)
    except UnrolledError as error:
        st.session_state[_REFUSED] = str(error)
