"""Every script run passes here: the look of the window, the view from the URL, the page, the URL again."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.classroom import seat
from app.classroom.bar import bar
from app.entries import BY_FILE, ENTRIES, LABS, UNLISTED
from app.entry import ADMIN, HOME
from app.frame import problems
from app.front.menu import menu
from app.host import admin
from app.visit import arrival, session
from core.errors import UnrolledError

STYLE = Path(__file__).with_name("style.css")
ICON = Path(__file__).with_name("icon.svg")  # a named icon would be fetched from somebody else's server

# Before the navigation, whose icons the browser's tab would take instead.
st.set_page_config(page_title="Unrolled", page_icon=str(ICON), layout="wide")
pages = {
    entry.file: st.Page(
        entry.path, title=entry.title, icon=f":material/{entry.icon}:", help=entry.help, default=entry.file == HOME
    )
    for entry in ENTRIES
}
unlisted = [st.Page(admin.admin_page, title="Admin", url_path=ADMIN, visibility="hidden")] if admin.offered() else []
menus: dict[str, list[st.Page]] = {}
for each in ENTRIES:
    menus.setdefault(each.menu, []).append(pages[each.file])
page = st.navigation(menus | {"": [*menus[""], *unlisted]}, position="top")
entry = UNLISTED if page.url_path == ADMIN else BY_FILE[page.url_path or HOME]
st.set_page_config(page_title="Unrolled" if entry.file == HOME else f"{page.title} · Unrolled")
st.html(STYLE)
asked = {key: st.query_params.get_all(key) for key in st.query_params}
led = seat.led_to()
if led and entry in ENTRIES:
    query = led["query"] | seat.address()
    if led["page"] != entry.file and led["page"] in pages:
        st.switch_page(pages[led["page"]], query_params=query)
    elif asked != query:
        st.query_params.from_dict(query)
elsewhere = arrival.elsewhere({lab.file for lab in LABS}) if entry.file == HOME else None
if elsewhere:
    session.restore(BY_FILE[elsewhere].start)
    st.switch_page(pages[elsewhere], query_params=session.address())
arrival.arrived()
if entry.start:
    session.restore(entry.start)
else:
    problems.show(filter(None, [seat.take(asked)]))
menu(page.title, entry.file, menus)
bar(entry.file)
try:
    page.run()
except UnrolledError as error:  # a catalog that cannot be read, which any part of a page may be the first to find
    problems.show([str(error)])
if entry.start:
    session.publish()
    seat.show(entry.file, session.shown())
elif entry in ENTRIES:
    seat.show(entry.file, {key: st.query_params.get_all(key) for key in st.query_params})
