"""A page's pictures as one HTML file that opens without a network, and their numbers as tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

import plotly

from app.board.query import FRONT, Query
from app.board.sources import FileSource
from app.board.views import PAGES, Page, Shown
from app.figures.base import View
from app.figures.theme import LIGHT, Style, template
from core.errors import UnrolledError
from core.exports import Export, Moment
from core.exports.numbers import Table
from core.settings import settings_of

_SCRIPT = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def views_of(page: Page, shown: Shown) -> dict[str, View]:
    """The pictures of a page that can be drawn now, by name in their order."""
    found: dict[str, View] = {}
    for name, spec in page.views.items():
        try:
            view = spec.build(shown)
        except UnrolledError:  # what a cell lacks, say
            continue
        if view:
            found[name] = view
    return found


def picture_tables(views: Mapping[str, View]) -> dict[str, Table]:
    """The numbers of each picture, as its table on the page has them."""
    return {f"picture_{name}": Table(view.table(), f"{view.title}. {view.alt}") for name, view in views.items()}


def document(page: Page, shown: Shown, link: str = "") -> str:
    """The page as HTML with everything in it."""
    config, words, views = shown.config, page.caption(shown), views_of(page, shown)
    title = f"{config.task.title}: {config.label}, training step {shown.frame.step:,}"
    known, flat = settings_of(config), config.to_flat()
    rows = "".join(
        f"<tr><th>{escape(known[key].title)}</th><td>{escape(_said(known[key].choices, value))} "
        f"{escape(known[key].unit)}</td></tr>"
        for key, value in flat.items() if key not in config.idle and value is not None
    )  # fmt: skip
    figures = "".join(
        f"<div><dd>{escape(part.value)}</dd><dt>{escape(part.label)}</dt></div>" for part in words.figures
    )
    source = f'<p>Seen live at <a href="{escape(link)}">{escape(link)}</a></p>' if link else ""
    return _frame().format(
        title=escape(title), headline=escape(words.headline), subline=escape(words.subline), figures=figures,
        pictures="".join(_picture(name, view, shown.style) for name, view in views.items()), settings=rows,
        source=source, script=_plotly(),
    )  # fmt: skip


def _said(choices: Mapping[object, str], value: object) -> str:
    return str(choices.get(value, value))


def _picture(name: str, view: View, style: Style) -> str:
    keys = " · ".join(f'<span style="color:{key.color}">■</span> {escape(key.label)}' for key in view.keys)
    keys += "".join(
        f'<span class="scale">{escape(scale.label)} <i style="background:linear-gradient(to right,'
        f'{",".join(f"{color} {100 * at:g}%" for at, color in scale.stops)})"></i> '
        f"{escape(' … '.join((scale.ticks[0][1], scale.ticks[-1][1])))}</span>"
        for scale in view.scales
    )
    figure = view.figure
    figure.update_layout(template=template(style), width=None, autosize=True)
    body = str(figure.to_json()).replace("</", "<\\/")
    drawn = _sheet(view) if view.sheet else (
        f'<div id="{name}" role="img" aria-label="{escape(view.alt)}" style="height:{figure.layout.height or 240}px">'
        f'</div><script type="application/json" data-for="{name}">{body}</script>'
    )  # fmt: skip
    return f"<figure><h2>{escape(view.title)}</h2><p>{escape(view.hint)}</p><p class='keys'>{keys}</p>{drawn}</figure>"


def _sheet(view: View) -> str:
    assert view.sheet is not None
    head = "".join(f"<th>{escape(column)}</th>" for column in view.sheet.columns)
    rows = ("".join(f"<td>{escape(text)}</td>" for text in row) for row in view.sheet.texts)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


@cache
def _plotly() -> str:
    return _SCRIPT.read_text("utf-8").replace("</script", "<\\/script")


@cache
def _frame() -> str:
    return (files("app.board") / "document.html").read_text("utf-8")


# -- for the command line, without a server ----------------------------------------------------------------------------


def _alone(moment: Moment) -> str:
    """The page *Gradient flow* of a run file."""
    source, page = FileSource(moment.run), PAGES[FRONT]
    query = Query(FRONT, tuple(page.views), (), moment.frame.step, Style(LIGHT))
    shown = Shown(source=source, snapshot=source.snapshot(), query=query, frame=moment.frame)
    return document(page, shown, moment.link)


HTML = Export(
    "html", "Interactive page", "The pictures of the page in one HTML file: zoom and hover, no network.", ".html",
    "text/html", lambda moment: _alone(moment).encode(),
)  # fmt: skip
