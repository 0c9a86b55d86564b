"""What holds for every test: one torch thread, a folder of runs of its own, hypothesis without deadlines."""

import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Literal

# Before torch is imported: the cores belong to the test processes, and one thread gives the same bits on any machine.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import pytest
from hypothesis import HealthCheck, settings
from pydantic import Field

from core.config import RunConfig

# A deadline would let a busy machine fail a right answer. Derandomised, so that a run of the tests can be repeated;
# `pytest --hypothesis-profile explore` looks further.
settings.register_profile("tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("tests")


NUMBERS = count()


@pytest.fixture(autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of runs (UNROLLED_DATA) of this test alone; made by whoever writes into it, as most tests do not."""
    folder = tmp_path_factory.getbasetemp() / f"data-{next(NUMBERS)}"
    monkeypatch.setenv("UNROLLED_DATA", str(folder))
    return folder


@pytest.fixture(scope="session")
def later() -> type[RunConfig]:
    """RunConfig as a later version may have it: one setting came with a neutral default, the other with another one."""

    class Later(RunConfig):
        rounds: int = Field(default=1, ge=1, le=3, json_schema_extra={"before": 1})
        shuffled: Literal["no", "yes"] = Field(default="yes", json_schema_extra={"before": "no"})

    return Later


@pytest.fixture
def quick_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions answered from fewer sequences, fewer lengths and shorter measurements of time: for whoever asks all."""
    monkeypatch.setattr("core.questions.sampling.MOST_SAMPLED", 80)
    monkeypatch.setattr("core.diagnostics.untrained.LENGTHS", (10, 20, 50))
    monkeypatch.setattr("core.diagnostics.truncation_cost.BUDGET_SECONDS", 0.02)
    monkeypatch.setattr("core.diagnostics.cell_costs.SECONDS", 0.02)


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Streamlit's test harness makes the script that it runs the main module, which a spawned process would then run
    again, and die of, and be replaced for ever."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
