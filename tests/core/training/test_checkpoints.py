"""Checkpoints: what was written comes back, and what could not be written harms nothing."""

import os

import numpy as np
import pytest

from core.errors import CheckpointError, RunError
from core.training import checkpoints
from tests import modes

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


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"half a file",
        lambda content: content[:-10],
        lambda content: content.replace(b"{'descr'", b"(('descr"),  # brackets that are never closed
        lambda content: content.replace(b"PK\x01\x02-\x03-", b"PK\x01\x02-\x03\xc9"),  # a later version of the format
    ],
    ids=["empty", "another file", "cut", "header", "version"],
)
def test_a_damaged_checkpoint_is_named(damage):
    path = checkpoints.folder("run") / "last.npz"
    checkpoints.save(path, ARRAYS, {})
    content = path.read_bytes()
    path.write_bytes(damage(content))
    assert path.read_bytes() != content
    with pytest.raises(CheckpointError, match=r"last\.npz is damaged"):
        checkpoints.load(path)
    with pytest.raises(CheckpointError, match=r"last\.npz is damaged"):
        checkpoints.check("run")


def test_a_checkpoint_on_a_share_that_went_away_is_not_called_damaged(monkeypatch):
    def away(*_, **__):
        raise OSError(107, "Transport endpoint is not connected")

    monkeypatch.setattr(np, "load", away)
    with pytest.raises(
        RunError, match=r"last\.npz cannot be read \(Transport .* not connected\)\. Try again"
    ) as raised:
        checkpoints.load(checkpoints.folder("run") / "last.npz")
    assert not isinstance(raised.value, CheckpointError)  # which would end the run


def test_the_best_weights_of_every_phase_so_far_are_looked_for():
    folder = checkpoints.folder("run")
    checkpoints.check("run")  # it has none yet
    checkpoints.save(folder / "last.npz", ARRAYS, {"state": {"curves": [{"stage": "head"}, {"stage": "finetune"}]}})
    for phase in ("head", "finetune"):
        with pytest.raises(CheckpointError, match=rf"best-{phase}\.npz is missing"):
            checkpoints.check("run")
        checkpoints.save(checkpoints.best(folder, phase), ARRAYS, {})
    checkpoints.check("run")
    (folder / "best-head.npz").write_bytes(b"cut")
    with pytest.raises(CheckpointError, match=r"best-head\.npz is damaged"):
        checkpoints.check("run")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("part", ["last.npz", ""])
def test_a_checkpoint_of_another_user_is_not_called_damaged(part):
    path = checkpoints.folder("run") / "last.npz"
    checkpoints.save(path, ARRAYS, {"epoch": 1})
    with modes.denied(checkpoints.folder("run") / part):
        assert checkpoints.exists("run")
        for read in (lambda: checkpoints.load(path), lambda: checkpoints.check("run")):
            with pytest.raises(RunError, match=r"last\.npz is not readable by this user\. Give"):
                read()
    assert checkpoints.load(path)[1] == {"epoch": 1}
