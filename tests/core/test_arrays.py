"""Whatever is in a file of arrays, it is read, or is an OSError or a ValueError; a pickle never runs."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from core import arrays


class Ran:
    """A pickle that tells whether it was loaded."""

    happened = False

    @staticmethod
    def note() -> None:
        Ran.happened = True

    def __reduce__(self):
        return Ran.note, ()


def header(shape: tuple[int, ...], kind: str = "|u1") -> bytes:
    """An .npy file without values."""
    stream = io.BytesIO()
    npy.write_array_header_1_0(stream, {"descr": kind, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def array_of_objects() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([Ran()], object))
    return stream.getvalue()


DAMAGED = {
    "empty": b"",
    "text": b"hello",
    "truncated": header((5,)),
    "more than any memory": header((10**13, 32, 32, 3)),
    "more than a number holds": header((10**19,)),
    "negative": header((-5,)),
    "no header": b"\x93NUMPY\x01\x00\x10\x00{'descr': __import",
    "a long header": b"\x93NUMPY\x02\x00" + (10**6).to_bytes(4, "little") + b"{" + b" " * (10**6 - 1),
    "an unknown version": b"\x93NUMPY\x09\x00" + bytes(100),
    "a pickle": pickle.dumps(Ran()),
    "an array of objects": array_of_objects(),
}


@pytest.mark.filterwarnings("ignore:invalid value encountered in reduce:RuntimeWarning")  # of NumPy, before it raises
@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_a_value_error_and_no_pickle_runs(tmp_path: Path, data: bytes):
    file, archive = tmp_path / "a.npy", tmp_path / "a.npz"
    file.write_bytes(data)
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("x.npy", data)
    for attempt in (
        lambda: arrays.read(file),
        lambda: arrays.read(file, mapped=True),
        lambda: arrays.read_all(archive),
        lambda: arrays.read_all(archive, ["x"]),
        lambda: arrays.read_all(file),
        lambda: arrays.read(archive),
    ):
        with pytest.raises(ValueError, match="is damaged"):
            attempt()
    assert not Ran.happened


def test_a_missing_file_or_array_is_told_from_a_damaged_one(tmp_path: Path):
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    np.testing.assert_array_equal(arrays.read_all(tmp_path / "a.npz")["x"], [0, 1, 2])
    with pytest.raises(KeyError):
        arrays.read_all(tmp_path / "a.npz", ["x", "y"])
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(OSError):
            arrays.read_all(path)
        with pytest.raises(OSError):
            arrays.read(path)
