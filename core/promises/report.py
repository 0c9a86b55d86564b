"""What was measured beside what was claimed, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.frames import number
from core.numbers import sig
from core.presets import PRESETS
from core.presets.claims import Claim, Measures

Measured = Mapping[str, Sequence[Measures]]
"""The runs of each preset, one a seed."""


def broken(measured: Measured) -> list[str]:
    """A sentence for each claim that does not hold."""
    return [
        f"`{name}`: {claim} was claimed of {claim.seeds} seeds and holds with {_count(claim, runs)}."
        for name, runs in measured.items()
        for claim in PRESETS[name].claims
        if not claim.holds(runs)
    ]


def as_text(measured: Measured) -> str:
    """A row per claim: the claim, the least and the largest value measured, with how many seeds it is so."""
    names, said = (max(map(len, texts), default=0) for texts in (measured, [str(claim) for claim in _claims(measured)]))
    lines = [f"{'preset':{names}}  {'claim':{said}}  {'of':4}  {'measured':>18}{'':7}  seeds"]
    for name, runs in measured.items():
        for claim in PRESETS[name].claims:
            values = [claim.value(run) for run in runs]
            span = f"{sig(min(values), 3):>11} … {sig(max(values), 3):<11}"
            mark = "" if claim.holds(runs) else "  BROKEN"
            lines.append(f"{name:{names}}  {claim!s:{said}}  {claim.seeds:4}  {span}  {_count(claim, runs)}{mark}")
            name = ""
    failed = broken(measured)
    count = len(_claims(measured))
    lines += failed or [f"All {count} claims of {len(measured)} presets hold."]
    return "\n".join(lines)


def as_rows(measured: Measured) -> list[dict[str, Any]]:
    """The same for programs: a row a claim; what is no number is null."""
    return [
        {"preset": name, "claim": str(claim), "of": claim.seeds, "measured": [number(claim.value(run)) for run in runs],
         "kept": sum(map(claim.kept, runs)), "holds": claim.holds(runs)}
        for name, runs in measured.items() for claim in PRESETS[name].claims
    ]  # fmt: skip


def _claims(measured: Measured) -> list[Claim]:
    return [claim for name in measured for claim in PRESETS[name].claims]


def _count(claim: Claim, runs: Sequence[Measures]) -> str:
    return f"{sum(map(claim.kept, runs))} of {len(runs)}"
