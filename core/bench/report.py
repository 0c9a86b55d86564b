"""What was found, as a table to read and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.bench.depth import Deep
from core.bench.rows import Measurements, Row

HEADER = ("cell", "H", "T", "threads", "a", "b", "c", "c′", "d", "a÷c", "a÷d", "b:c′", "b:c", "a÷model", "layer÷a",
          "batch÷a")  # fmt: skip


def as_json(measurements: Measurements) -> dict[str, Any]:
    """Everything, times in milliseconds."""
    return asdict(measurements) | {
        name: [asdict(row) | {"ratios": row.ratios} for row in rows]
        for name, rows in (("rows", measurements.rows), ("deep", measurements.deep))
    }


def as_text(measurements: Measurements) -> str:
    """A table per number of threads, and how cost grows with T."""
    machine, versions = measurements.machine, measurements.versions
    title = (
        f"{measurements.date}: {machine['processor']}, {machine['cores']} cores; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f"; batch {machine['batch']}, milliseconds a step"
    )
    legend = (
        "a recorded step, b live run in all, c torch's layer, c′ plain script, d retain_grad loop; "
        "b:c throughput of b in relation to c; a÷model what core.cost makes of it; layer÷a, batch÷a: a with that "
        "normalisation over a"
    )
    lines = [title, legend, "", _line(HEADER), *(_line(_fields(row)) for row in measurements.rows)]
    lines += [
        "",
        "layers on top of each other: a recorded step over as many of one layer with H inputs (of the lowest one)",
    ]
    lines += [_deeper(deep) for deep in measurements.deep]
    for grown in measurements.growth:
        sizes = "  ".join(
            f"{T}: {ms:.0f} ms {mb:.0f} MB"
            for T, ms, mb in zip(grown.lengths, grown.milliseconds, grown.megabytes, strict=True)
        )
        lines += ["", f"{grown.cell} H={grown.hidden} by T  {sizes}"]
        lines += [f"  grows as T^{grown.time_exponent:.2f} in time, T^{grown.memory_exponent:.2f} in memory"]
    return "\n".join(lines)


def _deeper(deep: Deep) -> str:
    fed, lowest = (_number(ratio, 2) for ratio in deep.ratios.values())
    size = f"{deep.cell} H={deep.hidden} T={deep.length}"
    return f"{size:22}{deep.layers} layers {_number(deep.stack, 2):>8} ms   ÷ {deep.layers} layers {fed} ({lowest})"


def _fields(row: Row) -> tuple[str, ...]:
    times = (row.recorded, row.live, row.layer, row.script, row.loop)
    sizes = (row.cell, str(row.hidden), str(row.length), str(row.threads))
    return (*sizes, *(_number(ms, 2) for ms in times), *(_number(ratio, 2) for ratio in row.ratios.values()))


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _line(fields: tuple[str, ...]) -> str:
    return fields[0].ljust(9) + "".join(field.rjust(9) for field in fields[1:])
