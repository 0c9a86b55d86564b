"""The address by which other machines find this one: ``python -m app.address 8501`` says it."""

from __future__ import annotations

import socket
import sys

ELSEWHERE = ("192.0.2.1", 9)
"""An address that nobody has (RFC 5737). Nothing is sent: the system only says by which address it would go there."""


def own_address() -> str | None:
    """In numbers; None where this machine has no way to others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return None
        return probe.getsockname()[0]


if __name__ == "__main__":
    address = own_address()
    print(f"Open to others: http://{address}:{sys.argv[1]}" if address else "Open, but no way leads to others.")
