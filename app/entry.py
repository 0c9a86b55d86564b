"""Streamlit's page at the pages' own addresses, told where its server is.

By itself its script looks for the server under the page's own path first, and every load leaves two 404s in the
browser's console.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

# A page stands directly under where the app is served, whatever a proxy has taken away from the path.
_SAYS = 'window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href }'
HOME, ADMIN = "home", "admin"
_PAGES = Path(__file__).parents[1] / "pages"
_FIRST = "<head>"
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def page_routes(pages: Iterable[str], base: str = "") -> list[Route]:
    """A route for each of ``pages`` under the path ``base``."""
    prefix = under(base)
    return [Route(prefix + page, _page) for page in pages]


def page_names() -> list[str]:
    """The pages that have an address of their own: all but the first, which is the address itself."""
    return [path.stem for path in sorted(_PAGES.glob("*.py")) if path.stem != HOME]


def under(base: str) -> str:
    """The path ``base`` with a slash at both ends: what the path of every route begins with."""
    return "/".join(["", *filter(None, base.split("/")), ""])


def inline_scripts() -> list[str]:
    """The scripts that stand in the page itself."""
    return _SCRIPT.findall(page())


@cache
def page() -> str:
    """What is served."""
    # Found, not imported: whoever asks this module for a path alone need not wait for all of Streamlit.
    spec = find_spec("streamlit")
    assert spec is not None
    assert spec.origin is not None
    found = (Path(spec.origin).parent / "static" / "index.html").read_text("utf-8")
    return found.replace(_FIRST, f"{_FIRST}\n    <script>{_SAYS}</script>", 1)


async def _page(request: Request) -> Response:
    return HTMLResponse(page(), headers={"cache-control": "no-cache"})
