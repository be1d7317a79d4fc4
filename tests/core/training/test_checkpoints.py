"""Checkpoints: what was written comes back, and what could not be written harms nothing."""

import numpy as np
import pytest

from core.errors import RunError
from core.training import checkpoints

ARRAYS = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array(7)}


def test_a_checkpoint_comes_back_as_it_was():
    path = checkpoints.folder("run") / "last.npz"
    checkpoints.save(path, ARRAYS, {"epoch": 3, "notes": ["ä"]})
    arrays, about = checkpoints.load(path)
    assert about == {"epoch": 3, "notes": ["ä"]}
    assert set(arrays) == set(ARRAYS)
    np.testing.assert_array_equal(arrays["weights"], ARRAYS["weights"])


def test_a_run_without_checkpoint_has_none_to_go_on_from():
    assert not checkpoints.exists("run")
    assert checkpoints.load(checkpoints.folder("run") / "last.npz") is None
    checkpoints.delete("run")


def test_a_deleted_checkpoint_is_gone():
    checkpoints.save(checkpoints.folder("run") / "last.npz", ARRAYS, {})
    assert checkpoints.exists("run")
    checkpoints.delete("run")
    assert not checkpoints.exists("run")


def test_a_full_disk_is_said_and_the_checkpoint_before_it_stays():
    path = checkpoints.folder("run") / "last.npz"
    checkpoints.save(path, ARRAYS, {"epoch": 1})
    (path.parent / ".last.npz.new").symlink_to("/dev/full")  # every write to it fails: no space left on device
    with pytest.raises(RunError, match=r"No space left on device.*Make room"):
        checkpoints.save(path, ARRAYS, {"epoch": 2})
    assert checkpoints.load(path)[1] == {"epoch": 1}
    assert [file.name for file in path.parent.iterdir()] == ["last.npz"]


@pytest.mark.parametrize("content", [b"", b"half a file", b"PK\x03\x04"])
def test_a_damaged_checkpoint_is_named(content):
    path = checkpoints.folder("run") / "last.npz"
    checkpoints.save(path, ARRAYS, {})
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"last\.npz is damaged"):
        checkpoints.load(path)
