"""`python -m tests.audit FIRST STOP`: read the runs with these seeds and print what does not hold, each kind once."""

from __future__ import annotations

import sys

from core.questions import sampling
from tests.audit.auditing import audit
from tests.audit.test_audit import ASKED


def main(first: int, stop: int) -> int:
    """Exit status 1 where anything was found."""
    sampling.MOST_SAMPLED = 80
    sentences, kinds = 0, set()
    for seed in range(first, stop):
        count, faults = audit(seed, seed % ASKED == 0)
        sentences += count
        for fault in faults:
            kind = (fault.page, fault.what[:50])
            if kind not in kinds:
                kinds.add(kind)
                print(fault, flush=True)
    print(f"{sentences:,} sentences of {stop - first:,} runs, {len(kinds)} kinds of fault")
    return bool(kinds)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
