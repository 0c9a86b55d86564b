"""A visitor's series: the next value of a column of their CSV."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core import own_data
from core.errors import ConfigError
from core.numbers import sig
from core.tasks.digest import Digest
from core.tasks.series import FEWEST_WINDOWS, Series

EXAMPLE = "461ed42869e53b7347cc3ade7a39bc1c"
"""The table that stands there until a file is brought: monthly visitors of a garden that does not exist."""


class OwnSeries(Series):
    """A column of a table that a visitor brings, named by the table's digest."""

    title: ClassVar[str] = "Your series (CSV)"
    question: ClassVar[str] = "A column of a table, of yours or of the example. What is its next value?"
    first_seen: ClassVar[str] = "textbooks: x[t+1] = f(x[1 … t])"
    takes: ClassVar[own_data.Kind | None] = "table"

    name: Literal["own-series"] = "own-series"
    data: Digest = Field(
        default=EXAMPLE,
        title="Data",
        description="The table that is learnt from, by the hash of its content.",
        json_schema_extra={"widget": "data"},
    )
    column: int = Field(
        default=1, ge=1, le=20, title="Column", description="Which of the table's columns of numbers is learnt."
    )
    length: int = Field(default=24, ge=2, le=1000, title="Window T", description="Steps of one sequence.")

    @property
    def data_digest(self) -> str:
        return self.data

    @property
    def _table(self) -> own_data.Table:
        return own_data.table(self.data)

    def check(self) -> None:
        names = self._table.names
        if self.column > len(names):
            raise ConfigError([
                f"`task.column` (={self.column}) must be at most {len(names)}, as many columns of numbers as the table "
                "has. Lower `task.column`."
            ])  # fmt: skip
        column = self._table.values[:, self.column - 1]
        if not np.isfinite(column).sum() > 2:
            raise ConfigError([f"`task.column` (={self.column}) holds next to no numbers. Choose another column."])
        super().check()
        if not self.variance > 0:
            raise ConfigError([
                f"`task.column` (={self.column}) does not move in the held-out part. Choose another column, or lower "
                f"`task.split` (={self.split})."
            ])  # fmt: skip

    def suited(self) -> Self:
        """The first column where there is none of this number, and a window that leaves enough others."""
        column = self.column if self.column <= len(self._table.names) else 1
        rows = len(self._table.values)
        shorter = min(rows * self.split // 100, rows - rows * self.split // 100) - FEWEST_WINDOWS - self.horizon
        return self.model_copy(update={"column": column, "length": max(2, min(self.length, shorter))})

    def choices(self, field: str) -> dict[Any, str]:
        if field != "column" or not own_data.known(self.data):
            return {}
        data = own_data.content(self.data)
        return dict(enumerate(data.names, 1)) if isinstance(data, own_data.Table) else {}

    def raw(self) -> NDArray[np.float64]:
        return self._table.values[:, self.column - 1 : self.column]

    @property
    def dates(self) -> NDArray[np.datetime64] | None:
        begins = self._table.dates
        return begins.astype("datetime64[s]") if len(begins) else None

    @property
    def unit(self) -> str:
        return self._table.names[self.column - 1]

    @property
    def channels(self) -> tuple[str, ...]:
        return (self.unit,)

    def symbols(self, x: np.ndarray) -> list[str]:
        known = self.known
        return [sig(float(value) * known.deviation + known.mean, 3) for value in x[:, 0]]
