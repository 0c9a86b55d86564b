"""How many files, sockets and pipes this process may have open."""

from __future__ import annotations

import resource

MOST = 65_536
"""More is never needed, and some systems refuse what they call unlimited."""


def raise_descriptor_limit() -> int:
    """Raise the soft limit as far as the hard one allows; returns what holds now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # some systems have a lower bound of their own
        return soft
    return wanted
