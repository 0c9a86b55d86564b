"""Temporary folders: one's own stays, what the dead have left is swept."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.store import StorageFull
from core.store.temporary import Temporary, sweep

LEAVE = """
import os, signal, sys
from pathlib import Path
from core.store.temporary import Temporary
temporary = Temporary(Path(sys.argv[1]), for_sockets=True)
(temporary.path / "pymp-left").mkdir()
print(temporary.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def left_by_a_killed_process(folder: Path) -> Path:
    done = subprocess.run([sys.executable, "-c", LEAVE, folder], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return Path(done.stdout.strip())


def test_one_s_own_goes_with_all_that_is_in_it(tmp_path) -> None:
    with Temporary(tmp_path) as path:
        (path / "deep").mkdir()
        (path / "deep" / "file").write_text("x")
        assert path.parent == tmp_path / "temporary"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("depth", [0, 8])
def test_what_a_killed_process_left_is_swept_and_what_is_held_stays(tmp_path, depth) -> None:
    folder = tmp_path.joinpath(*["a-long-name"] * depth)
    folder.mkdir(parents=True, exist_ok=True)
    left = left_by_a_killed_process(folder)
    with Temporary(folder, for_sockets=True) as mine:
        assert mine.parent == left.parent and (left / "pymp-left").is_dir()
        assert sweep(folder) == 1
        assert mine.is_dir() and not left.exists()
        left.mkdir()  # as by a process that outlived its owner
        assert sweep(folder) == 1 and not left.exists() and mine.is_dir()
    assert not mine.parent.exists() and sweep(folder) == 0


def test_a_socket_fits_however_deep_the_data_folder_is(tmp_path) -> None:
    folder = tmp_path.joinpath(*["a-long-name"] * 8)
    folder.mkdir(parents=True)
    with Temporary(folder, for_sockets=True) as path, socket.socket(socket.AF_UNIX) as server:
        (path / "pymp-12345678").mkdir()
        server.bind(os.fspath(path / "pymp-12345678" / "listener-12345678"))


def test_where_none_can_be_made_is_a_sentence(tmp_path) -> None:
    (tmp_path / "temporary").write_text("a file stands in its way")
    with pytest.raises(StorageFull, match=r"No temporary folder can be made in .*Check the disk"):
        Temporary(tmp_path)
