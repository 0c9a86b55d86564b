"""All that a server has stored, in one file and back: catalog, runs, what visitors brought. Also while it serves.

Every database is copied consistently by itself, the catalog first: a run that is begun meanwhile is not in it, and one
whose file is deleted meanwhile is missing, as if it had been deleted before.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path, PurePosixPath

from core.errors import UnrolledError, quoted
from core.own_data import DIGEST
from core.store.errors import RunFileError, StorageFull
from core.store.export import copied
from core.store.folder import RUN_ID
from core.store.temporary import Temporary

CATALOG = "catalog.sqlite"
KINDS = {"runs": (RUN_ID, ".sqlite"), "own_data": (DIGEST, ".safetensors")}
"""What lies in which folder: names before their endings."""


def back_up(folder: Path, target: Path) -> int:
    """Write all that ``folder`` holds into the tar file ``target``; how many runs that are. Raises UnrolledError."""
    if not (folder / CATALOG).exists():
        raise UnrolledError(f"{folder} holds no catalog: nothing was stored there. Name the folder in UNROLLED_DATA.")
    unfinished, count = target.with_name(target.name + ".part"), 0
    try:
        with Temporary(folder) as room, tarfile.open(unfinished, "w") as archive:
            _add(archive, copied(folder / CATALOG, room / CATALOG), CATALOG)
            for path in sorted((folder / "runs").glob("*.sqlite")):
                try:
                    _add(archive, copied(path, room / path.name), f"runs/{path.name}")
                except RunFileError:
                    if path.exists():
                        raise
                    continue  # it was deleted meanwhile
                count += 1
            for path in sorted((folder / "own_data").glob("*.safetensors")):
                archive.add(path, f"own_data/{path.name}")
        unfinished.replace(target)
    except OSError as error:
        raise StorageFull(f"{target} cannot be written: {error.strerror or error}.") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def restore(source: Path, folder: Path) -> int:
    """Fill ``folder``, which must hold nothing yet, with what ``back_up`` wrote; how many runs that are."""
    if (folder / CATALOG).exists() or any((folder / "runs").glob("*.sqlite")):
        raise UnrolledError(f"{folder} holds runs already. Name an empty folder in UNROLLED_DATA, or move it away.")
    try:
        with tarfile.open(source, "r:") as archive:
            members = archive.getmembers()
            foreign = [member.name for member in members if not _ours(member)]
            if foreign or CATALOG not in {member.name for member in members}:
                what = f"it holds {quoted(foreign[0])!r}" if foreign else "it has no catalog"
                raise UnrolledError(f"{source} is not a backup of Unrolled: {what}.")
            for member in sorted(
                members, key=lambda member: member.name == CATALOG
            ):  # the catalog last: it is all there
                content = archive.extractfile(member)
                assert content is not None, member.name
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                with content, target.open("wb") as out:
                    shutil.copyfileobj(content, out)
    except tarfile.TarError as error:
        raise UnrolledError(f"{source} is not a backup of Unrolled: {error}.") from None
    except OSError as error:
        raise UnrolledError(f"{source} cannot be restored into {folder}: {error.strerror or error}.") from None
    return sum(member.name.startswith("runs/") for member in members)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    archive.add(path, name)
    path.unlink()


def _ours(member: tarfile.TarInfo) -> bool:
    """Whether it is a file that a data folder has, and nothing that could be written elsewhere."""
    path = PurePosixPath(member.name)
    if not member.isfile() or member.name != str(path):
        return False
    if member.name == CATALOG:
        return True
    pattern, ending = KINDS.get(str(path.parent), (None, ""))
    return pattern is not None and path.suffix == ending and bool(pattern.fullmatch(path.stem))
