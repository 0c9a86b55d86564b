"""What the server that forks the worker's processes imports, and nobody else: it is warm, and it ends at once.

Python would take torch apart first, which costs more than a second of processor time and serves nobody.
"""

import atexit
import os

import core.lab.warm  # noqa: F401

atexit.register(os._exit, 0)  # the last one registered is the first one called; forked processes never come here
