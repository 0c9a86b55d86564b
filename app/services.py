"""What every page and route of this web process shares."""

from __future__ import annotations

from functools import cache

from app.classroom.hub import Hub
from core.lab.client import Lab
from core.lab.supervisor import Supervisor
from core.lab.sweeps import Sweeps
from core.store.classes import Classes


@cache
def lab() -> Lab:
    """The one Lab of this process, on the folder of runs that UNROLLED_DATA names."""
    return Lab()


@cache
def sweeps() -> Sweeps:
    """The sweeps on its runs."""
    return Sweeps(lab())


@cache
def supervisor() -> Supervisor:
    """The one that minds the worker of that folder."""
    return Supervisor(lab().folder)


@cache
def hub() -> Hub:
    """The classes that are held on this server."""
    return Hub(Classes(lab().catalog))
