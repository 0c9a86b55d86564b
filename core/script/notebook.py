"""The script as a notebook: a cell a part, and the figure under the last one."""

from __future__ import annotations

import json
import re

from core.config import RunConfig
from core.script.pytorch import SECTION, script


def notebook(config: RunConfig, link: str = "") -> str:
    """Jupyter's format 4.5 as JSON. Raises UnrolledError where the script cannot be written."""
    head, *parts = re.split(rf"^{SECTION}", script(config, link), flags=re.MULTILINE)
    _, words, code = re.split(r'"""', head, maxsplit=2)
    cells = [_text("# " + words.strip()), _code(code)]
    for part in parts:
        title, body = re.split(r" -+\n", part, maxsplit=1)
        cells += [_text(f"## {title[0].upper()}{title[1:]}"), _code(body)]
    cells[-1] = _code(str(cells[-1]["source"]).partition("figure.write_html")[0] + "figure")
    for number, cell in enumerate(cells):
        cell["id"] = f"part-{number}"
    about = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def _text(source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code(source: str) -> dict[str, object]:
    return {"cell_type": "code", "metadata": {}, "source": source.strip(), "outputs": [], "execution_count": None}
