"""The lessons that come with the program, and the recorded runs that they speak of."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from core.config import RunConfig
from core.lessons.file import read_lesson
from core.lessons.measured import Measured
from core.lessons.model import Lesson
from core.store import Run, stored_run
from core.store.folder import SHIPPED, recorded_id, run_path

FOLDER = Path(__file__).parent
FRONT = "temporal-order-gru"
"""The preset whose run plays on the first page: its gradient arrives nowhere at first, and everywhere at the end."""


@cache
def lessons() -> dict[str, Lesson]:
    """Every lesson by its file's name, in the order of their places."""
    read = {path.stem: read_lesson(path) for path in FOLDER.glob("*.yaml")}
    return dict(sorted(read.items(), key=lambda item: item[1].place))


def recorded(config: RunConfig) -> Run | None:
    """The run of ``config`` that comes with the program; None where this engine has recorded none."""
    run_id = recorded_id(config.digest())
    return stored_run(SHIPPED, run_id) if run_path(SHIPPED, run_id).is_file() else None


def measured(lesson: Lesson) -> dict[str, Measured]:
    """The measurements of a lesson's recorded runs, by their names in it."""
    return {name: Measured(spec.config, recorded(spec.config)) for name, spec in lesson.runs.items()}


def configs() -> list[RunConfig]:
    """Of all that is to be recorded, each once."""
    wanted = [RunConfig.preset(FRONT), *(spec.config for lesson in lessons().values() for spec in lesson.runs.values())]
    return list({config.digest(): config for config in wanted}.values())
