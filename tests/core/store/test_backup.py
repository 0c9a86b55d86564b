"""A server's folder in one file and back."""

import io
import tarfile

import numpy as np
import pytest

from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.client import Lab
from core.store import Catalog, Run, RunWriter, run_path
from core.store.backup import back_up, restore
from core.training import train

CONFIG = RunConfig.preset("temporal-order-lstm", steps=3)


def test_all_comes_back_also_of_a_run_that_is_being_written(tmp_path) -> None:
    lab = Lab(tmp_path / "old")
    run_id = lab.submit(CONFIG, "me").id
    row = lab.catalog.claim()
    writer = RunWriter(run_path(lab.folder, run_id), run_id, CONFIG, row.attempt)
    frames = list(train(CONFIG))
    for frame in frames:
        writer.append(frame)
    writer.flush()
    own = lab.folder / "own_data" / f"{'a' * 32}.safetensors"
    own.parent.mkdir()
    own.write_bytes(b"brought")
    file = tmp_path / "all.tar"
    assert back_up(lab.folder, file) == 1
    writer.close()
    assert [path.name for path in (lab.folder / "temporary").glob("*")] == []
    new = tmp_path / "new"
    assert restore(file, new) == 1
    assert (new / "own_data" / own.name).read_bytes() == b"brought"
    assert Catalog(new).get(run_id).config == CONFIG and Lab(new).may_steer(run_id, "me")
    kept = list(Run(run_path(new, run_id)).frames())
    assert [frame.step for frame in kept] == [frame.step for frame in frames]
    np.testing.assert_array_equal(kept[-1].flow, frames[-1].flow)
    with pytest.raises(UnrolledError, match="holds runs already"):
        restore(file, new)


@pytest.mark.parametrize(
    "name", ["../catalog.sqlite", "/etc/passwd", "runs/../../x.sqlite", "runs/a b.sqlite", "w.log", "runs/abcdefg.txt"]
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_refused_and_nothing_is_written(tmp_path, name: str) -> None:
    file, new = tmp_path / "forged.tar", tmp_path / "new"
    with tarfile.open(file, "w") as archive:
        for each in ("catalog.sqlite", name):
            member = tarfile.TarInfo(each)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(UnrolledError, match="is not a backup of Unrolled"):
        restore(file, new)
    assert not new.exists()


def test_what_is_no_backup_is_a_sentence(tmp_path) -> None:
    file = tmp_path / "x.tar"
    for content in (b"", b"no tar file at all" * 100):
        file.write_bytes(content)
        with pytest.raises(UnrolledError, match="is not a backup"):
            restore(file, tmp_path / "new")
    with pytest.raises(UnrolledError, match="cannot be restored"):
        restore(tmp_path / "missing.tar", tmp_path / "new")
    with pytest.raises(UnrolledError, match="holds no catalog"):
        back_up(tmp_path / "empty", file)
