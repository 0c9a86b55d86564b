"""Who the command line is where runs have owners: a secret of its own in each data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from core.store import StorageFull

FILE = "command_line.token"


def command_line_owner(folder: Path) -> str:
    """The secret by which the command line finds its runs in ``folder`` again; made at the first call, for nobody else
    to read. Raises StorageFull where it cannot be written."""
    path = folder / FILE
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    except FileExistsError:
        pass
    except OSError as error:
        raise StorageFull(f"{path} cannot be written: {error.strerror}. Check the disk and its permissions.") from None
    return path.read_text()
