"""Runs and the catalog on disk. SQL is written here and nowhere else."""

from core.store.catalog import Catalog, Ended, Orders, RunRow
from core.store.errors import RunBusy, RunFileError, StaleAttempt, StorageFull
from core.store.export import export
from core.store.folder import data_folder, run_path
from core.store.questions import QuestionRow, Questions
from core.store.run import Run, load_run, stored_run
from core.store.run_file import Checkpoint, RunWriter

__all__ = [
    "Catalog",
    "Checkpoint",
    "Ended",
    "Orders",
    "QuestionRow",
    "Questions",
    "Run",
    "RunBusy",
    "RunFileError",
    "RunRow",
    "RunWriter",
    "StaleAttempt",
    "StorageFull",
    "data_folder",
    "export",
    "load_run",
    "run_path",
    "stored_run",
]
