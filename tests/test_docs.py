"""The pages about the library: their examples run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = {path.name: re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
            for path in sorted((ROOT / "docs").glob("*.md"))}  # fmt: skip


@pytest.mark.parametrize("page", [page for page, examples in EXAMPLES.items() if examples])
def test_every_example_of_a_page_runs(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, as a reader would type them."""
    import core.library

    monkeypatch.setitem(sys.modules, "unrolled", core.library)
    said: dict[str, object] = {}
    for number, example in enumerate(EXAMPLES[page], 1):
        exec(compile(example, f"{page}, example {number}", "exec"), said)
