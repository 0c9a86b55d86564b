"""The pages about the library, where `make docs` has built them: served under /docs."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from app.entry import under

BUILT = Path(__file__).parents[1] / "build" / "docs"
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def documentation_routes(base: str = "", built: Path = BUILT) -> list[BaseRoute]:
    """The route under the path ``base``; none where nothing is ``built``."""
    if not (built / "index.html").exists():
        return []
    return [Mount(f"{under(base)}docs", StaticFiles(directory=built, html=True))]


def documentation_scripts(built: Path = BUILT) -> list[str]:
    """The scripts that stand in these pages themselves, each once."""
    texts = (path.read_text("utf-8") for path in sorted(built.rglob("*.html")))
    return list(dict.fromkeys(script for text in texts for script in _SCRIPT.findall(text)))
